"""One mapping run in a thread of its own, watched by the page that started it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import CancelledError, CropMapError
from core.pipeline import MapOptions, MapResult, SceneRequest, map_scene

_log = logging.getLogger(__name__)

Prepare = Callable[[], SceneRequest]


@dataclass
class Job:
    """A run: its state is written by its thread and read by the page.

    Parameters
    ----------
    prepare : callable
        Gives the request; may take a while (the demo draws its scene there).
    out : Path
        Folder of the results.
    """

    prepare: Prepare
    options: MapOptions
    out: Path
    stage: str = "Opening the scene"
    done: int = 0
    total: int = 0
    request: SceneRequest | None = None
    result: MapResult | None = None
    error: CropMapError | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in the background."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the run goes on."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def cancelling(self) -> bool:
        """Whether the run was asked to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the run to stop after the current tile; finished tiles are kept."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self.request = self.prepare()
            self.result = map_scene(
                self.request,
                self.options,
                self.out,
                progress=self._progress,
                cancelled=self._stop.is_set,
            )
        except CancelledError as error:
            self.error = error
        except CropMapError as error:
            self.error = error
        except Exception:  # noqa: BLE001  (the last resort of a thread: logged, and told)
            # A mistake of ours: the person gets a sentence, the log gets the rest.
            _log.exception("the run failed")
            self.error = CropMapError(
                "Something went wrong in the application itself; your files are unchanged.",
                "The details are in the terminal where the app runs.",
            )

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total
