"""A Cloche of the tests' own: started on a free port with a directory of its own, stopped or killed, started again."""

import atexit
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("CLOCHE_BINARY", str(ROOT / "build" / "cloche"))


class Cloche:
    """One process over one data directory."""

    def __init__(self, data, *arguments):
        self.data = str(data)
        self.arguments = arguments
        self.process = None
        self.endpoint = None
        self.output = []
        atexit.register(self.kill_if_running)  # A test that fails midway must not leave its server behind.

    @classmethod
    def at(cls, endpoint):
        """What runs there already: a branch, say."""
        found = cls("")
        found.endpoint = endpoint
        return found

    def kill_if_running(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def start(self, *command):
        """Returns when the server has said 'Ready.'. Another command than `start`: ("open", file)."""
        self.process = subprocess.Popen(
            [BINARY, *(command or ("start",)), "--data", self.data, *([] if "--listen" in self.arguments else ["--listen", "127.0.0.1:0"]), "--log", "warn", *self.arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = []
        for line in self.process.stdout:
            self.output.append(line)
            if found := re.search(r"endpoint\s+http://(\S+)", line):
                self.endpoint = "http://" + found.group(1)
            if line == "Ready.\n":
                break
        else:
            raise AssertionError("no 'Ready.':\n" + "".join(self.output))
        # What it says later must be read, or the pipe fills up and the server's log is lost with it.
        threading.Thread(target=self._read_on, daemon=True).start()
        return self

    def _read_on(self):
        for line in self.process.stdout:
            self.output.append(line)

    def kill(self):
        """kill -9: nothing is said good-bye to."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        return self.process.returncode if self.process else None

    def run(self, *arguments, status=0):
        """A command that asks this server; what it printed (on stderr, where it has to fail)."""
        done = subprocess.run([BINARY, *arguments, "--endpoint", self.endpoint], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr

    def admin(self, method, path, body=None):
        """(status, JSON) of an admin path."""
        request = urllib.request.Request(self.endpoint + path, method=method, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def doctor(self):
        """(exit status, what it printed); the server must not be running."""
        done = subprocess.run([BINARY, "doctor", "--quiet", "--data", self.data], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def client(service, endpoint, **arguments):
    config = botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False, **arguments.pop("config", {}))
    defaults = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=endpoint, config=config, **{**defaults, **arguments})
