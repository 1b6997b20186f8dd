"""The test helpers of Python and JavaScript (helpers/), each by its own test runner, as they start servers themselves."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

import support

HELPERS = pathlib.Path(__file__).resolve().parents[2] / "helpers"


RUNNERS = HELPERS.parent / "tests/clients/js-runners"


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


VITEST, JEST = ["node_modules/.bin/vitest", "run"], ["node_modules/.bin/jest", "--testMatch"]
ES_MODULES = {"NODE_OPTIONS": "--experimental-vm-modules"}  # Jest's documentation, "ECMAScript Modules".
IN_RUNNERS = {"vitest": ([*VITEST, "vitest.test"], {}), "jest": ([*JEST, "**/*.jest.test.cjs"], {}), "jest-modules": ([*JEST, "**/*.jest.test.mjs"], ES_MODULES)}


# Three files at once, in processes of their own: with a server for each, and with one for all.
@pytest.mark.parametrize("runner", IN_RUNNERS)
def test_javascript_in_its_runners(tmp_path, runner):
    command, environment = IN_RUNNERS[runner]
    run(command, RUNNERS, **environment)
    server = support.Cloche(tmp_path / "data", "--durability", "memory").start()
    run(command, RUNNERS, CLOCHE_ENDPOINT=server.endpoint, **environment)
    assert server.admin("GET", "/_cloche/branches")[1]["branches"] == []
    assert server.stop() == 0


def ends(endpoint):
    """Whether nothing answers there soon."""
    for _ in range(500):
        try:
            urllib.request.urlopen(endpoint + "/_cloche/health", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            return True
        time.sleep(0.01)
    return False


# A test that fails midway, or a runner that is killed, leaves no server behind.
@pytest.mark.parametrize("command, environment", [([*VITEST, "--config", "left.vitest.config.mjs"], {}), ([*JEST, "**/left.jest.mjs"], ES_MODULES)], ids=["vitest", "jest"])
def test_what_is_not_stopped_ends_with_its_runner(tmp_path, command, environment):
    run(command, RUNNERS, LEFT=str(tmp_path / "endpoint"), **environment)
    assert ends((tmp_path / "endpoint").read_text())


def test_a_killed_process_leaves_no_server():
    program = "from pytest_cloche import Cloche; print(Cloche.start().endpoint, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=HELPERS / "python", env={**os.environ, "CLOCHE_BINARY": support.BINARY}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    endpoint = process.stdout.readline().strip()
    urllib.request.urlopen(endpoint + "/_cloche/health", timeout=5).close()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ends(endpoint)
