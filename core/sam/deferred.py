"""A model by its name, which is loaded only where somebody asks it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import WeightsError
from core.processors import granted
from core.sam.field_map import FieldMap
from core.sam.protocol import Decoded, Embedding, PromptBatch, Segmenter
from core.sam.registry import get_model
from core.sam.weights import verify, weights_path


class DeferredModel:
    """A segmenter that knows its weights from the start and loads them at the first question.

    It can be pickled: another process loads the same weights from its own folder of them.

    Parameters
    ----------
    key : str
        Name of the model.
    runtime, device : str
        As :func:`core.sam.load.load_segmenter` takes them.

    Raises
    ------
    InputError, MissingWeightsError
        There is no such model, or its weights are not here.
    """

    def __init__(self, key: str, runtime: str = "auto", device: str = "auto") -> None:
        spec = get_model(key)
        if not weights_path(spec).is_file():
            # It says so; the checksum of a file that is there waits until it is loaded.
            verify(spec)
        self._name, self._weights_hash = spec.key, spec.sha256
        self._runtime, self._device = runtime, device
        self._lock = threading.Lock()
        self._loaded: Segmenter | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _same_model, (self._name, self._runtime, self._device, self._weights_hash)

    @property
    def name(self) -> str:
        """Key of the model."""
        return self._name

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        return self._weights_hash

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """Encode an image, or find its embedding in the cache."""
        return self.load().embed(rgb)

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding."""
        return self.load().decode(embedding, batch, multimask=multimask)

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """The field map; None from a model without any."""
        return self.load().field_map(rgb, gsd_m)

    def load(self) -> Segmenter:
        """The model itself, with this machine's cache of embeddings.

        Raises
        ------
        InputError
            The runtime or the device cannot be used here.
        ChecksumError, WeightsError
            The weights are not the published ones, or not weights.
        """
        with self._lock:
            if self._loaded is None:
                # torch takes seconds to import, and who only passes tiles on needs none.
                from core.sam.load import load_cached  # noqa: PLC0415

                self._loaded = load_cached(
                    self._name, runtime=self._runtime, device=self._device, threads=granted()
                )
            return self._loaded


def _same_model(key: str, runtime: str, device: str, weights_hash: str) -> DeferredModel:
    """The model in another process: the name may stand for other weights there."""
    model = DeferredModel(key, runtime, device)
    if model.weights_hash != weights_hash:
        raise WeightsError(f"The model '{key}' has other weights here than where the run began.")
    return model
