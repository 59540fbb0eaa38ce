"""Where jobs are kept: a table in a file of SQLite's, and a lock for each that runs at once.

Whoever holds the lock of a slot may run a job in it.  The system lets go of a lock when its holder
dies, however it dies: so a job that is said to run in a slot whose lock is free has no worker.
"""

from __future__ import annotations

import errno
import json
import logging
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import CropMapError, OutputError, error_to_json, storage_error
from core.files import move
from core.jobs.job_ends import MOST_ATTEMPTS, cancelled_before, given_up, stopped
from core.jobs.job_record import JobKey, JobRecord, JobState

SEEN_FOR_S = 24 * 3600.0
"""So long it is told how a job ended."""

_BUSY_S = 5.0
_FILE = "jobs-1.sqlite"
_TABLE = """
CREATE TABLE IF NOT EXISTS job (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
  title TEXT NOT NULL, "order" TEXT NOT NULL, person TEXT NOT NULL, asked REAL NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', begun REAL NOT NULL DEFAULT 0,
  ended REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  slot INTEGER NOT NULL DEFAULT 0, worker TEXT NOT NULL DEFAULT '',
  cancelling INTEGER NOT NULL DEFAULT 0, stage TEXT NOT NULL DEFAULT '',
  done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
  pace REAL NOT NULL DEFAULT 0, told REAL NOT NULL DEFAULT 0, failure TEXT)
"""
_UNFINISHED = "state IN ('waiting', 'running')"
_log = logging.getLogger(__name__)


