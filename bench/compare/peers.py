"""The peers: where each comes from (a public registry, a pinned version), and how it is started on a port with a directory of its own.

Installed under bench/compare/.peers, which is not kept in git. What can't be installed is left out of the table, with the reason."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("CLOCHE_PEERS", pathlib.Path(__file__).resolve().parent / ".peers"))


def run(*command, **named):
    """Nothing if it worked, else the end of what it said."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **named)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-300:]


@dataclasses.dataclass
class Peer:
    name: str
    version: str
    keeps: str  # Where it keeps its state, for the table's head.
    services: tuple
    install: Callable
    command: Callable

    def title(self):
        return f"{self.name} {self.version} ({self.keeps})"


def cargo(name, version, *arguments):
    root = PEERS / name
    if (root / "bin").exists():
        return ""
    if not shutil.which("cargo"):
        return "no cargo on this machine"
    return run("cargo", "install", name, "--version", version, "--root", root, *arguments)


def pip(name, *requirements):
    venv = PEERS / name
    if (venv / "bin" / "python").exists():
        return ""
    return run(sys.executable, "-m", "venv", venv) or run(venv / "bin" / "pip", "install", "-q", *requirements)


def maven(name, version):
    target = PEERS / name
    if (target / "lib").exists():
        return ""
    if not shutil.which("mvn"):
        return "no mvn on this machine"
    target.mkdir(parents=True, exist_ok=True)
    (target / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>peers</artifactId><version>1</version><dependencies><dependency>"
        f"<groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{version}</version></dependency></dependencies></project>")
    return run("mvn", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={target / 'lib'}", cwd=target)


def go(name, module, version):
    target = PEERS / name
    if (target / name).exists():
        return ""
    if not shutil.which("go"):
        return "no go on this machine"
    target.mkdir(parents=True, exist_ok=True)
    return run("go", "install", f"{module}@{version}", env={**os.environ, "GOBIN": str(target), "GOFLAGS": "-mod=mod"})


def local_command(port, directory):
    lib = PEERS / "dynamodb-local" / "lib"
    return (["java", f"-Djava.library.path={lib}", "-cp", f"{lib}/*", "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-port", str(port), "-inMemory"], {})


CLOCHE = Peer("cloche", "", "disk, commit", ("s3", "dynamodb"), lambda: "" if (ROOT / "build" / "cloche").exists() else "build it first: scripts/build",
              lambda port, directory: ([ROOT / "build" / "cloche", "start", "--listen", f"127.0.0.1:{port}", "--data", directory / "data", "--log", "warn"], {}))

ALL = {
    "rustack": Peer("rustack", "0.12.0", "memory", ("s3", "dynamodb"), lambda: cargo("rustack-cli", "0.12.0"),
                    lambda port, directory: ([next((PEERS / "rustack-cli" / "bin").iterdir())],
                                             {"GATEWAY_LISTEN": f"127.0.0.1:{port}", "LOG_LEVEL": "error", "RUST_LOG": "error"})),
    "moto": Peer("moto", "5.2.1", "memory", ("s3", "dynamodb"), lambda: pip("moto", "moto[server]==5.2.1"),
                 lambda port, directory: ([PEERS / "moto" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)], {})),
    "ministack": Peer("ministack", "1.5.33", "memory", ("s3", "dynamodb"), lambda: pip("ministack", "ministack==1.5.33"),
                      lambda port, directory: ([PEERS / "ministack" / "bin" / "ministack"], {"GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR"})),
    "dynamodb-local": Peer("dynamodb-local", "2.6.1", "memory", ("dynamodb",), lambda: maven("dynamodb-local", "2.6.1"), local_command),
    "minio": Peer("minio", "latest", "disk", ("s3",), lambda: go("minio", "github.com/minio/minio", "latest"),
                  lambda port, directory: ([PEERS / "minio" / "minio", "server", "--quiet", "--address", f"127.0.0.1:{port}", directory / "data"],
                                           {"MINIO_ROOT_USER": "testtesttest", "MINIO_ROOT_PASSWORD": "testtesttest"})),
}
