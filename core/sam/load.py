"""From a model's name to a segmenter that is ready to answer."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from core.errors import InputError, Remedy
from core.sam.architectures import build, load_weights
from core.sam.cache import CachedSegmenter, EmbeddingCache
from core.sam.device import choose_device
from core.sam.field_map import FieldMap
from core.sam.onnx_export import graphs_folder
from core.sam.onnx_runtime import OnnxFields, OnnxSegmenter, open_graphs
from core.sam.protocol import FieldMapper, Segmenter
from core.sam.registry import DEFAULT_MODEL, ModelSpec, get_model
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
        verify(get_model(DEFAULT_MODEL))
        fields = _SmallModelsFields(runtime, chosen_device, threads)
    plain = _in_torch(spec, path, chosen_device, fields)
    use_onnx = _uses_onnx(runtime, chosen_device)
    if use_onnx and chosen_device.type != "cpu":
        raise InputError("The runtime 'onnx' runs on the CPU alone.", remedy=Remedy.CHOOSE_RUNTIME)
    segmenter: Segmenter = plain
    if use_onnx:
        segmenter = OnnxSegmenter(plain, _graphs(spec), threads)
    if cache is None:
        return segmenter
    return CachedSegmenter(segmenter, cache)


class _SmallModelsFields:
    """The small model's field map and nothing else of it, loaded at the first question."""

    def __init__(self, runtime: str, device: torch.device, threads: int) -> None:
        self._runtime, self._device, self._threads = runtime, device, threads
        self._lock = threading.Lock()
        self._loaded: FieldMapper | None = None

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """Extent, boundary and depth of fields."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            mapper = self._loaded
        return mapper.field_map(rgb, gsd_m)

    def _load(self) -> FieldMapper:
        spec = get_model(DEFAULT_MODEL)
        plain = _in_torch(spec, verify(spec), self._device, None)
        if not _uses_onnx(self._runtime, self._device):
            return plain
        (session,) = open_graphs(plain.model, _graphs(spec), self._threads, "fields")
        return OnnxFields(session)


def _in_torch(
    spec: ModelSpec, path: Path, device: torch.device, fields: FieldMapper | None
) -> TorchSegmenter:
    model = build(spec.architecture)
    load_weights(model, load_state(path), spec.architecture)
    return TorchSegmenter(model, spec.key, spec.sha256, device, fields)


def _uses_onnx(runtime: str, device: torch.device) -> bool:
    return runtime == "onnx" or (runtime == "auto" and _suits_onnx(device))


def _graphs(spec: ModelSpec) -> Path:
    return graphs_folder(get_settings().graphs_folder, spec.sha256)


def load_cached(
    name: str, *, runtime: str = "auto", device: str = "auto", threads: int = 0
) -> Segmenter:
    """A model whose embeddings are kept in this machine's cache on disk.

    Parameters and errors as for :func:`load_segmenter`.
    """
    settings = get_settings()
    cache = EmbeddingCache(settings.embeddings_folder, settings.embedding_cache_bytes)
    return load_segmenter(name, runtime=runtime, device=device, cache=cache, threads=threads)


def usual_runtime() -> tuple[str, str]:
    """Runtime and kind of device that ``auto`` means on this machine."""
    device = choose_device("auto")
    return "onnx" if _suits_onnx(device) else "torch", device.type


def _suits_onnx(device: torch.device) -> bool:
    return device.type == "cpu"
