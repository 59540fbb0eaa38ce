"""Precision against size, speed and accuracy of the small model: ``python -m benchmarks.variants``.

Every variant answers the same clicks on every fourth field of the validation tiles.  Speeds are
ratios to torch eager in float32, measured in turns in this run.  int8 is static quantisation of the
encoder's convolutions by ONNX Runtime, calibrated on training tiles; and, for size alone, weights
of every layer rounded to 8 bits per output channel.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from benchmarks.clicks import from_checkpoint, score_tile, shipped_in_torch
from benchmarks.labelled import LabelledTile, load_tiles

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
from core.sam.onnx_export import export_model
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.protocol import PromptBatch, Segmenter
from core.sam.torch_runtime import TorchSegmenter

_ROUNDS = 15
_CALIBRATION_TILES = 12
_EVERY_FIELD = 4


def main() -> None:
    plain = shipped_in_torch() if len(sys.argv) < 2 else from_checkpoint(Path(sys.argv[1]))
    tiles = load_tiles()
    count = sum(p.numel() for p in plain.model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        variants: dict[str, tuple[Segmenter, float]] = {
            "float32, torch": (plain, 4 * count / 1e6),
            "float32 from float16 file, ONNX Runtime (ships)": (
                OnnxSegmenter(plain, Path(folder) / "plain"),
                2 * count / 1e6,
            ),
            "weights rounded to int8, torch": (rounded(plain), count / 1e6),
            "int8 encoder, ONNX Runtime": (
                int8_encoder(plain, Path(folder) / "int8"),
                count / 1e6,
            ),
        }
        timings = speeds([segmenter for segmenter, _ in variants.values()], tiles[0])
        print("| variant | MB | embed | decode, 1 point | one click IoU | 3 corrections |")
        print("|---|---|---|---|---|---|")
        for (name, (segmenter, size)), times in zip(variants.items(), timings, strict=True):
            scores = [s for tile in tiles for s in score_tile(segmenter, tile, _EVERY_FIELD)]
            ious = np.mean([score.ious for score in scores], axis=0)
            shown = [f"{times[i] * 1000:.0f} ms ({times[i] / timings[0][i]:.2f})" for i in range(2)]
            print(
                f"| {name} | {size:.1f} | {' | '.join(shown)} | {ious[0]:.3f} | {ious[-1]:.3f} |",
                flush=True,
            )


def speeds(segmenters: list[Segmenter], tile: LabelledTile) -> list[tuple[float, float]]:
    """Median seconds of an embedding and of a decode, the variants taking turns."""
    batch = PromptBatch(np.array([[[500, 500]]], np.float32), np.ones((1, 1), np.int64))
    embeddings = [segmenter.embed(tile.image.rgb) for segmenter in segmenters]
    for segmenter, embedding in zip(segmenters, embeddings, strict=True):
        segmenter.decode(embedding, batch, multimask=False)
    times: list[tuple[list[float], list[float]]] = [([], []) for _ in segmenters]
    for _ in range(_ROUNDS):
        for segmenter, embedding, (embed, decode) in zip(
            segmenters, embeddings, times, strict=True
        ):
            embed.append(_seconds(partial(segmenter.embed, tile.image.rgb)))
            asked = partial(segmenter.decode, embedding, batch, multimask=False)
            decode.append(_seconds(asked))
    return [(float(np.median(e)), float(np.median(d))) for e, d in times]


def rounded(plain: TorchSegmenter) -> TorchSegmenter:
    """The same model with every weight on a grid of 255 values per output channel."""
    import copy

    model = copy.deepcopy(plain.model)
    with torch.no_grad():
        for tensor in model.parameters():
            if tensor.ndim < 2:
                continue
            largest = tensor.flatten(1).abs().amax(dim=1).clamp(min=1e-12)
            scale = (largest / 127).reshape(-1, *[1] * (tensor.ndim - 1))
            tensor.copy_((tensor / scale).round() * scale)
    return TorchSegmenter(model, "small int8 weights", "0" * 64, torch.device("cpu"))


def int8_encoder(plain: TorchSegmenter, folder: Path) -> OnnxSegmenter:
    """The model in ONNX Runtime with its encoder's convolutions in int8."""
    encoder, _ = export_model(plain.model, folder)
    prepared, quantised = folder / "prepared.onnx", folder / "int8.onnx"
    quant_pre_process(str(encoder), str(prepared))
    quantize_static(
        str(prepared),
        str(quantised),
        _Calibration(plain),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    segmenter = OnnxSegmenter(plain, folder)
    segmenter._encoder = onnxruntime.InferenceSession(
        str(quantised), providers=["CPUExecutionProvider"]
    )
    return segmenter


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Training tiles as the encoder sees them."""

    def __init__(self, plain: TorchSegmenter) -> None:
        tiles = load_tiles(validation=False)[:_CALIBRATION_TILES]
        self._images = iter([plain.preprocess(tile.image.rgb)[0].numpy() for tile in tiles])

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._images, None)
        return None if image is None else {"image": image}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
