"""A peer's process."""

import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(endpoint):
    try:
        urllib.request.urlopen(endpoint + "/", timeout=1).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Running:
    """A peer's process, from start to stop."""

    def __init__(self, server, directory):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        command, environment = server.command(self.port, directory)
        began = time.monotonic()
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=open(directory / "log", "w"), stderr=subprocess.STDOUT, cwd=directory)
        while not answers(self.endpoint):
            if self.process.poll() is not None or time.monotonic() - began > 60:
                raise RuntimeError(f"{server.name} did not start: {(directory / 'log').read_text()[-500:]}")
            time.sleep(0.001)
        self.start_ms = (time.monotonic() - began) * 1000

    def resident_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
