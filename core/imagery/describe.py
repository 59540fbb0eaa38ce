"""What a stranger's raster is, without opening it in here."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.errors import storage_error
from core.imagery.ingest import UNTRUSTED, WORDS
from core.imagery.limited import Task, run_limited
from core.imagery.scene import Scene
from core.imagery.stretch import Stretch

_WORKER = "core.imagery.describe_worker"


def describe(
    source: str | Path,
    *,
    crs: str | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Stretch,
) -> Scene:
    """The scene that an uploaded raster is, found out by a process of its own with limits.

    Parameters and errors as for :func:`core.imagery.scene.open_scene`.
    """
    path = Path(source)
    try:
        with tempfile.TemporaryDirectory(prefix="cropmap-look-") as folder:
            order = {
                "source": str(path.absolute()),
                "crs": crs,
                "bands": bands,
                "stretch": stretch.to_json(),
            }
            work = Path(folder)
            task = Task(_WORKER, order, work, path.name, work, WORDS, UNTRUSTED)
            return Scene.from_json(run_limited(task)["scene"])
    except OSError as error:
        raise storage_error(error, path) from error
