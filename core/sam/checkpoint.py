"""What a checkpoint holds: where in it the model's tensors are, what model it is, whether it fits.

Training programs wrap a model in dictionaries and prefixes (``{'model': ...}``, ``module.``); those
are taken off here.  Nothing is guessed beyond that: a tensor that the architecture does not know
may be an adapter without which the others mean something else, so it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from segment_anything.modeling import Sam

from core.errors import WeightsError
from core.sam.added import OWN_ARCHITECTURES
from core.sam.architectures import build, drop_normalisation, mobile_sam_names

_PARTS = ("image_encoder.", "prompt_encoder.", "mask_decoder.")
_CONTAINERS = (
    "model",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model_dict",
    "net",
    "network",
    "sam",
    "module",
    "weights",
    "params",
)
"""Names under which training programs keep the model, the likeliest first."""

_DEEPEST = 4
_BESIDE_THE_MODEL = ("loss", "criterion", "metric", "train_metric", "val_metric", "test_metric")
"""Beginnings of names that training programs keep beside a model and that change no answer."""

_SECOND = ("image_encoder.trunk.", "sam_mask_decoder.", "memory_attention.")
_HIGH_QUALITY = "SAM-HQ"
_KINDS = (
    (_HIGH_QUALITY, ("mask_decoder.hf_token.", "mask_decoder.hf_mlp.")),
    ("SAM 2", _SECOND),
    (
        "Segment Anything in the layout of Hugging Face's transformers",
        ("shared_image_embedding.", "vision_encoder.layers."),
    ),
    ("EfficientViT-SAM or a kin of it", ("image_encoder.backbone.",)),
    (
        "a model with adapters (LoRA) that are not merged into it",
        ("lora_", ".w_a.", ".w_b.", "linear_a_", "linear_b_"),
    ),
)
"""Models that are not run here, and parts of names that tell them."""

_WIDTHS = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_WHOLE_MODEL = (
    "Save the whole model's state_dict(), with adapters merged into it, and add that file."
)

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors of a model by name, and where they were found.

    Parameters
    ----------
    state : dict of str to torch.Tensor
        Names as the model's own code has them.
    within : str
        The entries of the file that held them (``model`` or ``checkpoint/state_dict``); empty
        where they were the file itself.
    prefix : str
        What stood before every name (``module.``).
    """

    state: Tensors
    within: str = ""
    prefix: str = ""


def find_state(loaded: object) -> Checkpoint | None:
    """The model's tensors in what a file held; None where there are none."""
    found = _within(loaded, ())
    if found is None:
        return None
    state, place = found
    prefix = _prefix_of(state) or ""
    plain = {
        name.removeprefix(prefix): tensor
        for name, tensor in state.items()
        if not (prefix and name.startswith(_BESIDE_THE_MODEL))
    }
    return Checkpoint(plain, "/".join(place), prefix)


def _within(loaded: object, place: tuple[str, ...]) -> tuple[Tensors, tuple[str, ...]] | None:
    if not isinstance(loaded, Mapping) or len(place) > _DEEPEST:
        return None
    tensors = {
        name: value
        for name, value in loaded.items()
        if isinstance(name, str) and torch.is_tensor(value)
    }
    # Beside a model's own tensors some programs keep a number of the epoch; where the tensors are
    # something else, all that is there must be tensors.
    if tensors and (len(tensors) == len(loaded) or _prefix_of(tensors) is not None):
        return tensors, place
    for name in _CONTAINERS:
        found = _within(loaded.get(name), (*place, name))
        if found is not None:
            return found
    return None


def _prefix_of(state: Mapping[str, Any]) -> str | None:
    """What stands before the names of the model's parts; None where no part is there."""
    for part in ("mask_decoder.", "image_encoder."):
        for name in state:
            before, found, _ = name.partition(part)
            if found and (not before or before.endswith(".")):
                return before
    return None


def architecture_of(state: Mapping[str, torch.Tensor]) -> str | None:
    """Which of ``OWN_ARCHITECTURES`` the image encoder is by its tensors; None for any other."""
    if "image_encoder.patch_embed.seq.0.c.weight" in state:
        return "mobile_sam"
    position = state.get("image_encoder.pos_embed")
    if position is None or position.ndim != 4:
        return None
    return _WIDTHS.get(int(position.shape[-1]))


def another_kind(state: Mapping[str, torch.Tensor]) -> str:
    """What a file is that no architecture here runs, in words; empty where that is not known."""

    def has(marks: tuple[str, ...]) -> bool:
        return any(mark in name for name in state for mark in marks)

    kind = next((words for words, marks in _KINDS if has(marks)), "")
    if kind == _HIGH_QUALITY and has(_SECOND):
        return f"{_HIGH_QUALITY} for SAM 2"
    if kind or not state:
        return kind
    if all(name.startswith("mask_decoder.") for name in state):
        return "a mask decoder without the image encoder that it belongs to"
    return "" if has(_PARTS) else "another network than Segment Anything"


def check_fits(state: Tensors, architecture: str, called: str) -> None:
    """Raise unless the tensors are a whole model of this architecture.

    Parameters
    ----------
    called : str
        What errors call the file.

    Raises
    ------
    WeightsError
        It is another kind of model, of another size, lacks tensors, has some that are not known,
        or holds values that are no numbers.
    """
    kind = another_kind(state)
    if kind:
        raise WeightsError(
            f"{called} is {kind}, which does not run here.",
            f"Models that run are {', '.join(OWN_ARCHITECTURES)}. {_WHOLE_MODEL}",
        )
    found = architecture_of(state)
    if found is not None and found != architecture:
        raise WeightsError(f"{called} is a {found}, not a {architecture}.", f"Add it as {found}.")
    model = _without_storage(architecture)
    renamed = mobile_sam_names(state) if architecture == "mobile_sam" else dict(state)
    drop_normalisation(model, renamed, called)
    unlike = _unlike(model.state_dict(), renamed)
    if unlike:
        raise WeightsError(
            f"{called} is no whole {architecture}: {'; '.join(unlike)}.", _WHOLE_MODEL
        )
    not_numbers = [name for name, values in renamed.items() if not torch.isfinite(values).all()]
    if not_numbers:
        raise WeightsError(
            f"{called} holds values that are not numbers in {_several(not_numbers)}.",
            "The training went astray before it was saved; take an earlier checkpoint.",
        )


def _without_storage(architecture: str) -> Sam:
    """A model of names and shapes alone; MobileSAM's library computes while it builds."""
    if architecture == "mobile_sam":
        return build(architecture)
    with torch.device("meta"):
        return build(architecture)


def _unlike(wanted: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> list[str]:
    """What is unlike, in words, at most one for each kind of difference."""
    said = []
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    both = [name for name in wanted if name in given]
    shapes = [name for name in both if wanted[name].shape != given[name].shape]
    kinds = [
        name for name in both if wanted[name].is_floating_point() != given[name].is_floating_point()
    ]
    if missing:
        said.append(f"it lacks {_several(missing)}")
    if unknown:
        said.append(f"it has {_several(unknown)}, which the model does not know")
    if shapes:
        first = shapes[0]
        said.append(
            f"{_several(shapes)} has another shape "
            f"({_shape(given[first])} instead of {_shape(wanted[first])})"
        )
    if kinds:
        said.append(f"{_several(kinds)} is rounded to whole numbers (quantised)")
    return said


def _several(names: list[str]) -> str:
    more = len(names) - 1
    return names[0] if not more else f"{names[0]} and {more:,} more"


def _shape(tensor: torch.Tensor) -> str:
    return " x ".join(str(side) for side in tensor.shape)
