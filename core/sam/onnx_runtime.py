"""Segment Anything in ONNX Runtime: about twice as fast as torch on a CPU."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
)

from core.sam.onnx_export import export_model
from core.sam.protocol import Decoded, Embedding, PromptBatch
from core.sam.torch_runtime import TorchSegmenter, scale_coordinates

_DAMAGED = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile)
"""What ONNX Runtime raises on files that are not the whole graph."""


class OnnxSegmenter:
    """The same model as a ``TorchSegmenter``, run by ONNX Runtime on the CPU.

    Files are made under ``folder`` at the first use and found there afterwards; damaged ones are
    made again.
    """

    def __init__(self, source: TorchSegmenter, folder: Path, threads: int = 0) -> None:
        self._source = source
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._open(export_model(source.model, folder), options)
        except _DAMAGED:
            shutil.rmtree(folder)
            self._open(export_model(source.model, folder), options)

    def _open(self, files: tuple[Path, Path], options: onnxruntime.SessionOptions) -> None:
        providers = ["CPUExecutionProvider"]
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(str(file), options, providers) for file in files
        )

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
        low = self._source.logit_side
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
