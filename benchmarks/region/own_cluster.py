"""A Dask cluster on this machine, as a person would start one, whose processes may be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from core.processors import thread_limits

_PATIENCE_SECONDS = 120.0


class OwnCluster:
    """A scheduler and workers of one thread each; what has died is started again by :meth:`mend`.

    Parameters
    ----------
    folder : Path
        For the scheduler's file and for what the processes say.
    """

    def __init__(self, folder: Path, workers: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "scheduler.json"
        self._log = folder / "cluster.log"
        self._count = workers
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> OwnCluster:
        self.mend()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def mend(self) -> None:
        """Start again what has died; without its scheduler no worker is of use."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self._end()
            self.file.unlink(missing_ok=True)
            self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
            self._wait_for_file()
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < self._count:
            own = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
            folder = ("--local-directory", str(self.file.parent))
            self.workers.append(self._start("worker", *own, *folder))

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self.file), *options]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **thread_limits(1)}
            )

    def _wait_for_file(self) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self.file.is_file():
            if time.monotonic() > end:
                raise SystemExit(f"The scheduler did not start; see {self._log}.")
            time.sleep(0.1)

    def _end(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()
                process.wait()
        self.workers, self.scheduler = [], None
