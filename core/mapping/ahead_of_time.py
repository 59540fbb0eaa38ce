"""Embeddings of whole scenes, ahead of the people who click on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.imagery.frame import plan_scene
from core.imagery.scene import Scene, may_hold, read_window
from core.sam.ahead import AheadEncoder
from core.task import Cancelled, Progress


@dataclass(frozen=True, slots=True)
class EmbedPlan:
    """What will be computed.

    Parameters
    ----------
    scenes : tuple of Scene
    tiles : int
        Tiles of all scenes, also those in which the image holds nothing.
    encoder : AheadEncoder
    """

    scenes: tuple[Scene, ...]
    tiles: int
    encoder: AheadEncoder

    def sentence(self) -> str:
        """Number and size, before it begins."""
        size = self.encoder.bytes_each
        return (
            f"{self.tiles} tiles, {size / 1e6:.1f} MB each: "
            f"at most {self.tiles * size / 1e9:.2f} GB."
        )


def plan_embeddings(scenes: Sequence[Scene], model: str, device: str = "auto") -> EmbedPlan:
    """Load the model, count the tiles, and see whether the cache may hold them.

    Raises
    ------
    InputError, MissingWeightsError, ChecksumError, WeightsError
        As for :class:`AheadEncoder`; or the cache may not hold so many.
    """
    encoder = AheadEncoder(model, device)
    tiles = sum(len(plan_scene(scene)) for scene in scenes)
    encoder.check_room(tiles)
    return EmbedPlan(tuple(scenes), tiles, encoder)


def embed_scenes(plan: EmbedPlan, progress: Progress, cancelled: Cancelled) -> tuple[int, int]:
    """Compute what is not in the cache; how many were made, and how many were there.

    Raises
    ------
    CancelledError, InputError, OutputError
        Cancelled; an image cannot be read any more; the cache cannot be written.
    """
    return plan.encoder.fill(_pixels(plan.scenes), plan.tiles, progress, cancelled)


def _pixels(scenes: Sequence[Scene]) -> Iterator[npt.NDArray[np.uint8] | None]:
    for scene in scenes:
        for tile in plan_scene(scene):
            image = read_window(scene, tile.window) if may_hold(scene, tile.window) else None
            yield None if image is None or not image.valid.any() else image.rgb
