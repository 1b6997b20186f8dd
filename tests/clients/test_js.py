"""The JavaScript SDK v3 (tests/clients/js): node's own test runner says what failed."""

import os
import pathlib
import subprocess

import pytest

JS = pathlib.Path(__file__).parent / "js"


@pytest.mark.parametrize("file", sorted(path.name for path in JS.glob("*.test.mjs")))
def test_javascript(endpoint, file):
    done = subprocess.run(["node", "--test", file], cwd=JS, capture_output=True, text=True, check=False, env={**os.environ, "ENDPOINT": endpoint})
    assert done.returncode == 0, done.stdout + done.stderr
