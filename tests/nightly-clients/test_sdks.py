"""The Go SDK v2 (tests/clients/go) and the Java SDK v2 (tests/clients/java): projects as a user would have them, with their own test runners.
At night, as their compilers and caches take longer than all other clients together."""

import os
import pathlib
import subprocess

import pytest

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"


@pytest.mark.parametrize("project, command", [("go", ["go", "test", "-count=1", "./..."]), ("java", ["mvn", "-q", "-B", "test"])])
def test_sdk(endpoint, project, command):
    done = subprocess.run(command, cwd=CLIENTS / project, capture_output=True, text=True, check=False, env={**os.environ, "ENDPOINT": endpoint})
    assert done.returncode == 0, done.stdout + done.stderr
