"""The test helpers of Python and JavaScript (helpers/), each by its own test runner, as they start servers themselves."""

import os
import pathlib
import subprocess
import sys

import pytest

import support

HELPERS = pathlib.Path(__file__).resolve().parents[2] / "helpers"


def run(command, folder, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("CLOCHE_ENDPOINT", "CLOCHE_CREDENTIALS")}
    done = subprocess.run(command, cwd=HELPERS / folder, capture_output=True, text=True, check=False, timeout=120,
                          env={**kept, "CLOCHE_BINARY": support.BINARY, **environment})
    assert done.returncode == 0, done.stdout + done.stderr


def test_pytest_cloche():
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_cloche.plugin", "tests"], "python", PYTHONPATH=".", PYTHONDONTWRITEBYTECODE="1")


# A server for each worker; or one for all, which each has a branch of. Each prepares the same, and none sees the others.
@pytest.mark.parametrize("joined", [False, True])
def test_pytest_cloche_in_parallel(tmp_path, joined):
    command = [sys.executable, "-m", "pytest", "-q", "-n", "4", "-p", "no:cacheprovider", "-p", "pytest_cloche.plugin", "tests"]
    environment = {"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}
    if not joined:
        run(command, "python", **environment)
        return
    server = support.Cloche(tmp_path / "data", "--durability", "memory").start()
    support.client("s3", server.endpoint).create_bucket(Bucket="there-before")
    run(command, "python", CLOCHE_ENDPOINT=server.endpoint, **environment)
    assert server.admin("GET", "/_cloche/branches")[1]["branches"] == []
    assert [bucket["Name"] for bucket in support.client("s3", server.endpoint).list_buckets()["Buckets"]] == ["there-before"]
    assert server.stop() == 0


def test_javascript():
    run(["node", "--test", "tests/"], "javascript")
