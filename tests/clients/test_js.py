"""The JavaScript SDK v3 (tests/clients/js): node's own test runner says what failed."""

import os
import pathlib
import subprocess


def test_javascript_sdk(endpoint):
    done = subprocess.run(["node", "--test", "sdk.test.mjs"], cwd=pathlib.Path(__file__).parent / "js", capture_output=True, text=True, check=False,
                          env={**os.environ, "ENDPOINT": endpoint})
    assert done.returncode == 0, done.stdout + done.stderr
