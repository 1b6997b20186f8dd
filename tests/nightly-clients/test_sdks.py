"""The Go SDK v2 (tests/clients/go) and the Java SDK v2 (tests/clients/java): projects as a user would have them, with their own test runners.
At night, as their compilers and caches take longer than all other clients together."""

import os
import pathlib
import subprocess

import pytest

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "tests" / "clients"


@pytest.mark.parametrize("project, command", [("go", ["go", "test", "-count=1", "./..."]), ("java", ["mvn", "-q", "-B", "test"])])
def test_sdk(endpoint, project, command):
    done = subprocess.run(command, cwd=CLIENTS / project, capture_output=True, text=True, check=False, env={**os.environ, "ENDPOINT": endpoint})
    assert done.returncode == 0, done.stdout + done.stderr


# The test helpers of both languages (helpers/) start servers themselves.
@pytest.mark.parametrize("project, command", [("go", ["go", "test", "-count=1", "./..."]), ("java", ["mvn", "-q", "-B", "test"])])
def test_helper(project, command):
    kept = {name: value for name, value in os.environ.items() if name not in ("CLOCHE_ENDPOINT", "CLOCHE_CREDENTIALS")}
    done = subprocess.run(command, cwd=ROOT / "helpers" / project, capture_output=True, text=True, check=False, env={**kept, "CLOCHE_BINARY": support.BINARY})
    assert done.returncode == 0, done.stdout + done.stderr
