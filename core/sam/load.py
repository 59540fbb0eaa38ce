"""From a model's name to a segmenter that is ready to answer."""

from __future__ import annotations

import torch

from core.errors import InputError, Remedy
from core.sam.architectures import build, load_weights
from core.sam.cache import CachedSegmenter, EmbeddingCache
from core.sam.device import choose_device
from core.sam.onnx_export import graphs_folder
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.protocol import Segmenter
from core.sam.registry import DEFAULT_MODEL, get_model
from core.sam.torch_runtime import TorchSegmenter
from core.sam.weights import load_state, verify
from core.settings import get_settings

RUNTIMES = ("auto", "torch", "onnx")


def load_segmenter(
    name: str,
    *,
    runtime: str = "auto",
    device: str = "auto",
    cache: EmbeddingCache | None = None,
    threads: int = 0,
) -> Segmenter:
    """A model with its published weights.

    Parameters
    ----------
    name : str
        Key in the registry.
    runtime : str
        ``torch``, ``onnx`` (CPU only), or ``auto``: ONNX on a CPU and torch on a GPU.
    device : str
        ``cpu``, ``cuda``, ``mps`` or ``auto``.
    cache : EmbeddingCache, optional
        Where embeddings are kept; without one each call encodes.
    threads : int
        Of ONNX Runtime; 0 is one for each core.

    Raises
    ------
    InputError
        Unknown name, runtime or device.
    MissingWeightsError, ChecksumError, WeightsError
        The weights are not there, not the published ones, or not weights.
    """
    spec = get_model(name)
    if runtime not in RUNTIMES:
        raise InputError(
            f"There is no runtime '{runtime}'.", f"Choose one of {', '.join(RUNTIMES)}."
        )
    chosen_device = choose_device("cpu" if runtime == "onnx" and device == "auto" else device)
    path = verify(spec)
    fields = None
    if name != DEFAULT_MODEL:
        # Models made for any object do not tell fields apart: the small one does it for them.
        fields = load_segmenter(DEFAULT_MODEL, runtime=runtime, device=device, threads=threads)
    model = build(spec.architecture)
    load_weights(model, load_state(path), spec.architecture)
    plain = TorchSegmenter(model, spec.key, spec.sha256, chosen_device, fields)
    use_onnx = runtime == "onnx" or (runtime == "auto" and _suits_onnx(chosen_device))
    if use_onnx and chosen_device.type != "cpu":
        raise InputError("The runtime 'onnx' runs on the CPU alone.", remedy=Remedy.CHOOSE_RUNTIME)
    segmenter: Segmenter = plain
    if use_onnx:
        folder = graphs_folder(get_settings().cache_dir / "onnx", spec.sha256)
        segmenter = OnnxSegmenter(plain, folder, threads)
    if cache is None:
        return segmenter
    return CachedSegmenter(segmenter, cache, "onnx" if use_onnx else "torch")


def load_cached(name: str, *, runtime: str = "auto", device: str = "auto") -> Segmenter:
    """A model whose embeddings are kept in this machine's cache on disk.

    Parameters and errors as for :func:`load_segmenter`.
    """
    settings = get_settings()
    cache = EmbeddingCache(settings.embeddings_folder, settings.embedding_cache_bytes)
    return load_segmenter(name, runtime=runtime, device=device, cache=cache)


def usual_runtime() -> tuple[str, str]:
    """Runtime and kind of device that ``auto`` means on this machine."""
    device = choose_device("auto")
    return "onnx" if _suits_onnx(device) else "torch", device.type


def _suits_onnx(device: torch.device) -> bool:
    return device.type == "cpu"
