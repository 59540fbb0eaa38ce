"""What the machine lacks is a sentence and an exit status, not a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.cli.terminal import Commands
from core.shortage import (
    shortage_of,
    stop_where_little_is_allowed,
    stop_where_threads_are_lacking,
)

ROOT = Path(__file__).resolve().parents[1]


class RuntimeException(Exception):  # noqa: N818  (its name in ONNX Runtime, where it has no base)
    """As ONNX Runtime raises it."""


SHORTAGES = [
    (RuntimeException("BFCArena: Failed to allocate memory for requested buffer"), "memory"),
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


def test_what_led_to_an_error_tells_what_is_lacking() -> None:
    try:
        try:
            raise ImportError("libopenblas.so: failed to map segment from shared object")
        except ImportError as error:
            raise ImportError("numpy failed to import") from error
    except ImportError as error:
        lacking = shortage_of(error)
    assert lacking is not None
    assert "not enough memory" in lacking.message


def test_a_server_that_may_have_little_memory_says_so_and_ends(capsys, monkeypatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (700_000_000, -1))
    with pytest.raises(SystemExit) as ended:
        stop_where_little_is_allowed(3_000_000_000)
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "0.7 GB are allowed (ulimit -v), and 3.0 GB are needed" in told
    stop_where_little_is_allowed(700_000_000)


def test_a_program_that_gets_no_threads_says_so_and_ends(capsys, monkeypatch) -> None:
    stop_where_threads_are_lacking(4)
    real, count = threading.Thread.start, iter(range(3))

    def start(self: threading.Thread) -> None:
        if next(count, None) is None:
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    # Not their number: a thread of an earlier test may end meanwhile.
    before = set(threading.enumerate())
    with pytest.raises(SystemExit) as ended:
        stop_where_threads_are_lacking(4)
    assert ended.value.code == 1
    assert "no further thread" in capsys.readouterr().err
    assert not set(threading.enumerate()) - before


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
