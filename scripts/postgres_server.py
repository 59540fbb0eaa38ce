"""A PostgreSQL server of one's own, in a temporary folder, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

# A socket's path may have 107 bytes, and whom the server runs as must be able to reach it.
_FOLDER = "/tmp"  # noqa: S108
_STARTS_WITHIN_S = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
# Small, since one runs beside each process of the tests.  What is committed survives every process
# that dies, and only a power cut is not prepared for.
_OPTIONS = (
    "fsync=off",
    "listen_addresses=",
    "shared_buffers=32MB",
    "max_connections=60",
    "log_min_messages=fatal",
)


def find_postgres() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    return max(installed, key=lambda folder: float(folder.parent.name), default=None)


class Server:
    """A server in a folder; it ends with the process that started it, however that ends."""

    def __init__(self, binaries: Path, folder: Path, password: str) -> None:
        self.url = f"postgresql+psycopg://cropmap:{password}@/postgres?host={folder}"
        self._program, self._folder = binaries / "postgres", folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [part for option in _OPTIONS for part in ("-c", option)]
        command = [str(self._program), "-D", str(self._folder / "data"), "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*_as_user("--pdeathsig=QUIT"), *command, *options],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        limit = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_STARTS_WITHIN_S)
            self._process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Start a server that listens on a socket of its own; its URL names an empty database.

    It asks for a password, as a server in earnest does.
    """
    binaries = find_postgres()
    if binaries is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(
        prefix="cropmap-pg-", dir=_FOLDER, ignore_cleanup_errors=True
    ) as name:
        folder, password = Path(name), secrets.token_hex(12)
        _initialise(binaries, folder, password)
        server = Server(binaries, folder, password)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _initialise(binaries: Path, folder: Path, password: str) -> None:
    user = _user()
    word = folder / "word"
    word.write_text(password, encoding="utf-8")
    if user is not None:
        for path in (folder, word):
            shutil.chown(path, user)
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "cropmap", "-E", "UTF8"]
    rest = ["--no-locale", "--no-sync", "-A", "scram-sha-256", f"--pwfile={word}"]
    _run([*command, *rest], folder)
    word.unlink()


def _user() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as_user(*options: str) -> list[str]:
    user = _user()
    if user is not None:
        entry = pwd.getpwnam(user)
        options = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", *options)
    return ["setpriv", *options, "--"] if options else []


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [*_as_user(), *command], cwd=folder, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")
