"""MinIO's mc and warp, as their users call them. tests/run builds them from tests/clients/tools where there is a Go; elsewhere this is skipped."""

import collections
import concurrent.futures
import csv
import io
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import zstandard

import support

TOOLS = pathlib.Path(os.environ.get("CLOCHE_TOOLS", pathlib.Path(__file__).resolve().parents[2] / ".tools")) / "bin"

pytestmark = pytest.mark.skipif(not (TOOLS / "mc").exists(), reason="mc and warp are built with Go 1.21 or later, which this machine lacks")


def mc_of(endpoint, tmp_path):
    """Runs mc with an alias `c` for Cloche."""
    environment = {**os.environ, "MC_CONFIG_DIR": str(tmp_path / "mc"), "MC_HOST_c": endpoint.replace("://", "://testtest:testtest@")}

    def run(*arguments, text=None, refused=None):
        done = subprocess.run([TOOLS / "mc", "--quiet", "--no-color", *map(str, arguments)], capture_output=True, text=True, input=text, env=environment, check=False)
        if refused is None:
            assert done.returncode == 0 and "<ERROR>" not in done.stderr, done.stdout + done.stderr
        else:
            assert refused in done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def mc(endpoint, tmp_path):
    return mc_of(endpoint, tmp_path)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "sub" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("a\n")
    (root / "sub" / "ü +&.txt").write_text("u")
    # Above 16 MiB mc sends parts.
    (root / "sub" / "er" / "big.bin").write_bytes(os.urandom(17 << 20))
    # Written an hour ago: mc mirrors a file again that is newer than its object, and S3 tells whole seconds.
    for path in root.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)
    return root


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def rows(output):
    return [json.loads(line) for line in output.splitlines()]


def test_mc_moves_files(mc, tree, tmp_path):
    mc("mb", "c/mc-files")
    mc("cp", tree / "a.txt", "c/mc-files/a.txt")
    assert mc("cat", "c/mc-files/a.txt") == "a\n"
    mc("mirror", tree, "c/mc-files/tree")
    mc("mirror", "c/mc-files/tree", tmp_path / "down")
    assert files(tmp_path / "down") == files(tree)
    # Again: nothing is left to do.
    assert "->" not in mc("mirror", "--overwrite", tree, "c/mc-files/tree")
    (tree / "new").write_text("new")
    (tree / "a.txt").unlink()
    mc("mirror", "--overwrite", "--remove", tree, "c/mc-files/tree")
    assert {row["key"] for row in rows(mc("--json", "ls", "-r", "c/mc-files/tree"))} == {str(path) for path in files(tree)}
    mc("pipe", "c/mc-files/piped", text="from a pipe")
    assert mc("cat", "c/mc-files/piped") == "from a pipe"
    mc("cp", "c/mc-files/tree/sub/er/big.bin", "c/mc-files/copy.bin")
    mc("mv", "c/mc-files/piped", "c/mc-files/moved")
    mc("od", f"if={tree}/sub/er/big.bin", "of=c/mc-files/parts.bin", "size=5MiB", "parts=4")
    found = {row["key"]: row for row in rows(mc("--json", "find", "c/mc-files", "--larger", "1MB"))}
    assert set(found) == {"c/mc-files/tree/sub/er/big.bin", "c/mc-files/copy.bin", "c/mc-files/parts.bin"}
    assert mc("find", "c/mc-files", "--name", "*ü*").strip() == "c/mc-files/tree/sub/ü +&.txt"
    stat = json.loads(mc("--json", "stat", "c/mc-files/copy.bin"))
    assert (stat["size"], stat["type"]) == (17 << 20, "file")
    assert [row["key"] for row in rows(mc("--json", "ls", "c/mc-files"))] == ["a.txt", "copy.bin", "moved", "parts.bin", "tree/"]
    mc("rm", "c/mc-files/moved")
    mc("stat", "c/mc-files/moved", refused="Object does not exist")
    mc("rm", "-r", "--force", "c/mc-files")
    mc("rb", "c/mc-files")
    assert "mc-files" not in mc("ls", "c")


