"""Lets torchvision load beside a CPU build of torch.

segment_anything and timm import torchvision for a handful of functions.  PyPI's torchvision for
Linux is built for CUDA; beside a CPU torch its import fails with "operator torchvision::nms does
not exist".  The operator is then defined here, in Python.  Import this module before either
library; on a machine with a matching pair it changes nothing.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_library: torch.library.Library | None = None


def prepare_torchvision() -> None:
    """Define ``torchvision::nms`` where torchvision's own library cannot provide it."""
    global _library  # noqa: PLW0603  (the registration lives as long as this handle)
    if _library is not None or _native_library_loads():
        return
    _library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    # Its quantised twin is only declared: torchvision looks it up when it is imported.
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    _library.impl("nms", non_maximum_suppression, "CPU")  # type: ignore[no-untyped-call]


def non_maximum_suppression(
    boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float
) -> torch.Tensor:
    """Indices of the boxes that stay, best score first.

    ``boxes`` is float (N, 4) as left, top, right, bottom; ``scores`` float (N,).  A box goes when
    its IoU with a better one exceeds ``iou_threshold``.
    """
    order = scores.argsort(descending=True, stable=True)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.numel():
        best, rest = order[0], order[1:]
        kept.append(int(best))
        corner_low = torch.maximum(boxes[rest, :2], boxes[best, :2])
        corner_high = torch.minimum(boxes[rest, 2:], boxes[best, 2:])
        shared = (corner_high - corner_low).clamp(min=0).prod(dim=1)
        iou = shared / (areas[rest] + areas[best] - shared)
        order = rest[iou <= iou_threshold]
    return torch.tensor(kept, dtype=torch.int64)


def _native_library_loads() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True  # its absence is another error, and says so itself
    folder = Path(spec.origin).parent
    for library in sorted(folder.glob("_C*")):
        try:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
        except OSError:
            continue
        return hasattr(torch.ops.torchvision, "nms")
    return False


prepare_torchvision()
