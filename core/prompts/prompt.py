"""Prompts as values: points and boxes with label, source and weight, on the grid of one tile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.grid import Grid, PixelPoint, WorldPoint

Source = Literal["auto", "person"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A point that says "cropland" (label 1) or "not cropland" (label 0).

    Parameters
    ----------
    point : PixelPoint
        Position on the tile's grid, in pixels; (0.5, 0.5) is the centre of the first pixel.
    weight : float
        Trust in the prompt, 0 to 1.
    """

    point: PixelPoint
    label: Literal[0, 1]
    source: Source = "auto"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class BoxPrompt:
    """A box around cropland, in pixels of the tile's grid."""

    left: float
    top: float
    right: float
    bottom: float
    source: Source = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class PromptSet:
    """All prompts of one tile; a value, changed by making another.

    Parameters
    ----------
    points : tuple of Prompt
        In the order in which they are shown to the model.
    boxes : tuple of BoxPrompt
    dense : float32 (256, 256) or None
        Logits in Segment Anything's ``mask_input`` frame.
    """

    points: tuple[Prompt, ...] = ()
    boxes: tuple[BoxPrompt, ...] = ()
    dense: npt.NDArray[np.float32] | None = None

    @property
    def positives(self) -> tuple[Prompt, ...]:
        """Points on cropland."""
        return tuple(p for p in self.points if p.label == 1)

    @property
    def negatives(self) -> tuple[Prompt, ...]:
        """Points beside cropland."""
        return tuple(p for p in self.points if p.label == 0)

    def added(self, prompt: Prompt) -> PromptSet:
        """With one more point, last in order."""
        return replace(self, points=(*self.points, prompt))

    def moved(self, index: int, point: PixelPoint) -> PromptSet:
        """With the point at ``index`` elsewhere; it is the person's from now on."""
        return self._with(index, replace(self.points[index], point=point, source="person"))

    def flipped(self, index: int) -> PromptSet:
        """With the label of the point at ``index`` turned round; it is the person's from now on."""
        old = self.points[index]
        return self._with(index, replace(old, label=0 if old.label else 1, source="person"))

    def deleted(self, index: int) -> PromptSet:
        """Without the point at ``index``."""
        return replace(self, points=self.points[:index] + self.points[index + 1 :])

    def replaced_auto(self, placed: PromptSet) -> PromptSet:
        """With automatic prompts taken from ``placed`` and the person's own kept, last."""
        own = tuple(p for p in self.points if p.source == "person")
        own_boxes = tuple(b for b in self.boxes if b.source == "person")
        return replace(placed, points=(*placed.points, *own), boxes=(*placed.boxes, *own_boxes))

    def _with(self, index: int, prompt: Prompt) -> PromptSet:
        return replace(self, points=(*self.points[:index], prompt, *self.points[index + 1 :]))


def prompts_to_json(prompts: PromptSet, grid: Grid) -> list[dict[str, Any]]:
    """Points in world coordinates of ``grid``'s CRS, so that they outlive the tile."""
    rows = []
    for prompt in prompts.points:
        world = grid.pixel_to_world(prompt.point)
        rows.append(
            {
                "x": world.x,
                "y": world.y,
                "label": prompt.label,
                "source": prompt.source,
                "weight": prompt.weight,
            }
        )
    return rows


def prompts_from_json(rows: list[dict[str, Any]], grid: Grid) -> PromptSet:
    """The inverse of :func:`prompts_to_json`, onto the grid of any tile in the same CRS."""
    return PromptSet(
        tuple(
            Prompt(
                grid.world_to_pixel(WorldPoint(row["x"], row["y"])),
                1 if row["label"] else 0,
                "person" if row["source"] == "person" else "auto",
                float(row["weight"]),
            )
            for row in rows
        )
    )