def test_mc_keeps_versions(mc):
    mc("mb", "c/mc-versions")
    assert json.loads(mc("--json", "version", "info", "c/mc-versions"))["versioning"]["status"] == ""
    mc("version", "enable", "c/mc-versions")
    assert json.loads(mc("--json", "version", "info", "c/mc-versions"))["versioning"]["status"] == "Enabled"
    for text in ("one", "two"):
        mc("pipe", "c/mc-versions/k", text=text)
    mc("rm", "c/mc-versions/k")
    mc("cat", "c/mc-versions/k", refused="Object does not exist")
    listed = rows(mc("--json", "ls", "--versions", "c/mc-versions"))
    assert [(row["versionOrdinal"], row.get("isDeleteMarker", False)) for row in listed] == [(3, True), (2, False), (1, False)]
    assert mc("cat", "--version-id", listed[2]["versionId"], "c/mc-versions/k") == "one"
    mc("undo", "--force", "c/mc-versions/k")
    assert mc("cat", "c/mc-versions/k") == "two"
    mc("version", "suspend", "c/mc-versions")
    mc("rm", "-r", "--force", "--versions", "c/mc-versions")
    mc("rb", "c/mc-versions")


def test_mc_tags_locks_and_shares(mc, endpoint):
    mc("mb", "--with-lock", "c/mc-locked")
    mc("pipe", "c/mc-locked/k", text="kept")
    mc("tag", "set", "c/mc-locked/k", "team=glass&made=by hand")
    assert json.loads(mc("--json", "tag", "list", "c/mc-locked/k"))["tagset"] == {"team": "glass", "made": "by hand"}
    mc("tag", "remove", "c/mc-locked/k")
    mc("tag", "set", "c/mc-locked", "x=y")
    assert json.loads(mc("--json", "tag", "list", "c/mc-locked"))["tagset"] == {"x": "y"}
    mc("retention", "set", "--default", "governance", "1d", "c/mc-locked")
    default = json.loads(mc("--json", "retention", "info", "--default", "c/mc-locked"))
    assert (default["mode"], default["validity"]) == ("GOVERNANCE", "1DAYS")
    mc("retention", "set", "governance", "2d", "c/mc-locked/k")
    assert json.loads(mc("--json", "retention", "info", "c/mc-locked/k"))["mode"] == "GOVERNANCE"
    version = json.loads(mc("--json", "stat", "c/mc-locked/k"))["versionID"]
    mc("rm", "--version-id", version, "c/mc-locked/k", refused="object protected by object lock")
    mc("legalhold", "set", "c/mc-locked/k")
    assert json.loads(mc("--json", "legalhold", "info", "c/mc-locked/k"))["legalhold"] == "ON"
    mc("legalhold", "clear", "c/mc-locked/k")
    shared = json.loads(mc("--json", "share", "download", "--expire", "1h", "c/mc-locked/k"))["share"]
    with urllib.request.urlopen(shared) as answer:
        assert answer.read() == b"kept"
    form = json.loads(mc("--json", "share", "upload", "c/mc-locked/sent"))["share"]
    assert "-F policy=" in form and urllib.parse.urlsplit(form.split()[1]).netloc == urllib.parse.urlsplit(endpoint).netloc
    mc("rm", "-r", "--force", "--versions", "--bypass", "c/mc-locked")
    mc("rb", "c/mc-locked")


