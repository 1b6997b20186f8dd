"""Cloche for tests: a server of one's own or one that runs, its branches, and its clock.

    with Cloche.start() as cloche, cloche.branch() as branch:
        branch.client("s3").create_bucket(Bucket="b")
"""

from __future__ import annotations

import atexit
import datetime
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.parse

__all__ = ["Branch", "Clock", "Cloche", "ClocheError", "binary"]

_clients: dict = {}
_clients_lock = threading.Lock()


class ClocheError(RuntimeError):
    """What Cloche said; `code` names it ("NoSuchCheckpoint")."""

    def __init__(self, message, code=""):
        super().__init__(message)
        self.code = code


def binary():
    """The program: CLOCHE_BINARY, else `cloche` on the PATH."""
    found = os.environ.get("CLOCHE_BINARY") or shutil.which("cloche")
    if not found:
        raise ClocheError("there is no `cloche` on the PATH; install it, or name it with CLOCHE_BINARY, or join one with CLOCHE_ENDPOINT")
    return found


class Clock:
    """The clock of a server or a branch."""

    def __init__(self, environment):
        self._environment = environment

    def _ask(self, **body):
        return _parse(self._environment.ask("POST", "/_cloche/clock", body)["now"])

    @property
    def now(self):
        return _parse(self._environment.ask("GET", "/_cloche/clock")["now"])

    def freeze(self, at=None):
        """Stands still, at `at` (a datetime or text) or where it is. All of these answer with the time it is then."""
        return self._ask(action="freeze", **({} if at is None else {"at": _text(at)}))

    def set(self, to):
        return self._ask(action="set", to=_text(to))

    def advance(self, by):
        """By a timedelta, seconds, or text: "90s", "5m", "2h", "1d"."""
        if not isinstance(by, (str, datetime.timedelta)):
            by = datetime.timedelta(seconds=by)
        if isinstance(by, datetime.timedelta):
            if by.microseconds:
                return self.set(self.now + by)  # Durations are whole seconds there.
            by = f"{by.days * 86400 + by.seconds}s"
        return self._ask(action="advance", by=by)

    def resume(self, origin="now"):
        """Runs again: from the time it is in the world ("now") or from where it stands ("left")."""
        return self._ask(action="resume", **{"from": origin})

    def speed(self, factor):
        return self._ask(action="speed", speed=factor)


class _Environment:
    """What a server and a branch have in common."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.clock = Clock(self)
        self._connection = None

    def ask(self, method, path, body=None):
        """A request to Cloche's own paths (/_cloche/...); the answer's JSON."""
        text = None if body is None else json.dumps(body)
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.endpoint).netloc, timeout=60)
            try:
                self._connection.request(method, path, text, {"Content-Type": "application/json"})
                answer = self._connection.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise ClocheError(f"nothing answers at {self.endpoint}: {error}") from error
        told = json.loads(content) if content else {}
        if answer.status >= 400:
            raise ClocheError(told.get("error", content.decode(errors="replace")), told.get("code", ""))
        return told

    def client(self, service, **arguments):
        """A boto3 client; the same one for the same arguments, since making one takes longer than a test."""
        return self._made("client", service, arguments)

    def resource(self, service, **arguments):
        return self._made("resource", service, arguments)

    def _made(self, kind, service, arguments):
        import boto3
        import botocore.config

        key = (kind, service, self.endpoint, repr(sorted(arguments.items())))
        with _clients_lock:
            if key not in _clients:
                session = _clients.setdefault("session", boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"))
                config = botocore.config.Config(s3={"addressing_style": "path"}).merge(arguments.pop("config", None) or botocore.config.Config())
                _clients[key] = getattr(session, kind)(service, endpoint_url=self.endpoint, config=config, **arguments)
            return _clients[key]

    def checkpoint(self, name):
        return self.ask("POST", "/_cloche/checkpoints", {"name": name})

    def rewind(self, to):
        """To a checkpoint, an lsn, a time or a duration ("5m"). Not at --durability memory."""
        return self.ask("POST", "/_cloche/rewind", {"to": to})

    def reset(self):
        """Everything of all services is gone."""
        return self.ask("POST", "/_cloche/reset", {})

    def branch(self, name=None, source=None, port=0):
        """A new branch, of the present state or of a point (`source`)."""
        wish = {"name": name, "from": source, "port": port}
        return Branch(self, self.ask("POST", "/_cloche/branches", {key: value for key, value in wish.items() if value is not None}))

    def load(self, directory, replace=False):
        """Loads a fixture (`cloche fixture load`)."""
        return self._run("fixture", "load", str(directory), *(["--replace"] if replace else []))

    def save(self, directory):
        return self._run("fixture", "save", str(directory))

    def _run(self, *arguments):
        done = subprocess.run([binary(), *arguments, "--endpoint", self.endpoint, "--json"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClocheError(done.stderr.strip())
        return json.loads(done.stdout)

    def _close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Branch(_Environment):
    """An environment of its own that began with another one's state. Removed by remove() or as a context manager."""

    def __init__(self, parent, told):
        super().__init__(told["endpoint"])
        self.name, self.port = told["name"], told["port"]
        self._parent = parent

    def remove(self):
        self._close()
        self._parent.ask("DELETE", f"/_cloche/branches/{self.name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Cloche(_Environment):
    """A server."""

    def __init__(self, endpoint, process=None, data=None):
        super().__init__(endpoint)
        self._process, self._data = process, data

    @classmethod
    def start(cls, *arguments, durability="memory"):
        """Starts one on a free port and waits until it is ready. `arguments`: more of `cloche start` ("--seed", "1")."""
        data = tempfile.mkdtemp(prefix="cloche-")
        command = [binary(), "start", "--data", data, "--listen", "127.0.0.1:0", "--durability", durability, "--log", "warn", "--until-eof", *arguments]
        # It ends with this process, however that ends, as its input does then.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said, endpoint = [], None
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"endpoint\s+http://(\S+)", line):
                endpoint = endpoint or "http://" + found.group(1)
            if line == "Ready.\n":
                break
        else:
            process.wait()
            shutil.rmtree(data, ignore_errors=True)
            raise ClocheError("cloche did not start:\n" + "".join(said))
        # What it says later has to be read, or it would stand still with the pipe full.
        threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
        server = cls(endpoint, process, data)
        atexit.register(server.stop)
        return server

    @classmethod
    def join(cls, endpoint):
        """One that runs; stop() leaves it alone."""
        server = cls(endpoint.rstrip("/"))
        server.ask("GET", "/_cloche/health")
        return server

    @classmethod
    def start_or_join(cls, *arguments, **options):
        """Joins CLOCHE_ENDPOINT if that is set, else starts one."""
        given = os.environ.get("CLOCHE_ENDPOINT")
        return cls.join(given) if given else cls.start(*arguments, **options)

    def stop(self):
        self._close()
        if self._process is None:
            return
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(self._data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _text(at):
    if isinstance(at, str):
        return at
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.timezone.utc)
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
