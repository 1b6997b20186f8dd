"""The test helpers of Python and JavaScript (helpers/), each by its own test runner, as they start servers themselves."""

import os
import pathlib
import subprocess
import sys

import support

HELPERS = pathlib.Path(__file__).resolve().parents[2] / "helpers"


def run(command, folder, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("CLOCHE_ENDPOINT", "CLOCHE_CREDENTIALS")}
    done = subprocess.run(command, cwd=HELPERS / folder, capture_output=True, text=True, check=False, timeout=120,
                          env={**kept, "CLOCHE_BINARY": support.BINARY, **environment})
    assert done.returncode == 0, done.stdout + done.stderr


def test_pytest_cloche():
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_cloche.plugin", "tests"], "python", PYTHONPATH=".", PYTHONDONTWRITEBYTECODE="1")


def test_javascript():
    run(["node", "--test", "tests/"], "javascript")
