"""Segment Anything in ONNX Runtime: about twice as fast as torch on a CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from core.sam.onnx_export import export_model
from core.sam.protocol import Decoded, Embedding, PromptBatch
from core.sam.torch_runtime import TorchSegmenter, scale_coordinates


class OnnxSegmenter:
    """The same model as a ``TorchSegmenter``, run by ONNX Runtime on the CPU.

    Files are made under ``folder`` at the first use and found there afterwards.
    """

    def __init__(self, source: TorchSegmenter, folder: Path, threads: int = 0) -> None:
        self._source = source
        encoder, decoder = export_model(source.model, folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._encoder = onnxruntime.InferenceSession(str(encoder), options, providers)
        self._decoder = onnxruntime.InferenceSession(str(decoder), options, providers)

    @property
    def name(self) -> str:
        """Key of the model."""
        return self._source.name

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        return self._source.weights_hash

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """Encode an image, uint8 (rows, columns, 3)."""
        with torch.inference_mode():
            image, input_size = self._source.preprocess(rgb)
        (features,) = self._encoder.run(None, {"image": image.cpu().numpy()})
        original = (int(rgb.shape[0]), int(rgb.shape[1]))
        return Embedding(features, input_size, original, self._source.input_side, key="")

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding."""
        coordinates, labels = _points_and_boxes(batch, embedding)
        low = embedding.input_side // 4
        masks = batch.mask_input
        logits, quality = self._decoder.run(
            None,
            {
                "features": embedding.features,
                "coordinates": coordinates,
                "labels": labels,
                "mask_input": np.zeros((len(labels), 1, low, low), np.float32)
                if masks is None
                else np.ascontiguousarray(masks, dtype=np.float32),
                "has_mask": np.array([0.0 if masks is None else 1.0], dtype=np.float32),
            },
        )
        chosen = slice(1, None) if multimask else slice(0, 1)
        return Decoded(np.ascontiguousarray(logits[:, chosen]), quality[:, chosen])


def _points_and_boxes(
    batch: PromptBatch, embedding: Embedding
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Points, then a box's two corners, or one padding point where there is no box, as SAM does."""
    queries = len(batch.labels) if batch.boxes is None else len(batch.boxes)
    coordinates = scale_coordinates(batch.coordinates, embedding)
    if batch.boxes is not None:
        corners = scale_coordinates(batch.boxes.reshape(-1, 2, 2), embedding)
        extra = np.tile(np.array([[2, 3]], dtype=np.int64), (queries, 1))
    else:
        # A padding point has no position: what stands here is multiplied by zero.
        corners = np.zeros((queries, 1, 2), dtype=np.float32)
        extra = np.full((queries, 1), -1, dtype=np.int64)
    return (
        np.concatenate([coordinates.reshape(queries, -1, 2), corners], axis=1),
        np.concatenate([batch.labels.reshape(queries, -1), extra], axis=1),
    )
