"""The processes of a Dask cluster, which may be other machines.

Tiles are plain tasks: the scheduler gives them to whoever is idle and gives those of a worker that
died to another.  A tile's result depends on its inputs alone, so one that is mapped twice does no
harm.  Needs the package ``distributed``.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError as LostFuture
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CropMapError, InputError, NetworkError
from core.files import prepare_folder, write_whole
from core.imagery.tile_plan import Tile
from core.mapping.engines.cluster_worker import (
    TOKEN,
    ClusterAnswer,
    ClusterTask,
    Sight,
    look_around,
    map_for_cluster,
)
from core.mapping.engines.in_order import Pending, Results, check_stopped, in_order
from core.mapping.engines.tile_order import TileOrder
from core.mapping.tile_task import MapRun, TileResult, blank_tile, map_one, tile_inputs
from core.task import Cancelled

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer."""

WORKER_SECONDS = 30.0
"""How long a cluster may be without any worker."""

FETCH_SECONDS = 120.0
"""How long a result of some megabytes may travel."""

_LOOK_SECONDS = 3.0
"""How often workers are counted: they come and go."""

_AHEAD = 3
"""Tiles a thread of a worker that are begun or wait for one before them."""

_TRIES_ELSEWHERE = 2
_KEPT = "What was finished is kept: run it again to go on from there."


class DaskCluster:
    """A cluster that is there already.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://HOST:8786``, or its file.

    Raises
    ------
    InputError
        The package ``distributed`` is not installed, or there is no such file.
    """

    def __init__(self, address: str) -> None:
        if find_spec("distributed") is None:
            raise InputError(
                "A Dask cluster needs the package 'distributed', which is not installed.",
                "Install it with: pip install 'cropmap[dask]'",
            )
        self._from_file = "://" not in address and not _names_a_port(address)
        if self._from_file and not Path(address).is_file():
            raise InputError(
                f"There is no scheduler file {address}.",
                "Give the file that the scheduler wrote, or its address: tcp://HOST:8786.",
            )
        self._address = address

    def results(self, run: MapRun, tiles: Sequence[Tile], cancelled: Cancelled) -> Results:
        """As :class:`core.mapping.engines.in_order.Engine` has it.

        Raises
        ------
        NetworkError
            The scheduler is out of reach, or there is no worker.
        InputError
            A worker has another version of cropmap, or none.
        """
        with self._client() as client, told_plainly(self._address):
            check_stopped(cancelled, 0, len(tiles))
            session = _Session(client, run, self._address)
            yield from in_order(tiles, session.submit, session.at_once, cancelled)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        from distributed import Client  # noqa: PLC0415  (seconds to import)

        # What it would print of a lost scheduler is said in a sentence.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        where = {"scheduler_file" if self._from_file else "address": self._address}
        try:
            client = Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise NetworkError(
                f"The Dask scheduler {self._address} cannot be reached.",
                "Check that it runs and that this machine may connect to it.",
            ) from error
        try:
            yield client
        finally:
            client.close(timeout=CONNECT_SECONDS)


