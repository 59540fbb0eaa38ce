"""Segment Anything in torch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from segment_anything.modeling import Sam
from segment_anything.utils.transforms import ResizeLongestSide

from core.sam.field_map import FieldMap, map_fields
from core.sam.protocol import Decoded, Embedding, FieldMapper, PromptBatch
from core.sam.small import LOGIT_SIDE, SmallModel

Prepared = tuple[torch.Tensor, torch.Tensor]


class TorchSegmenter:
    """A model of ``segment_anything.modeling``, or the small one, behind ``Segmenter``.

    One lock: torch's own threads already use every core, so calls from several threads queue.

    Parameters
    ----------
    fields : FieldMapper, optional
        Who tells fields apart for a model that has no field map of its own.
    """

    def __init__(
        self,
        model: Sam | SmallModel,
        name: str,
        weights_hash: str,
        device: torch.device,
        fields: FieldMapper | None = None,
    ) -> None:
        self.model = model.to(device).eval()
        self.fields = fields
        self._name = name
        self._weights_hash = weights_hash
        self._device = device
        self._lock = threading.Lock()
        self._resize = ResizeLongestSide(self.input_side)

    @property
    def name(self) -> str:
        """Key of the model."""
        return self._name

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        return self._weights_hash

    @property
    def input_side(self) -> int:
        """Side of the padded square that the encoder takes."""
        return int(self.model.image_encoder.img_size)

    @property
    def logit_side(self) -> int:
        """Side of low-resolution logits and of mask inputs."""
        if isinstance(self.model, SmallModel):
            return LOGIT_SIDE
        return int(self.model.prompt_encoder.mask_input_size[0])

    def preprocess(self, rgb: npt.NDArray[np.uint8]) -> tuple[torch.Tensor, tuple[int, int]]:
        """Resized, normalised and padded image (1, 3, side, side), and its size before padding."""
        resized = self._resize.apply_image(rgb)
        tensor = torch.as_tensor(resized, device=self._device).permute(2, 0, 1)[None].float()
        return self.model.preprocess(tensor), (int(resized.shape[0]), int(resized.shape[1]))

    @torch.inference_mode()
    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """Encode an image, uint8 (rows, columns, 3)."""
        return self._encode([rgb])[0]

    @torch.inference_mode()
    def embed_batch(self, images: Sequence[npt.NDArray[np.uint8]]) -> list[Embedding]:
        """Encode several images, each uint8 (rows, columns, 3), in one pass.

        On a graphics card in half precision, which is how embeddings are kept.
        """
        half = self._device.type == "cuda"
        with torch.autocast(self._device.type, dtype=torch.float16, enabled=half):
            return self._encode(images)

    def _encode(self, images: Sequence[npt.NDArray[np.uint8]]) -> list[Embedding]:
        with self._lock:
            prepared = [self.preprocess(rgb) for rgb in images]
            features = self.model.image_encoder(torch.cat([image for image, _ in prepared]))
        kept = features.float().cpu().numpy()
        return [
            Embedding(
                kept[number : number + 1],
                size,
                (int(rgb.shape[0]), int(rgb.shape[1])),
                self.input_side,
                key="",
            )
            for number, (rgb, (_, size)) in enumerate(zip(images, prepared, strict=True))
        ]

    @torch.inference_mode()
    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding."""
        with self._lock:
            features = torch.from_numpy(embedding.features).to(self._device)
            if isinstance(self.model, SmallModel):
                return self._decode_small(self.model, features, embedding, batch, multimask)
            sparse, dense = self._encode_prompts(self.model, batch, embedding)
            logits, quality = self.model.mask_decoder(
                image_embeddings=features,
                image_pe=self.model.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=multimask,
            )
        return Decoded(logits.float().cpu().numpy(), quality.float().cpu().numpy())

    @torch.inference_mode()
    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """Extent, boundary and depth of fields; None from a model without any."""
        if isinstance(self.model, SmallModel):
            return map_fields(rgb, gsd_m, partial(self._see_fields, self.model))
        return None if self.fields is None else self.fields.field_map(rgb, gsd_m)

    def _see_fields(self, model: SmallModel, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with self._lock:
            image = torch.as_tensor(rgb, device=self._device).permute(2, 0, 1)[None].float()
            logits = model.image_encoder.net((image - model.pixel_mean) / model.pixel_std).field_map
        likely: npt.NDArray[np.float32] = torch.sigmoid(logits)[0].cpu().numpy()
        return likely

    def _decode_small(
        self,
        model: SmallModel,
        features: torch.Tensor,
        embedding: Embedding,
        batch: PromptBatch,
        multimask: bool,
    ) -> Decoded:
        coordinates, labels = prompt_arrays(batch, embedding)
        mask, has_mask = mask_arrays(batch, len(labels), LOGIT_SIDE)
        arrays = (coordinates, labels, mask, has_mask)
        logits, quality = model(features, *(torch.from_numpy(a).to(self._device) for a in arrays))
        chosen = slice(1, None) if multimask else slice(0, 1)
        return Decoded(
            np.ascontiguousarray(logits[:, chosen].float().cpu().numpy()),
            quality[:, chosen].float().cpu().numpy(),
        )

    def _encode_prompts(self, model: Sam, batch: PromptBatch, embedding: Embedding) -> Prepared:
        points = None
        if batch.labels.shape[1]:
            coordinates = scale_coordinates(batch.coordinates, embedding)
            points = (
                torch.from_numpy(coordinates).to(self._device),
                torch.from_numpy(batch.labels).to(self._device),
            )
        boxes = None
        if batch.boxes is not None:
            corners = scale_coordinates(batch.boxes.reshape(-1, 2, 2), embedding)
            boxes = torch.from_numpy(corners.reshape(-1, 4)).to(self._device)
        masks = None
        if batch.mask_input is not None:
            masks = torch.from_numpy(batch.mask_input).to(self._device)
        sparse, dense = model.prompt_encoder(points=points, boxes=boxes, masks=masks)
        return sparse, dense


def scale_coordinates(
    coordinates: npt.NDArray[np.float32], embedding: Embedding
) -> npt.NDArray[np.float32]:
    """Positions (..., 2), x and y, from pixels of the original image to those of the input."""
    scale = np.array(
        [
            embedding.input_size[1] / embedding.original_size[1],
            embedding.input_size[0] / embedding.original_size[0],
        ],
        dtype=np.float32,
    )
    return np.ascontiguousarray(coordinates * scale, dtype=np.float32)


def prompt_arrays(
    batch: PromptBatch, embedding: Embedding
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Points, then what Segment Anything puts behind them.

    That is a box's two corners, else one padding point, else nothing where there are no points.
    """
    queries = len(batch.labels) if batch.boxes is None else len(batch.boxes)
    coordinates = scale_coordinates(batch.coordinates, embedding)
    if batch.boxes is not None:
        corners = scale_coordinates(batch.boxes.reshape(-1, 2, 2), embedding)
        extra = np.tile(np.array([[2, 3]], dtype=np.int64), (queries, 1))
    else:
        padding = 1 if batch.labels.shape[1] else 0
        # A padding point has no position: what stands here is multiplied by zero.
        corners = np.zeros((queries, padding, 2), dtype=np.float32)
        extra = np.full((queries, padding), -1, dtype=np.int64)
    return (
        np.concatenate([coordinates.reshape(queries, -1, 2), corners], axis=1),
        np.concatenate([batch.labels.reshape(queries, -1), extra], axis=1),
    )


def mask_arrays(
    batch: PromptBatch, queries: int, side: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The mask input (queries, 1, side, side), zeros where there is none, and whether there is."""
    if batch.mask_input is None:
        blank = np.zeros((queries, 1, side, side), dtype=np.float32)
        return blank, np.zeros(1, dtype=np.float32)
    given = np.ascontiguousarray(batch.mask_input, dtype=np.float32)
    return given, np.ones(1, dtype=np.float32)
