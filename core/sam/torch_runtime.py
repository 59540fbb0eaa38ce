"""Segment Anything in torch."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import torch
from segment_anything.modeling import Sam
from segment_anything.utils.transforms import ResizeLongestSide

from core.sam.protocol import Decoded, Embedding, PromptBatch

Prepared = tuple[torch.Tensor, torch.Tensor]


class TorchSegmenter:
    """A model of ``segment_anything.modeling`` behind the ``Segmenter`` protocol.

    One lock: torch's own threads already use every core, so calls from several threads queue.
    """

    def __init__(self, model: Sam, name: str, weights_hash: str, device: torch.device) -> None:
        self.model = model.to(device).eval()
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
        return int(self.model.prompt_encoder.mask_input_size[0])

    def preprocess(self, rgb: npt.NDArray[np.uint8]) -> tuple[torch.Tensor, tuple[int, int]]:
        """Resized, normalised and padded image (1, 3, side, side), and its size before padding."""
        resized = self._resize.apply_image(rgb)
        tensor = torch.as_tensor(resized, device=self._device).permute(2, 0, 1)[None].float()
        return self.model.preprocess(tensor), (int(resized.shape[0]), int(resized.shape[1]))

    @torch.inference_mode()
    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """Encode an image, uint8 (rows, columns, 3)."""
        with self._lock:
            image, input_size = self.preprocess(rgb)
            features = self.model.image_encoder(image)
        return Embedding(
            features.float().cpu().numpy(),
            input_size,
            (int(rgb.shape[0]), int(rgb.shape[1])),
            self.input_side,
            key="",
        )

    @torch.inference_mode()
    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding."""
        with self._lock:
            features = torch.from_numpy(embedding.features).to(self._device)
            sparse, dense = self._encode_prompts(batch, embedding)
            logits, quality = self.model.mask_decoder(
                image_embeddings=features,
                image_pe=self.model.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=multimask,
            )
        return Decoded(logits.float().cpu().numpy(), quality.float().cpu().numpy())

    def _encode_prompts(self, batch: PromptBatch, embedding: Embedding) -> Prepared:
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
        sparse, dense = self.model.prompt_encoder(points=points, boxes=boxes, masks=masks)
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