def test_mc_settings_of_buckets(mc):
    mc("mb", "c/mc-settings")
    mc("anonymous", "set", "download", "c/mc-settings")
    assert json.loads(mc("--json", "anonymous", "get", "c/mc-settings"))["permission"] == "download"
    assert json.loads(mc("anonymous", "get-json", "c/mc-settings"))["Statement"][1]["Action"] == ["s3:GetObject"]
    mc("anonymous", "set", "none", "c/mc-settings")
    assert json.loads(mc("--json", "anonymous", "get", "c/mc-settings"))["permission"] == "private"
    mc("ilm", "rule", "add", "--prefix", "tmp/", "--expire-days", "30", "c/mc-settings")
    rule = json.loads(mc("--json", "ilm", "rule", "ls", "c/mc-settings"))["config"]["Rules"][0]
    assert (rule["Expiration"]["Days"], rule["Status"]) == (30, "Enabled")
    mc("encrypt", "set", "sse-s3", "c/mc-settings")
    assert "sse-s3" in mc("encrypt", "info", "c/mc-settings")
    mc("rb", "c/mc-settings")


def test_mc_opens_a_bucket_to_everybody(tmp_path):
    """What `mc anonymous` sets is what strangers may do, where policies are enforced."""
    server = support.Cloche(tmp_path / "data", "--auth", "verify", "--iam", "enforce", "--new-buckets", "open").start()
    mc = mc_of(server.endpoint, tmp_path)

    def stranger(key, **request):
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/mc-public/{key}", **request)) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    mc("mb", "c/mc-public")
    mc("pipe", "c/mc-public/k", text="for all")
    assert (stranger("k"), stranger("new", data=b"x", method="PUT")) == (403, 403)
    mc("anonymous", "set", "download", "c/mc-public")
    assert (stranger("k"), stranger("new", data=b"x", method="PUT")) == (200, 403)
    mc("anonymous", "set", "public", "c/mc-public")
    assert (stranger("k"), stranger("new", data=b"x", method="PUT")) == (200, 200)
    assert mc("cat", "c/mc-public/new") == "x"
    mc("anonymous", "set", "none", "c/mc-public")
    assert stranger("k") == 403
    assert server.stop() == 0


WARP = {
    "put": ["--obj.size=100KiB"],
    "get": ["--objects=50", "--obj.size=100KiB", "--range"],
    "delete": ["--objects=2000", "--batch=20", "--obj.size=1KiB"],
    "list": ["--objects=200", "--obj.size=1KiB"],
    "stat": ["--objects=100", "--obj.size=1KiB"],
    "mixed": ["--objects=100", "--obj.size=100KiB"],
    "versioned": ["--objects=50", "--obj.size=10KiB"],
    "multipart": ["--parts=4", "--part.size=5MiB"],
}
WANTED = {"put": {"PUT"}, "get": {"GET"}, "delete": {"DELETE"}, "list": {"LIST"}, "stat": {"STAT"}, "mixed": {"GET", "PUT", "DELETE", "STAT"},
          "versioned": {"GET", "PUT", "DELETE", "STAT"}, "multipart": {"GET"}}


def test_warp_reports_no_errors(endpoint, tmp_path):
    """All at once, as each waits for three seconds before it begins. A bucket of its own each, not cleared by warp: it would ask to bypass
    governance, which S3 refuses where there is no object lock."""
    host = endpoint.removeprefix("http://")

    def run(kind):
        data = tmp_path / kind
        done = subprocess.run([TOOLS / "warp", kind, *WARP[kind], f"--host={host}", "--access-key=testtest", "--secret-key=testtest", "--duration=1s", "--concurrent=4",
                               f"--bucket=warp-{kind}", "--noclear", "--quiet", "--no-color", f"--benchdata={data}"], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0 and "ERROR" not in said, f"warp {kind}: {said}"
        text = zstandard.ZstdDecompressor().stream_reader((tmp_path / f"{kind}.csv.zst").open("rb")).read().decode()
        return kind, list(csv.DictReader((line for line in io.StringIO(text) if not line.startswith("#")), delimiter="\t"))

    with concurrent.futures.ThreadPoolExecutor(len(WARP)) as threads:
        for kind, operations in threads.map(run, WARP):
            counted = collections.Counter(row["op"] for row in operations)
            assert [row["error"] for row in operations if row["error"]] == [], f"warp {kind}"
            # How many there are, and whether a mix has all kinds, depends on how busy the machine is.
            assert WANTED[kind] & set(counted), f"warp {kind}: {counted}"
