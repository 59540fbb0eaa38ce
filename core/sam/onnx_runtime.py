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
from segment_anything.modeling import Sam

from core.sam.field_map import FieldMap, map_fields
from core.sam.onnx_export import export_model
from core.sam.protocol import Decoded, Embedding, PromptBatch
from core.sam.small import SmallModel
from core.sam.torch_runtime import TorchSegmenter, mask_arrays, prompt_arrays

_DAMAGED = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile)
"""What ONNX Runtime raises on files that are not the whole graph."""


def open_graphs(
    model: Sam | SmallModel, folder: Path, threads: int = 0, *wanted: str
) -> list[onnxruntime.InferenceSession]:
    """Sessions of the ``wanted`` graphs of a model, by default of all.

    Files are made under ``folder`` at the first use and found there afterwards; damaged ones are
    made again.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by asking again and again take the processors from whoever works: beside
    # another process a field map took 0.33 s of processors so, and 0.20 s without.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan of its memory for each shape of image costs 350 MB at 1,024 x 1,024 pixels, and saves
    # no time that could be measured.
    options.enable_mem_pattern = False

    def opened() -> list[onnxruntime.InferenceSession]:
        files = export_model(model, folder, *wanted)
        providers = ["CPUExecutionProvider"]
        return [onnxruntime.InferenceSession(str(file), options, providers) for file in files]

    try:
        return opened()
    except _DAMAGED:
        shutil.rmtree(folder)
        return opened()


class OnnxSegmenter:
    """The same model as a ``TorchSegmenter``, run by ONNX Runtime on the CPU.

    Its graphs are under ``folder``, as :func:`open_graphs` has them.
    """

    def __init__(self, source: TorchSegmenter, folder: Path, threads: int = 0) -> None:
        self._source = source
        self._encoder, self._decoder, *others = open_graphs(source.model, folder, threads)
        self._fields = OnnxFields(others[0]) if others else None

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
        fields = self._fields or self._source.fields
        return None if fields is None else fields.field_map(rgb, gsd_m)


class OnnxFields:
    """The small model's field map, run by ONNX Runtime on the CPU."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        # It is asked once a tile: what it took, some 300 MB, is given back in between.
        self._giving_back = onnxruntime.RunOptions()
        self._giving_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """Extent, boundary and depth of fields."""
        return map_fields(rgb, gsd_m, self._see)

    def _see(self, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        image = np.ascontiguousarray(np.moveaxis(rgb, -1, 0)[None], dtype=np.float32)
        (likely,) = self._session.run(None, {"image": image}, self._giving_back)
        answer: npt.NDArray[np.float32] = likely[0]
        return answer
