"""A process with limits: what it says is not believed, and what it may use."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from core.errors import RasterTooLargeError, UnreadableRasterError
from core.imagery.limited import Ended, Limits, Task, Words, outcome, own_environment, parsed


@pytest.fixture
def task(tmp_path) -> Task:
    words = Words(UnreadableRasterError, RasterTooLargeError, "a", "b", "c")
    return Task("none", {}, tmp_path, "in.tif", tmp_path / "copy.tif", words, Limits())


def test_what_the_child_says_is_not_believed(task) -> None:
    ended = Ended(1, {"error": "SystemExit", "message": "x" * 99_999, "hint": 3})
    with pytest.raises(UnreadableRasterError) as caught:
        outcome(ended, task)
    assert len(caught.value.message) <= 1000
    for line in (b"", b"[1", b"7", b'{"progress": "x"}', b"[" * 60_000, b"\xff"):
        assert parsed(line) is None
    # 'Done' with a failing exit status is not done.
    with pytest.raises(UnreadableRasterError):
        outcome(Ended(1, {"done": True}), task)
    assert outcome(Ended(0, {"done": True, "count": 3}), task)["count"] == 3


def test_credentials_stay_here(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("CROPMAP_MAX_BANDS", "9")
    environment = own_environment(tmp_path)
    assert "secret" not in environment.values()
    assert environment["CROPMAP_MAX_BANDS"] == "9"


def test_the_child_limits_itself() -> None:
    script = (
        "import resource; from core.imagery.limited_worker import limit; "
        "limit({'memory_bytes': 3 << 30, 'cpu_seconds': 60, 'file_bytes': 12345}); "
        "print(*(resource.getrlimit(k)[0] for k in (resource.RLIMIT_AS, resource.RLIMIT_CPU, "
        "resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.split() == [str(3 << 30), "60", "12345", "0"]
    assert Limits().memory_bytes <= 4 << 30


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_the_child_ends_when_its_parent_is_killed(tmp_path) -> None:
    (tmp_path / "endless.py").write_text(
        "import time\nfrom core.imagery.limited_worker import serve\n"
        "serve(lambda order, tell: (tell(0.5), time.sleep(600)))\n"
    )
    script = textwrap.dedent(f"""
        from pathlib import Path
        from core.errors import RasterTooLargeError, UnreadableRasterError
        from core.imagery.limited import Limits, Task, Words, run_limited, _ROOT
        words = Words(UnreadableRasterError, RasterTooLargeError, "", "", "")
        folder = Path({str(tmp_path)!r})
        path = {{"PYTHONPATH": f"{{_ROOT}}:{{folder}}"}}
        task = Task("endless", {{}}, folder, "a.tif", folder / "b.tif", words, Limits(), path)
        run_limited(task, progress=lambda share: print(share, flush=True))
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "0.5\n"
    (child,) = psutil.Process(parent.pid).children()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert not psutil.wait_procs([child], timeout=20)[1]
