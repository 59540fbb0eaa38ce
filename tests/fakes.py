"""Segmenters without weights and a small farmland tile, for tests that must not need a model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid
from core.imagery.scene import SceneImage
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile
from core.sam.field_map import FieldMap
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding, PromptBatch

INPUT_SIDE = 1024
_CROPLAND, _TREES = 40, 10
_GAIN = 20.0
_REACH = 0.25
_WHOLE_IMAGE_IOU = 0.6


@dataclass
class ColourSegmenter:
    """Answers by colour and records what it was asked.

    A pixel is inside where its colour is nearer to a positive point's than to any negative's (or
    than 0.25 where there is no negative).  With ``multimask`` the answers are: the connected part
    at the first point, all of that colour, and the whole image.
    """

    embedded: int = 0
    batches: list[PromptBatch] = field(default_factory=list)
    multimasks: list[bool] = field(default_factory=list)
    name: str = "colour"
    weights_hash: str = "0" * 64

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        self.embedded += 1
        height, width = rgb.shape[:2]
        scale = LOGIT_SIDE / max(height, width)
        rows = (np.arange(round(height * scale)) / scale).astype(int)
        columns = (np.arange(round(width * scale)) / scale).astype(int)
        features = np.zeros((1, 3, LOGIT_SIDE, LOGIT_SIDE), dtype=np.float32)
        small = rgb[rows[:, None], columns[None, :]].astype(np.float32) / 255
        features[0, :, : len(rows), : len(columns)] = small.transpose(2, 0, 1)
        input_size = (len(rows) * 4, len(columns) * 4)
        return Embedding(features, input_size, (height, width), INPUT_SIDE, f"key {self.embedded}")

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        self.batches.append(batch)
        self.multimasks.append(multimask)
        logits, estimates = [], []
        for places, labels in zip(batch.coordinates, batch.labels, strict=True):
            alike = self._alike(embedding, places, labels)
            if not multimask:
                logits.append([alike])
                estimates.append([0.9])
                continue
            row, column = _frame_position(embedding, places[0])
            parts, _ = ndimage.label(alike > 0)
            own = (parts == parts[row, column]) & (alike > 0)
            part = np.where(own, alike, -8.0)
            logits.append([part, alike, np.full_like(alike, 8.0)])
            estimates.append([0.95, 0.85, _WHOLE_IMAGE_IOU])
        return Decoded(np.array(logits, dtype=np.float32), np.array(estimates, dtype=np.float32))

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        return None

    @staticmethod
    def _alike(
        embedding: Embedding, places: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        features = embedding.features[0]
        nearest = {0: np.full(features.shape[1:], _REACH), 1: np.full(features.shape[1:], np.inf)}
        if (labels == 0).any():
            nearest[0][:] = np.inf
        for place, label in zip(places, labels, strict=True):
            if label < 0:
                continue
            row, column = _frame_position(embedding, place)
            colour = features[:, row, column][:, None, None]
            distance = np.sqrt(((features - colour) ** 2).sum(axis=0))
            nearest[int(label)] = np.minimum(nearest[int(label)], distance)
        return np.clip((nearest[0] - nearest[1]) * _GAIN, -8.0, 8.0).astype(np.float32)


@dataclass
class NumberingSegmenter(ColourSegmenter):
    """The n-th answer is n everywhere, so that a fed-back answer tells which one it was."""

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        self.batches.append(batch)
        self.multimasks.append(multimask)
        logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), len(self.batches), dtype=np.float32)
        return Decoded(logits, np.ones((1, 1), dtype=np.float32))


def _frame_position(embedding: Embedding, place: npt.NDArray[np.float32]) -> tuple[int, int]:
    """Row and column in the frame of the logits; ``place`` is x, y, centres at integers."""
    scale = LOGIT_SIDE / max(embedding.original_size)
    return int((place[1] + 0.5) * scale), int((place[0] + 0.5) * scale)


@dataclass(frozen=True, slots=True, eq=False)
class FarmlandTile:
    """Image, land cover with mistakes, and truth: bool (rows, columns) and field numbers."""

    image: SceneImage
    landcover: LandCoverTile
    truth: npt.NDArray[np.bool_]
    fields: npt.NDArray[np.int32]


def grid_of(rows: int, columns: int, gsd_m: float = 10.0) -> Grid:
    """A UTM grid near its central meridian, where map metres are ground metres to 0.1 %."""
    return Grid(
        CRS.from_epsg(32633), Affine(gsd_m, 0, 500_000, 0, -gsd_m, 5_000_000), columns, rows
    )


def landcover_of(
    cropland: npt.NDArray[np.bool_],
    valid: npt.NDArray[np.bool_] | None = None,
    gsd_m: float = 10.0,
) -> LandCoverTile:
    """Land cover with WorldCover codes: cropland where true, trees elsewhere."""
    known = np.ones_like(cropland) if valid is None else valid
    fraction = np.where(known, cropland, np.nan).astype(np.float32)
    classes = np.where(cropland, _CROPLAND, _TREES).astype(np.uint16)
    rows, columns = cropland.shape
    grid = grid_of(rows, columns, gsd_m)
    return LandCoverTile(classes, fraction, known, grid, PRODUCTS["worldcover_v200"])


def farmland_tile(seed: int = 0) -> FarmlandTile:
    """64 x 64 px at 10 m: two green fields on brown ground; land cover shifted, with two clumps."""
    generator = np.random.default_rng(seed)
    fields = np.zeros((64, 64), dtype=np.int32)
    fields[6:58, 4:28] = 1
    fields[10:50, 36:60] = 2
    truth = fields > 0
    rgb = np.where(truth[..., None], (60, 140, 50), (150, 110, 80))
    rgb = np.clip(rgb + generator.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)
    cropland = np.roll(truth, 1, axis=1)
    cropland[20:28, 8:16] = False
    cropland[54:62, 44:52] = True
    image = SceneImage(rgb, np.ones_like(truth), grid_of(64, 64))
    return FarmlandTile(image, landcover_of(cropland), truth, fields)


def plain_image(rows: int, columns: int, gsd_m: float = 10.0) -> SceneImage:
    """An image of one colour."""
    rgb = np.full((rows, columns, 3), 120, dtype=np.uint8)
    return SceneImage(rgb, np.ones((rows, columns), dtype=np.bool_), grid_of(rows, columns, gsd_m))


def iou(mask: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((mask & truth).sum() / (mask | truth).sum())
