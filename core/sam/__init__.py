"""Segment Anything: models, weights, runtimes, embedding cache."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.sam.registry import DEFAULT_MODEL, MODELS, ModelSpec, get_model
    from core.sam.weights import fetch, is_present, verify, weights_path

__getattr__ = load_lazily(
    __name__,
    {
        "registry": (
            "DEFAULT_MODEL",
            "MODELS",
            "ModelSpec",
            "get_model",
        ),
        "weights": (
            "fetch",
            "is_present",
            "verify",
            "weights_path",
        ),
    },
)

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "ModelSpec",
    "fetch",
    "get_model",
    "is_present",
    "verify",
    "weights_path",
]