class JobStore:
    """The jobs of one cache folder; every method is one transaction, from any thread or process.

    Every method raises an OutputError where the folder cannot be written or read.

    Parameters
    ----------
    folder : Path
        It is made, for its owner alone, when the first job is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / _FILE

    # For whoever asks ---------------------------------------------------------------------

    def ask(self, key: JobKey, order: dict[str, Any], *, title: str, person: str = "") -> JobRecord:
        """A new job, or the unfinished one of this key; others of the key are forgotten."""
        text = _key_text(key)
        with self._write() as table:
            present = _read(table, f"key = ? AND {_UNFINISHED}", text)
            if present:
                return present[0]
            old = time.time() - SEEN_FOR_S
            table.execute(
                f"DELETE FROM job WHERE NOT {_UNFINISHED} AND (key = ? OR ended < ?)",  # noqa: S608
                (text, old),
            )
            job_id = secrets.token_urlsafe(32)
            table.execute(
                'INSERT INTO job (id, key, title, "order", person, asked) '
                "VALUES (?, ?, ?, ?, ?, ?)",
                (job_id, text, title, json.dumps(order), person, time.time()),
            )
            return _read(table, "id = ?", job_id)[0]

    def find(self, job_id: str) -> JobRecord | None:
        """The job of this id."""
        found = self._select("id = ?", job_id)
        return found[0] if found else None

    def last(self, key: JobKey) -> JobRecord | None:
        """The job of this key, unless it ended a day ago."""
        found = self._select(
            f"key = ? AND ({_UNFINISHED} OR ended > ?)", _key_text(key), time.time() - SEEN_FOR_S
        )
        return found[-1] if found else None

    def unfinished(self) -> list[JobRecord]:
        """Jobs that wait or run, in the order in which they were asked for."""
        return self._select(_UNFINISHED)

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; one that waits ends at once."""
        with self._write() as table:
            table.execute("UPDATE job SET cancelling = 1 WHERE id = ?", (job_id,))
            for job in _read(table, "id = ? AND state = 'waiting'", job_id):
                _end(table, job_id, JobState.CANCELLED, cancelled_before(job))

    def forget(self, job_id: str) -> None:
        """Drop a job that has ended."""
        with self._write() as table:
            table.execute(f"DELETE FROM job WHERE id = ? AND NOT {_UNFINISHED}", (job_id,))  # noqa: S608

    # For whoever does the work ------------------------------------------------------------

    @contextmanager
    def slot(self, slots: Sequence[int]) -> Iterator[int | None]:
        """Hold the first free one of these slots; None where all are taken.

        What ran there without a worker is put back, or given up after so many attempts.
        """
        for number in slots:
            lock = FileLock(self.folder / f"slot-{number}.lock", timeout=0, thread_local=False)
            try:
                lock.acquire()
            except Timeout:
                continue
            except OSError as error:
                raise _unusable(self.folder, error) from error
            try:
                self._settle(number)
                yield number
            finally:
                lock.release()
            return
        yield None

    def claim(self, slot: int, worker: str) -> JobRecord | None:
        """The first job that waits, which runs from now on; its slot is held by the caller."""
        with self._write() as table:
            waiting = _read(table, "state = 'waiting'")
            if not waiting:
                return None
            table.execute(
                "UPDATE job SET state = 'running', slot = ?, worker = ?, begun = ?, stage = '', "
                "done = 0, total = 0, pace = 0, attempts = attempts + 1 WHERE id = ?",
                (slot, worker, time.time(), waiting[0].id),
            )
            return _read(table, "id = ?", waiting[0].id)[0]

    def has_begun(self, worker: str) -> bool:
        """Whether a worker has claimed a job."""
        return bool(self._select("worker = ?", worker))

    def tell(self, job_id: str, stage: str, done: int, total: int, pace: float) -> None:
        """Say how far a job is."""
        with self._write() as table:
            table.execute(
                "UPDATE job SET stage = ?, done = ?, total = ?, pace = ?, told = ? WHERE id = ?",
                (stage, done, total, pace, time.time(), job_id),
            )

    def end(self, job_id: str, state: JobState, error: CropMapError | None = None) -> None:
        """A job has ended."""
        with self._write() as table:
            _end(table, job_id, state, error)

    def put_back(self, job_id: str) -> None:
        """A job was left because its server ended, which is no failed attempt; it waits again."""
        with self._write() as table:
            table.execute(
                "UPDATE job SET state = 'waiting', slot = 0, attempts = attempts - 1 WHERE id = ?",
                (job_id,),
            )

    def _settle(self, slot: int) -> None:
        """Put back, or end, what ran in a slot that nobody but the caller holds."""
        for job in self._select("state = 'running' AND slot = ?", slot):
            if job.cancelling:
                self.end(job.id, JobState.CANCELLED, stopped(job))
            elif job.attempts >= MOST_ATTEMPTS:
                self.end(job.id, JobState.FAILED, given_up(job.title))
            else:
                _log.warning("%s has lost its process and is begun again", job.title)
                with self._write() as table:
                    table.execute(
                        "UPDATE job SET state = 'waiting', slot = 0 WHERE id = ?", (job.id,)
                    )

    # The file -----------------------------------------------------------------------------

    def _select(self, where: str, *values: object) -> list[JobRecord]:
        if not self._file.is_file():
            return []
        with self._connection() as table:
            return _read(table, where, *values)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as table:
            table.execute("BEGIN IMMEDIATE")
            with table:
                yield table

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connect()) as table:
                yield table
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self.folder, error) from error

    def _connect(self) -> sqlite3.Connection:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._prepared()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # A list of what goes on, which is not worth keeping the app from working.
            _log.warning("%s is damaged; it is kept as %s.damaged", self._file, _FILE)
            move(self._file, self._file.with_name(f"{_FILE}.damaged"))
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        table = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
        try:
            if table.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                table.execute("PRAGMA journal_mode = WAL")
            table.execute("PRAGMA synchronous = NORMAL")
            table.execute(_TABLE)
        except sqlite3.Error:
            table.close()
            raise
        table.row_factory = sqlite3.Row
        return table


def _read(table: sqlite3.Connection, where: str, *values: object) -> list[JobRecord]:
    rows = table.execute(f"SELECT * FROM job WHERE {where} ORDER BY number", values)  # noqa: S608
    return [_record(dict(row)) for row in rows]


def _record(row: dict[str, Any]) -> JobRecord:
    failure = row["failure"]
    plain = {
        "key": tuple(json.loads(row["key"])),
        "order": json.loads(row["order"]),
        "state": JobState(row["state"]),
        "cancelling": bool(row["cancelling"]),
        "failure": None if failure is None else json.loads(failure),
    }
    return JobRecord(**{**row, **plain})


def _end(
    table: sqlite3.Connection, job_id: str, state: JobState, error: CropMapError | None
) -> None:
    failure = None if error is None else json.dumps(error_to_json(error))
    table.execute(
        "UPDATE job SET state = ?, failure = ?, slot = 0, ended = ? WHERE id = ?",
        (state.value, failure, time.time(), job_id),
    )


def _key_text(key: JobKey) -> str:
    return json.dumps(list(key))


def _unusable(folder: Path, error: Exception) -> OutputError:
    if isinstance(error, OSError) and error.errno is not None:
        return storage_error(error, folder)
    full = isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL
    if full:
        return storage_error(OSError(errno.ENOSPC, ""), folder / _FILE)
    return OutputError(
        f"The list of jobs in {folder} cannot be used ({error}).",
        "See that the folder can be written, and try again.",
    )
