"""Embeddings made ahead of time, in batches, into the cache where the app looks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from core.errors import InputError
from core.sam.architectures import embedding_cells, embedding_channels
from core.sam.cache import EmbeddingCache, embedding_key
from core.sam.device import choose_device
from core.sam.load import load_segmenter
from core.sam.torch_runtime import TorchSegmenter
from core.settings import get_settings
from core.task import Cancelled, Progress, check

_FIRST_BATCH = 32
"""Images a graphics card is given at once; half as many each time its memory is too small."""

_HEADER = 1024
"""Bytes that a file holds beside its features, at most."""

Pixels = npt.NDArray[np.uint8]


class AheadEncoder:
    """A model that fills this machine's cache of embeddings.

    Parameters
    ----------
    name : str
        Key of the model.
    device : str
        As :func:`core.sam.load.load_segmenter` takes it.

    Raises
    ------
    InputError, MissingWeightsError, ChecksumError, WeightsError
        As for :func:`core.sam.load.load_segmenter`.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        settings = get_settings()
        self._cache = EmbeddingCache(settings.embeddings_folder, settings.embedding_cache_bytes)
        # In torch wherever it runs: only there can several images go through at once.
        loaded = load_segmenter(name, runtime="torch", device=device)
        self._segmenter = cast("TorchSegmenter", loaded)
        self._batch = _FIRST_BATCH if choose_device(device).type == "cuda" else 1

    @property
    def bytes_each(self) -> int:
        """Bytes of one embedding on the disk, but for its header."""
        model = self._segmenter.model
        rows, columns = embedding_cells(model)
        return embedding_channels(model) * rows * columns * np.dtype(np.float16).itemsize

    def check_room(self, count: int) -> None:
        """Refuse what would push its own first embeddings out of the cache again.

        Raises
        ------
        InputError
            The cache may not hold so many.
        """
        limit, wanted = get_settings().embedding_cache_bytes, count * (self.bytes_each + _HEADER)
        if wanted > limit:
            raise InputError(
                f"{count} embeddings take {wanted / 1e9:.2f} GB, and the cache may hold "
                f"{limit / 1e9:.2f} GB.",
                f"Set CROPMAP_EMBEDDING_CACHE_BYTES={wanted} or more, here and where people click.",
            )

    def fill(
        self, images: Iterable[Pixels | None], total: int, progress: Progress, cancelled: Cancelled
    ) -> tuple[int, int]:
        """Encode what is not kept soundly yet; how many were made, and how many were there.

        Parameters
        ----------
        images : iterable of uint8 (rows, columns, 3), or None
            Stretched pixels of each tile; None where the image holds nothing.
        total : int
            How many there are.

        Raises
        ------
        CancelledError
            The person has cancelled; what was made is kept.
        OutputError
            The disk is full or the cache cannot be written.
        """
        made = there = 0
        waiting: dict[str, Pixels] = {}
        for number, rgb in enumerate(images):
            check(
                cancelled,
                f"Stopped after {made} embeddings, which are kept.",
                "The same command goes on.",
            )
            progress("Computing embeddings", number, total)
            if rgb is None:
                continue
            key = embedding_key(rgb, self._segmenter.name, self._segmenter.weights_hash)
            if key in waiting or self._cache.get(key) is not None:
                there += 1
                continue
            waiting[key] = rgb
            if len(waiting) >= self._batch:
                made += self._write(waiting)
                waiting = {}
        made += self._write(waiting)
        progress("Computing embeddings", total, total)
        return made, there

    def _write(self, waiting: dict[str, Pixels]) -> int:
        keys, images = list(waiting), list(waiting.values())
        done = 0
        while done < len(keys):
            part = slice(done, done + self._batch)
            try:
                found = self._segmenter.embed_batch(images[part])
            except torch.cuda.OutOfMemoryError:
                if self._batch == 1:
                    raise
                self._batch //= 2
                continue
            for key, embedding in zip(keys[part], found, strict=True):
                self._cache.write(replace(embedding, key=key))
            done += len(found)
        return len(keys)
