"""Labels taken over from a file, on a tile: decoded once, however often the log is replayed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from typing import Any

from core.grid import Grid
from core.imagery.frame import Frame
from core.label.correction_import import LabelsImport, import_from_json

_MOST = 32

_lock = threading.Lock()
_known: OrderedDict[tuple[str, Grid], LabelsImport] = OrderedDict()


def native_import(data: dict[str, Any], frame: Frame) -> LabelsImport:
    """A stored import with its shapes in native pixels; the same object for the same contents."""
    # By its contents, not by a name that it states: a stranger's bundle may state any.
    contents = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    key = (contents, frame.scene_grid)
    with _lock:
        known = _known.get(key)
        if known is not None:
            _known.move_to_end(key)
            return known
    made = import_from_json(data, frame.worlds_to_native)
    with _lock:
        _known[key] = made
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return made
