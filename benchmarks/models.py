"""Embed and decode of each model and runtime, as ratios to plain torch eager in the same run.

``python -m benchmarks.models [vit_b]`` uses random weights: speed does not depend on them.  Peak
memory is of a process of its own for each row.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_ROUNDS = 3


def main(architectures: tuple[str, ...] = ("mobile_sam",)) -> None:
    print("| model | runtime | embed | decode, 1 point | decode, 50 points | tiles/min | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for architecture in architectures:
        rows = {runtime: _in_own_process(architecture, runtime) for runtime in ("torch", "onnx")}
        eager = rows["torch"]
        for runtime, row in rows.items():
            ratios = [
                f"{row[key] * 1000:.0f} ms ({row[key] / eager[key]:.2f})"
                for key in ("embed", "one", "many")
            ]
            tiles = 60.0 / (row["embed"] + 5 * row["many"])
            print(
                f"| {architecture} | {runtime} | {' | '.join(ratios)} | {tiles:.0f} | "
                f"{row['peak_mb']:.0f} |"
            )
    print(
        "\nIn brackets: ratio to torch eager.  A tile is one embedding and five decodes (apt_plus)."
    )


def _in_own_process(architecture: str, runtime: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.models", "--measure", architecture, runtime],
        capture_output=True,
        text=True,
        check=True,
    )
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def _measure(architecture: str, runtime: str) -> None:
    import numpy as np
    import torch

    from core.sam.architectures import build
    from core.sam.onnx_runtime import OnnxSegmenter
    from core.sam.protocol import PromptBatch, Segmenter
    from core.sam.torch_runtime import TorchSegmenter

    torch.manual_seed(0)
    plain = TorchSegmenter(build(architecture), architecture, "0" * 64, torch.device("cpu"))
    generator = np.random.default_rng(0)
    rgb = generator.integers(0, 255, (1024, 1024, 3), dtype=np.uint8)

    def batch(points: int) -> PromptBatch:
        places = generator.uniform(0, 1023, (1, points, 2)).astype(np.float32)
        return PromptBatch(places, generator.integers(0, 2, (1, points)))

    with tempfile.TemporaryDirectory() as folder:
        segmenter: Segmenter = plain
        if runtime == "onnx":
            segmenter = OnnxSegmenter(plain, Path(folder))
        embedding = segmenter.embed(rgb)
        one, many = batch(1), batch(50)
        row = {
            "embed": _median(lambda: segmenter.embed(rgb)),
            "one": _median(lambda: segmenter.decode(embedding, one, multimask=False)),
            "many": _median(lambda: segmenter.decode(embedding, many, multimask=False)),
        }
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    row["peak_mb"] = int(peak[1]) / 1024 if peak else float("nan")
    print(json.dumps(row))


def _median(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[_ROUNDS // 2]


if __name__ == "__main__":
    if "--measure" in sys.argv:
        _measure(*sys.argv[2:4])
    else:
        main(tuple(sys.argv[1:]) or ("mobile_sam",))
