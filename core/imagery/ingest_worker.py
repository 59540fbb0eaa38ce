"""The process that opens a stranger's raster and writes our own copy of it.

``core.imagery.limited_worker`` says how it is spoken to.  Limits are set before anything that can
read a raster is loaded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from core.imagery.limited_worker import serve
from core.task import ShareProgress


def copy(order: dict[str, Any], tell: ShareProgress) -> dict[str, Any]:
    """Write the copy that is ordered."""
    if not order["trusted"]:
        # Sidecars (.ovr, .msk, .aux.xml) are opened by whatever driver they ask for.
        os.environ["GDAL_DISABLE_READDIR_ON_OPEN"] = "EMPTY_DIR"
    from core.imagery.cog import copy_as_cog  # noqa: PLC0415  (after the limits)

    copy_as_cog(
        Path(order["source"]),
        Path(order["copy"]),
        crs=order["crs"],
        categorical=order["categorical"],
        progress=tell,
    )
    return {}


if __name__ == "__main__":
    sys.exit(serve(copy))
