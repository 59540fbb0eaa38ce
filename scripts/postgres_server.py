"""A PostgreSQL server of one's own, in a temporary folder, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# A socket's path may have 107 bytes, and whom the server runs as must be able to reach it.
_FOLDER = "/tmp"  # noqa: S108
_DEBIAN = Path("/usr/lib/postgresql")
# Small, since one runs beside each process of the tests.  What is committed survives every process
# that dies, and only a power cut is not prepared for.
_OPTIONS = (
    "fsync=off",
    "listen_addresses=''",
    "shared_buffers=32MB",
    "max_connections=60",
    "log_min_messages=fatal",
)


def find_postgres() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    return max(installed, key=lambda folder: float(folder.parent.name), default=None)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server that listens on a socket of its own; yields the URL of an empty database.

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
        control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        options = " ".join(f"-c {option}" for option in _OPTIONS)
        start = ["-l", str(folder / "log"), "-o", f"{options} -k {folder}", "start"]
        _run([*control, *start], folder)
        try:
            yield f"postgresql+psycopg://cropmap:{password}@/postgres?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)


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


def _run(command: Sequence[str], folder: Path) -> None:
    user = _user()
    as_user = [] if user is None else ["runuser", "-u", user, "--"]
    # The server keeps what it was started with open: no pipes, which would never end.
    output = folder / "output"
    with output.open("ab") as file:
        done = subprocess.run(  # noqa: S603
            [*as_user, *command], cwd=folder, stdout=file, stderr=file, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {output.read_text(errors='replace')[-2000:]}")
