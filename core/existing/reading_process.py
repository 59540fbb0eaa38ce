"""The process that opens a stranger's file of labels and hands over plain polygons.

``core.imagery.limited_worker`` says how it is spoken to.
"""

from __future__ import annotations

import sys
from typing import Any

from core.imagery.limited_worker import serve
from core.task import ShareProgress


def read(order: dict[str, Any], tell: ShareProgress) -> dict[str, Any]:
    """Read what is ordered."""
    from core.existing.handover import hand_over  # noqa: PLC0415  (after the limits)

    return hand_over(order, tell)


if __name__ == "__main__":
    sys.exit(serve(read))
