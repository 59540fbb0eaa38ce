"""Files of polygons read as the limited process reads them, without starting one each time."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from core.errors import CropMapError, UnreadableLabelsError
from core.existing.handover import hand_over, taken_over
from core.existing.label_files import order_for, reading_environment
from core.existing.labels_file import LabelsFile
from core.grid import Grid
from core.task import silent_share


def read_here(source: Path, grid: Grid) -> LabelsFile:
    """Read a file of polygons in this process, which has limits itself.

    Raises
    ------
    CropMapError
        As :func:`core.existing.label_files.read_labels` says it.
    """
    os.environ.update(reading_environment())
    with tempfile.TemporaryDirectory(prefix="cropmap-labels-") as folder:
        work = Path(folder)
        try:
            hand_over(order_for(source, work, source.name, None, grid), silent_share)
        except CropMapError:
            raise
        except Exception as error:
            # What the process that reads dies of is told by the one that started it.
            raise UnreadableLabelsError("It is damaged.", traceback.format_exc()) from error
        return taken_over(work, source.name)
