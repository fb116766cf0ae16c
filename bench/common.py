"""What the benchmarks share: a server to measure, and calls to it."""

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target" / "release"
TOKEN = "inc_" + "00112233445566778899aabbccddeeff" * 2


def build():
    """Builds what is measured."""
    cargo = ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", ROOT / "Cargo.toml"]
    subprocess.run([*cargo, "-p", "wardroom", "--bin", "wardroom"], check=True)
    subprocess.run([*cargo, "-p", "wardroom-web", "--example", "bare"], check=True)


class Process:
    """A program that says `listening on URL`, and then answers there."""

    def __init__(self, *command, environment=None, log=None):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL,
            env={**os.environ, **(environment or {})}, text=True,
        )
        self.url = next(line.split()[-1] for line in self.process.stdout if line.startswith("listening on"))
        self.startup = time.monotonic() - started

    @property
    def resident(self):
        """Resident memory, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def kill(self):
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it in good order."""
        self.process.terminate()
        self.process.wait()


class Server(Process):
    """Wardroom on a database; without one, on SQLite in `directory`. A key may send `per_key` requests a minute, or
    any number."""

    def __init__(self, directory, database=None, listen="127.0.0.1:0", per_key=None):
        token = Path(directory) / "bootstrap-token"
        token.write_text(TOKEN)
        environment = {"WARDROOM_BOOTSTRAP_TOKEN_FILE": str(token), "RUST_LOG": "warn"}
        if database:
            environment["WARDROOM_DATABASE_URL"] = database
        arguments = ["serve", "--listen", listen, "--data-dir", directory]
        if per_key:
            configuration = Path(directory) / "wardroom.toml"
            configuration.write_text(f"[rate_limits]\nper_key = {per_key}\n")
            arguments += ["--config", configuration]
        else:
            arguments += ["--rate-limit", "off"]
        log = open(Path(directory) / "log", "a")
        super().__init__(RELEASE / "wardroom", *arguments, environment=environment, log=log)

    def call(self, method, path, body=None):
        """The answer's text and its JSON."""
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return text, json.loads(text) if text else None


@contextmanager
def postgres_database(server):
    """A new database on the PostgreSQL at `server`; gone afterwards."""
    name = f"wardroom_bench_{os.getpid()}_{time.monotonic_ns()}"
    run = lambda sql: subprocess.run(["psql", server, "-qc", sql], check=True)
    run(f"create database {name}")
    try:
        yield server.rsplit("/", 1)[0] + "/" + name
    finally:
        run(f"drop database {name} with (force)")


@contextmanager
def a_directory():
    """A directory on the disk that the project is on: what is durable there is durable."""
    with tempfile.TemporaryDirectory(dir=ROOT / "target", prefix="bench-") as directory:
        yield directory
