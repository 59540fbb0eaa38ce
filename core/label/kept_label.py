"""Labels of tiles on disk: for maps of the whole scene, and for a tile that is opened again."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from core.errors import OutputError
from core.files import name_in_folder, write_checked
from core.predict.kept_prediction import read_kept

_log = logging.getLogger(__name__)


def keep_label(path: Path, label: dict[str, Any]) -> None:
    """Keep a tile's label as :meth:`core.label.tile_label.Label.to_json` gives it.

    It can always be made again, so a full disk costs the picture and nothing else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checked(path, json.dumps(label).encode(), name_in_folder(path))
    except (OutputError, OSError) as error:
        _log.warning("A label was not kept: %s", error)


def load_label(path: Path) -> dict[str, Any] | None:
    """What :func:`keep_label` kept; None where there is none, or a damaged one."""
    body = read_kept(path)
    if body is None:
        return None
    label: dict[str, Any] = json.loads(body)
    return label
