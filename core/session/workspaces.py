"""All tiles that are being worked on in this process; the least recently used are let go."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from core.errors import CropMapError
from core.project import Project
from core.session.idle import IDLE
from core.session.models import Models
from core.session.opened import open_project_scene, release_scenes
from core.session.work_queue import Urgency
from core.session.workspace import Workspace

_MOST_TILES = 32
"""Some 25 MB each with the small model; ten people need twenty, with the next tile of each."""

_log = logging.getLogger(__name__)


class Workspaces:
    """Workspaces by project, scene and tile."""

    def __init__(self, models: Models | None = None) -> None:
        self.models = models or Models()
        self._open: OrderedDict[tuple[Path, str, str], Workspace] = OrderedDict()
        self._lock = threading.Lock()
        self._soon = ThreadPoolExecutor(1, thread_name_prefix="soon")

    def get(self, project: Project, scene_id: str, tile: str) -> Workspace:
        """The workspace of a tile.

        Raises
        ------
        ProjectError
            The project has no such scene, or the scene no such tile.
        """
        IDLE.asked()
        key = (project.path, scene_id, tile)
        with self._lock:
            known = self._knows(key, project)
        if not known:
            open_project_scene(project, scene_id).tile(tile)
        with self._lock:
            if not self._knows(key, project):
                self._open[key] = Workspace(project, scene_id, tile, self.models, self.later)
            self._open.move_to_end(key)
            while len(self._open) > _MOST_TILES:
                self._open.popitem(last=False)
            return self._open[key]

    def _knows(self, key: tuple[Path, str, str], project: Project) -> bool:
        """Whether there is one that stores where this project does: its file may be another now."""
        known = self._open.get(key)
        return known is not None and known.project is project

    def look_ahead(self, project: Project, scene_id: str, tile: str | None) -> None:
        """Prepare a tile that somebody will probably open next, when nothing else is to do."""
        if tile is not None:
            workspace = self.get(project, scene_id, tile)
            self.later(lambda: workspace.prepare(Urgency.AHEAD))

    def later(self, work: Callable[[], object]) -> None:
        """Do something small soon; what goes wrong is logged, nobody waits for it."""
        self._soon.submit(_logged, work)

    def release(self) -> None:
        """Let go of all tiles and models; whoever comes back waits for them once more."""
        with self._lock:
            self._open.clear()
        self.models.release()

    def settle(self) -> None:
        """Wait until all that was put off is done."""
        self._soon.submit(lambda: None).result()


def _logged(work: Callable[[], object]) -> None:
    try:
        work()
    except CropMapError as error:
        _log.warning("%s", error)
    except Exception:  # noqa: BLE001  (the last resort of a thread)
        _log.exception("something put off went wrong")


@lru_cache(maxsize=1)
def get_workspaces() -> Workspaces:
    """Those of this process, which are let go once nobody has asked for a tile for a while."""
    made = Workspaces()
    IDLE.add(made.release)
    IDLE.add(release_scenes)
    return made
