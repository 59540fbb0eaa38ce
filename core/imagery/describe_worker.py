"""The process that opens a stranger's raster to say what it is: its grid, bands and fingerprint.

``core.imagery.limited_worker`` says how it is spoken to.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from core.imagery.limited_worker import serve
from core.task import ShareProgress


def describe(order: dict[str, Any], tell: ShareProgress) -> dict[str, Any]:
    """The scene that the raster is, as plain values."""
    # Sidecars (.ovr, .msk, .aux.xml) are opened by whatever driver they ask for.
    os.environ["GDAL_DISABLE_READDIR_ON_OPEN"] = "EMPTY_DIR"
    from core.imagery.scene import open_scene  # noqa: PLC0415  (after the limits)
    from core.imagery.stretch import Stretch  # noqa: PLC0415

    bands = tuple(order["bands"]) if order["bands"] else None
    stretch = Stretch.from_json(order["stretch"])
    return {
        "scene": open_scene(
            order["source"], crs=order["crs"], bands=bands, stretch=stretch
        ).to_json()
    }


if __name__ == "__main__":
    sys.exit(serve(describe))