class _Session:
    """One run on one cluster."""

    def __init__(self, client: Client, run: MapRun, address: str) -> None:
        self._client, self._run, self._address = client, run, address
        self._order = TileOrder.of(run)
        self._name = secrets.token_hex(16)
        self._threads, self._counted, self._last_seen = 0, -_LOOK_SECONDS, time.monotonic()
        self._wait_for_workers()
        sights = self._look()
        self._reading = all(all(one.files) for one in sights)
        self._keeping = self._reading and all(one.folder for one in sights)

    def submit(self, tile: Tile) -> Pending:
        """Give a tile to the cluster."""
        if not self._keeping and self._run.kept(tile) is not None:
            return _Here(map_one(self._run, tile))
        inputs = None
        if not self._reading:
            inputs = tile_inputs(self._run, tile)
            if inputs is None:
                return _Here(blank_tile(self._run, tile))
        task = ClusterTask(self._name, self._order, tile, self._keeping, inputs)
        future = self._client.submit(
            map_for_cluster, task, key=f"{self._name}-{tile.name}", retries=_TRIES_ELSEWHERE
        )
        return _There(self, future, tile)

    def at_once(self) -> int:
        """How many tiles may be begun: the workers that are there now decide."""
        self.count()
        return self._threads * _AHEAD

    def count(self) -> None:
        """Count the workers every now and then; NetworkError where none is left for long."""
        now = time.monotonic()
        if now - self._counted < _LOOK_SECONDS:
            return
        self._threads, self._counted = sum(self._client.nthreads().values()), now
        if self._threads:
            self._last_seen = now
        elif now - self._last_seen > WORKER_SECONDS:
            raise self._no_worker()

    def keep(self, tile: Tile, answer: ClusterAnswer) -> TileResult:
        """A tile's result, after its prediction was kept here where the worker could not."""
        if answer.prediction is not None:
            self._run.keep(tile, answer.prediction)
        return answer.result

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise self._no_worker() from error

    def _no_worker(self) -> NetworkError:
        return NetworkError(
            f"The Dask cluster {self._address} has no worker.",
            "Start workers (an adaptive cluster needs a minimum of 1), and run it again: what was "
            "finished is kept.",
        )

    def _look(self) -> list[Sight]:
        """What each worker sees; InputError where one cannot work for this run."""
        token = secrets.token_hex(16)
        folder = prepare_folder(self._order.folder)
        write_whole(folder / TOKEN, token.encode())
        sights = self._client.run(
            look_around, self._order.paths, str(folder), token, on_error="return"
        )
        for worker, sight in sights.items():
            check_worker(worker, sight, self._order.code)
        return list(sights.values())


def check_worker(worker: str, sight: Sight | Exception, code: str) -> None:
    """Raise where a worker, by its address and what it sees, cannot work for a run.

    Raises
    ------
    InputError
        It has no cropmap, or another version than ``code``.
    """
    if isinstance(sight, ImportError):
        raise InputError(
            f"The Dask worker {worker} has no cropmap, or none that can be loaded: {sight}.",
            "Install the same version on every machine.",
        ) from sight
    if isinstance(sight, Exception):
        raise sight
    if sight.code != code:
        raise InputError(
            f"The Dask worker {worker} on {sight.host} has another version of cropmap "
            f"({sight.cropmap}) or of its libraries than this machine.",
            "Install the same version on every machine.",
        )


class _There:
    """A tile that the cluster maps."""

    def __init__(self, session: _Session, future: Future, tile: Tile) -> None:
        self._session, self._future, self._tile = session, future, tile
        self._ended = threading.Event()
        future.add_done_callback(lambda _: self._ended.set())

    def result(self, timeout: float) -> TileResult:
        if not self._ended.wait(timeout):
            self._session.count()
            raise TimeoutError
        # It is there; only now is it fetched from its worker, for as long as that takes.
        answer: ClusterAnswer | CropMapError = self._future.result(timeout=FETCH_SECONDS)
        if isinstance(answer, CropMapError):
            raise answer
        return self._session.keep(self._tile, answer)

    def done(self) -> bool:
        return self._ended.is_set()

    def cancel(self) -> None:
        self._future.release()


class _Here:
    """A tile that was kept here, where the cluster does not see it, or that is blank."""

    def __init__(self, result: TileResult) -> None:
        self._result = result

    def result(self, timeout: float) -> TileResult:
        return self._result

    def done(self) -> bool:
        return True

    def cancel(self) -> None:
        return


@contextmanager
def told_plainly(address: str) -> Iterator[None]:
    """What Dask raises about itself as one sentence."""
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        yield
    except KilledWorker as error:
        raise CropMapError(
            "Several workers of the Dask cluster died at the same tile, most often because memory "
            "ran out.",
            f"Give each worker more memory. {_KEPT}",
        ) from error
    except (LostFuture, OSError) as error:
        raise NetworkError(
            f"The Dask scheduler {address} cannot be reached any more.", _KEPT
        ) from error


def _names_a_port(address: str) -> bool:
    """Whether a text is ``HOST:PORT`` and no file."""
    return address.rpartition(":")[2].isdigit() and not Path(address).exists()
