"""What the machine lacks is a sentence and an exit status, not a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.cli.terminal import Commands
from core.shortage import shortage_of

ROOT = Path(__file__).resolve().parents[1]

SHORTAGES = [
    (MemoryError(), "not enough memory"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
    (ImportError("libgdal.so: failed to map segment from shared object"), "not enough memory"),
    (RuntimeError("can't start new thread"), "no further thread"),
    (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "no further thread"),
    (ImportError("libGL.so.1: cannot open shared object file"), "cannot be loaded: libGL.so.1"),
    (OSError("libgomp.so.1: cannot open shared object file"), "cannot be loaded: libgomp.so.1"),
]


@pytest.mark.parametrize(("error", "sentence"), SHORTAGES)
def test_a_command_says_what_is_lacking(error: Exception, sentence: str) -> None:
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.callback()
    def everything() -> None:
        """Commands."""

    @app.command()
    def fail() -> None:
        raise error

    done = CliRunner().invoke(app, ["fail"])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert sentence in done.stderr


def test_other_errors_are_none_of_these() -> None:
    for error in (RuntimeError("a bug"), FileNotFoundError(2, "No such file"), KeyError("x")):
        assert shortage_of(error) is None


def test_a_library_that_is_not_there_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(
        'raise ImportError("libfoo.so.1: cannot open shared object")'
    )
    done = subprocess.run(
        [sys.executable, "-m", "core", "version"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Error: A library cannot be loaded: libfoo.so.1" in done.stderr
    assert "Traceback" not in done.stderr
