"""s3cmd and rclone, as their users call them."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

S3CMD = pathlib.Path(sys.executable).parent / "s3cmd"


def run(*command, **named):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **named)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("a")
    (root / "deep" / "b.bin").write_bytes(os.urandom(200_000))
    (root / "deep" / "er" / "ü +&.txt").write_text("c")
    return root


def same(one, other):
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_s3cmd(endpoint, tmp_path, tree):
    host = endpoint.removeprefix("http://")
    config = tmp_path / "s3cfg"
    config.write_text(f"[default]\naccess_key = test\nsecret_key = test\nhost_base = {host}\nhost_bucket = {host}\nuse_https = False\nmultipart_chunk_size_mb = 5\n")
    s3cmd = [S3CMD, "-c", config, "--no-progress"]
    run(*s3cmd, "mb", "s3://s3cmd-bucket")
    run(*s3cmd, "sync", f"{tree}/", "s3://s3cmd-bucket/tree/")
    assert "s3://s3cmd-bucket/tree/a.txt" in run(*s3cmd, "ls", "-r", "s3://s3cmd-bucket")
    (tmp_path / "down").mkdir()
    run(*s3cmd, "sync", "s3://s3cmd-bucket/tree/", f"{tmp_path / 'down'}/")
    same(tree, tmp_path / "down")
    (tmp_path / "big").write_bytes(os.urandom(11 * 1024 * 1024))
    run(*s3cmd, "put", tmp_path / "big", "s3://s3cmd-bucket/big")
    run(*s3cmd, "get", "s3://s3cmd-bucket/big", tmp_path / "big.back")
    assert (tmp_path / "big").read_bytes() == (tmp_path / "big.back").read_bytes()
    run(*s3cmd, "del", "--recursive", "--force", "s3://s3cmd-bucket")
    run(*s3cmd, "rb", "s3://s3cmd-bucket")


def test_rclone(endpoint, tmp_path, tree):
    assert shutil.which("rclone"), "scripts/packages test installs it"
    # A certificate bundle in the environment, as some machines have it, is nothing that rclone can take beside its own transport.
    inherited = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    environment = {**inherited, "RCLONE_CONFIG": str(tmp_path / "rclone.conf"), "RCLONE_CONFIG_C_TYPE": "s3", "RCLONE_CONFIG_C_PROVIDER": "Other",
                   "RCLONE_CONFIG_C_ENDPOINT": endpoint, "RCLONE_CONFIG_C_ACCESS_KEY_ID": "test", "RCLONE_CONFIG_C_SECRET_ACCESS_KEY": "test",
                   "RCLONE_CONFIG_C_REGION": "us-east-1"}
    rclone = ["rclone", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M", "--retries", "1"]
    run(*rclone, "mkdir", "C:rclone-bucket", env=environment)
    (tree / "big").write_bytes(os.urandom(12 * 1024 * 1024))
    run(*rclone, "sync", tree, "C:rclone-bucket/tree", env=environment)
    run(*rclone, "check", tree, "C:rclone-bucket/tree", env=environment)
    run(*rclone, "sync", "C:rclone-bucket/tree", tmp_path / "down", env=environment)
    same(tree, tmp_path / "down")
    run(*rclone, "move", "C:rclone-bucket/tree", "C:rclone-bucket/moved", env=environment)
    assert run(*rclone, "lsf", "C:rclone-bucket", env=environment) == "moved/\n"
    run(*rclone, "move", tmp_path / "down", "C:rclone-bucket/up", env=environment)
    assert not [path for path in (tmp_path / "down").rglob("*") if path.is_file()]
    run(*rclone, "check", "C:rclone-bucket/up", "C:rclone-bucket/moved", env=environment)
    run(*rclone, "purge", "C:rclone-bucket", env=environment)
