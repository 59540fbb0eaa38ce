"""Which processor a model runs on."""

from __future__ import annotations

import torch

from core.errors import InputError, Remedy

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; ``auto`` takes CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    InputError
        Unknown, or not on this machine.
    """
    if name not in DEVICES:
        raise InputError(f"There is no device '{name}'.", f"Choose one of {', '.join(DEVICES)}.")
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, there in present.items() if there))
    if not present[name]:
        raise InputError(
            f"This machine has no usable '{name}' device.", remedy=Remedy.CHOOSE_DEVICE
        )
    return torch.device(name)
