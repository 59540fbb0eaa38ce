"""Scenes by hand, and a segmenter that answers by colour and remembers what it was asked."""

from __future__ import annotations

import numpy as np
from affine import Affine
from pyproj import CRS

from core.grid import Grid
from core.imagery.scene import SceneImage
from core.landcover.registry import PRODUCTS
from core.landcover.source import LandCoverTile
from core.sam.protocol import Decoded, Embedding, PromptBatch

WORLDCOVER = PRODUCTS["worldcover_v200"]


def grid(size: int = 64, gsd_m: float = 10.0) -> Grid:
    """A square UTM grid."""
    return Grid(CRS.from_epsg(32633), Affine(gsd_m, 0, 500_000, 0, -gsd_m, 5e6), size, size)


def scene_image(rgb: np.ndarray, gsd_m: float = 10.0) -> SceneImage:
    """An image on :func:`grid`, all of it valid."""
    return SceneImage(rgb, np.ones(rgb.shape[:2], dtype=bool), grid(len(rgb), gsd_m))


def landcover_tile(cropland: np.ndarray, gsd_m: float = 10.0) -> LandCoverTile:
    """WorldCover codes 40 and 30 on :func:`grid`."""
    return LandCoverTile(
        np.where(cropland, 40, 30).astype(np.uint16),
        cropland.astype(np.float32),
        np.ones(cropland.shape, dtype=bool),
        grid(len(cropland), gsd_m),
        WORLDCOVER,
    )


class ColourSegmenter:
    """Inside is what has nearly the colour of most positive points; counts its embeddings."""

    name = "colour"
    weights_hash = "0" * 64

    def __init__(self) -> None:
        self.embedded = 0
        self.asked: list[tuple[PromptBatch, bool]] = []
        self.answers: list[np.ndarray] = []

    def embed(self, rgb: np.ndarray) -> Embedding:
        self.embedded += 1
        side = 1024
        scale = side / max(rgb.shape[:2])
        height, width = (round(n * scale) for n in rgb.shape[:2])
        features = np.zeros((1, 3, 256, 256), dtype=np.float32)
        rows = ((np.arange(height // 4) + 0.5) / (height // 4) * rgb.shape[0]).astype(int)
        columns = ((np.arange(width // 4) + 0.5) / (width // 4) * rgb.shape[1]).astype(int)
        small = rgb[rows[:, None], columns[None, :]].astype(np.float32)
        features[0, :, : height // 4, : width // 4] = np.moveaxis(small, -1, 0)
        return Embedding(features, (height, width), rgb.shape[:2], side, "fake")

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        self.asked.append((batch, multimask))
        scale = 256 / max(embedding.original_size)
        masks = 3 if multimask else 1
        logits = np.empty((len(batch.labels), masks, 256, 256), dtype=np.float32)
        for query, (places, labels) in enumerate(zip(batch.coordinates, batch.labels, strict=True)):
            positives = np.clip(((places[labels == 1] + 0.5) * scale).astype(int), 0, 255)
            colours = embedding.features[0][:, positives[:, 1], positives[:, 0]]
            distance = np.zeros((positives.shape[0], 256, 256), dtype=np.float32)
            for band in range(3):
                distance += np.abs(embedding.features[0][band][None] - colours[band][:, None, None])
            logits[query] = 30.0 - np.median(distance, axis=0)
        self.answers.append(logits)
        return Decoded(logits, np.full((len(batch.labels), masks), 0.9, dtype=np.float32))
