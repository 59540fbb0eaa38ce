"""What every promptable model offers, and the arrays that travel to and from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.prompts.prompt import Prompt
from core.sam.field_map import FieldMap

LOGIT_SIDE = 256
"""Side of low-resolution logits: a quarter of Segment Anything's padded square input of 1024, half
of the small model's of 512."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """An encoded image.

    Parameters
    ----------
    features : float32 (1, channels, rows, columns)
    input_size : tuple of int
        Height and width of the image as the model saw it, before padding to a square.
    original_size : tuple of int
        Height and width of the image in its own pixels.
    input_side : int
        Side of the padded square.
    key : str
        SHA-256 that names image and model.
    """

    features: npt.NDArray[np.float32]
    input_size: tuple[int, int]
    original_size: tuple[int, int]
    input_side: int
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class PromptBatch:
    """Prompts of one or more queries against one image.

    Parameters
    ----------
    coordinates : float32 (queries, points, 2)
        x, y in pixels of the original image in Segment Anything's convention: the centre of the
        first pixel is (0, 0).
    labels : int64 (queries, points)
        1 cropland, 0 not, -1 padding.
    boxes : float32 (queries, 4) or None
        Left, top, right, bottom in the same pixels.
    mask_input : float32 (queries, 1, 256, 256) or None
        Logits of an earlier answer or a dense prompt.
    """

    coordinates: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float32] | None = None
    mask_input: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Answers to a batch.

    Parameters
    ----------
    logits : float32 (queries, masks, 256, 256)
        Low resolution, in the frame of the padded square; above 0 is inside.
    predicted_iou : float32 (queries, masks)
        The model's own estimate of each mask's quality.
    """

    logits: npt.NDArray[np.float32]
    predicted_iou: npt.NDArray[np.float32]


class FieldMapper(Protocol):
    """Who tells fields apart; safe to call from several threads."""

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """Extent, boundary and depth of fields; None where nobody can tell them apart.

        Parameters
        ----------
        rgb : uint8 (rows, columns, 3)
        gsd_m : float
            Metres of a pixel.
        """
        ...


class Segmenter(FieldMapper, Protocol):
    """A promptable model; safe to call from several threads."""

    @property
    def name(self) -> str:
        """Key of the model in the registry."""
        ...

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        ...

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """Encode an image, uint8 (rows, columns, 3)."""
        ...

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding; never encodes."""
        ...


def in_half(embedding: Embedding) -> Embedding:
    """The embedding in half precision, which is how it is kept in memory and on disk."""
    return replace(embedding, features=embedding.features.astype(np.float16))


def in_full(embedding: Embedding) -> Embedding:
    """The embedding in single precision, as a model takes it."""
    return replace(embedding, features=embedding.features.astype(np.float32))


def to_batch(
    prompts: tuple[Prompt, ...], mask_input: npt.NDArray[np.float32] | None = None
) -> PromptBatch:
    """One query that holds all of ``prompts``; ``mask_input`` is float32 (1, 256, 256)."""
    coordinates = np.array(
        [[(p.point.column - 0.5, p.point.row - 0.5) for p in prompts]], dtype=np.float32
    ).reshape(1, len(prompts), 2)
    labels = np.array([[p.label for p in prompts]], dtype=np.int64).reshape(1, len(prompts))
    return PromptBatch(
        coordinates, labels, mask_input=None if mask_input is None else mask_input[None]
    )


def upsample_logits(
    logits: npt.NDArray[np.float32], embedding: Embedding
) -> npt.NDArray[np.float32]:
    """Low-resolution logits (..., 256, 256) on the original image's pixels (..., rows, columns).

    As Segment Anything does it: bilinear to the padded square, cut to the image, bilinear to its
    own size.
    """
    import torch  # noqa: PLC0415  (takes seconds; who only names the types does without)

    lead = logits.shape[:-2]
    low = torch.from_numpy(np.ascontiguousarray(logits)).reshape(-1, 1, *logits.shape[-2:])
    square = torch.nn.functional.interpolate(
        low, (embedding.input_side, embedding.input_side), mode="bilinear", align_corners=False
    )
    cut = square[..., : embedding.input_size[0], : embedding.input_size[1]]
    full = torch.nn.functional.interpolate(
        cut, embedding.original_size, mode="bilinear", align_corners=False
    )
    return full.reshape(*lead, *embedding.original_size).numpy()
