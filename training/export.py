"""Checkpoint to the file that ships: ``python -m training.export runs/prompts``.

Averaged weights in half precision as safetensors, and their size and SHA-256 for the registry.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "sam" / "shipped" / "small.safetensors"


def averaged_model(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Averaged tensors of a training's checkpoint."""
    state = torch.load(checkpoint, weights_only=True)  # noqa: TID251  (our own, tensors alone)
    averaged: dict[str, torch.Tensor] = state["average"]
    return averaged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    tensors = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor
        for name, tensor in averaged_model(options.run / "checkpoint.pt").items()
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    about = {"model": "cropmap small, encoder from ImageNet, trained by training/"}
    save_file(tensors, options.out, metadata=about)
    body = options.out.read_bytes()
    print(f"size_bytes={len(body):_}, sha256={hashlib.sha256(body).hexdigest()}")


if __name__ == "__main__":
    main()
