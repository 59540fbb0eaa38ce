"""Segment Anything in ONNX Runtime: about twice as fast as torch on a CPU."""

from __future__ import annotations

import shutil
from functools import partial
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

from core.sam.field_map import FieldMap, map_fields
from core.sam.onnx_export import export_model
from core.sam.protocol import Decoded, Embedding, PromptBatch
from core.sam.torch_runtime import TorchSegmenter, mask_arrays, prompt_arrays

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

    def _open(self, files: tuple[Path, ...], options: onnxruntime.SessionOptions) -> None:
        providers = ["CPUExecutionProvider"]
        self._encoder, self._decoder, *others = (
            onnxruntime.InferenceSession(str(file), options, providers) for file in files
        )
        self._fields = others[0] if others else None

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
        coordinates, labels = prompt_arrays(batch, embedding)
        mask, has_mask = mask_arrays(batch, len(labels), self._source.logit_side)
        logits, quality = self._decoder.run(
            None,
            {
                "features": embedding.features,
                "coordinates": coordinates,
                "labels": labels,
                "mask_input": mask,
                "has_mask": has_mask,
            },
        )
        chosen = slice(1, None) if multimask else slice(0, 1)
        return Decoded(np.ascontiguousarray(logits[:, chosen]), quality[:, chosen])

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """Extent, boundary and depth of fields; None from a model without any."""
        if self._fields is not None:
            return map_fields(rgb, gsd_m, partial(_see_fields, self._fields))
        fields = self._source.fields
        return None if fields is None else fields.field_map(rgb, gsd_m)


def _see_fields(
    session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    image = np.ascontiguousarray(np.moveaxis(rgb, -1, 0)[None], dtype=np.float32)
    (likely,) = session.run(None, {"image": image})
    answer: npt.NDArray[np.float32] = likely[0]
    return answer
