"""Which engine maps a run: what the person says, or what suits the scene and the machine."""

from __future__ import annotations

from core.machine_memory import free_bytes
from core.mapping.engines.in_order import Engine, OneProcess
from core.mapping.engines.process_pool import ProcessPool
from core.mapping.tile_task import MapRun
from core.mapping.workers import AS_SUITS, MOST_PROCESSES, Workers
from core.processors import processors
from core.sam.deferred import DeferredModel
from core.sam.registry import known_models

FEW_TILES = 8
"""With so few tiles to do another process is not worth the seconds in which it starts."""

_PROCESS_BYTES = 900_000_000
"""What a process takes that maps with the small model (``python -m benchmarks.region``)."""

_PER_WEIGHT_BYTE = 4
"""Bytes that a larger model takes for each of its file: weights, graph, and what it computes."""


def choose_engine(run: MapRun, workers: Workers = AS_SUITS) -> Engine:
    """Who maps a run.

    By default one process for each processor, fewer where memory is short, and this process alone
    for a few tiles, on a graphics card, or with a model that somebody else has loaded.

    Raises
    ------
    InputError
        Dask is asked for and not installed.
    """
    if workers.dask is not None:
        # Seconds to import, and installed only by those who have a cluster.
        from core.mapping.engines.dask_cluster import DaskCluster  # noqa: PLC0415

        return DaskCluster(workers.dask)
    count = workers.processes or _suiting(run)
    return OneProcess() if count == 1 else ProcessPool(count)


def _suiting(run: MapRun) -> int:
    """How many processes suit a run on this machine."""
    if len(run.tiles) - len(run.there()) < FEW_TILES or processors() == 1:
        return 1
    if not isinstance(run.segmenter, DeferredModel | None) or _on_graphics_card(run):
        return 1
    free = free_bytes()
    fitting = processors() if free is None else free // _bytes_of_a_process(run)
    return int(max(1, min(processors(), fitting, MOST_PROCESSES)))


def _bytes_of_a_process(run: MapRun) -> int:
    spec = None if run.segmenter is None else known_models().get(run.segmenter.name)
    return _PROCESS_BYTES + (0 if spec is None else _PER_WEIGHT_BYTE * spec.size_bytes)


def _on_graphics_card(run: MapRun) -> bool:
    """Whether the model runs there: it is one for all, and answers one process as fast as two."""
    if run.segmenter is None or run.options.device == "cpu" or run.options.runtime == "onnx":
        return False
    from core.sam.device import choose_device  # noqa: PLC0415  (torch takes seconds to import)

    return choose_device(run.options.device).type != "cpu"
