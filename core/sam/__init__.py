"""Segment Anything: models, weights, runtimes, embedding cache."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.sam.add import add_weights
    from core.sam.added import OWN_ARCHITECTURES, OWN_SUFFIXES
    from core.sam.registry import DEFAULT_MODEL, MODELS, ModelSpec, get_model, known_models
    from core.sam.remove import remove_weights
    from core.sam.weights import fetch, is_present, verify, weights_path
    from core.sam.weights_folder import weights_files

__getattr__ = load_lazily(
    __name__,
    {
        "add": ("add_weights",),
        "added": (
            "OWN_ARCHITECTURES",
            "OWN_SUFFIXES",
        ),
        "registry": (
            "DEFAULT_MODEL",
            "MODELS",
            "ModelSpec",
            "get_model",
            "known_models",
        ),
        "remove": ("remove_weights",),
        "weights": (
            "fetch",
            "is_present",
            "verify",
            "weights_path",
        ),
        "weights_folder": ("weights_files",),
    },
)

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "OWN_ARCHITECTURES",
    "OWN_SUFFIXES",
    "ModelSpec",
    "add_weights",
    "fetch",
    "get_model",
    "is_present",
    "known_models",
    "remove_weights",
    "verify",
    "weights_files",
    "weights_path",
]
