"""Embeddings on disk: computed once, verified when read, the least recently used go first."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core.errors import OutputError, storage_error
from core.files import read_checked, write_checked
from core.fingerprint import EMBEDDING, result_hash
from core.sam.field_map import FieldMap
from core.sam.protocol import Decoded, Embedding, PromptBatch, Segmenter

_log = logging.getLogger(__name__)


class EmbeddingCache:
    """Embeddings as fp16 safetensors, one checked file for each key.

    fp16 changes a mask by less than 0.05 % IoU.  A full disk costs the cache, never the run.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def get(self, key: str) -> Embedding | None:
        """The embedding, or None where it is missing or damaged; a damaged file is removed."""
        path = self._path(key)
        try:
            body = read_checked(path, path.name)
        except OSError as error:
            _log.warning("The embedding cache cannot be read: %s", error)
            return None
        if body is None:
            _remove(path)
            return None
        header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
        facts = json.loads(header["__metadata__"]["facts"])
        if facts["key"] != key:
            _remove(path)
            return None
        # Now the most recently used; another process may have evicted it since it was read.
        with suppress(OSError):
            os.utime(path)
        return Embedding(
            load_tensors(body)["features"].astype(np.float32),
            (facts["input_size"][0], facts["input_size"][1]),
            (facts["original_size"][0], facts["original_size"][1]),
            facts["input_side"],
            key,
        )

    def put(self, embedding: Embedding) -> None:
        """Keep an embedding and make room for it; where that fails, the log says so."""
        try:
            self.write(embedding)
        except OutputError as error:
            _log.warning("The embedding was not cached: %s", error)

    def write(self, embedding: Embedding) -> None:
        """Keep an embedding and make room for it.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written.
        """
        facts = {
            "key": embedding.key,
            "input_size": embedding.input_size,
            "original_size": embedding.original_size,
            "input_side": embedding.input_side,
        }
        body = save_tensors(
            {"features": embedding.features.astype(np.float16)},
            metadata={"facts": json.dumps(facts)},
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._path(embedding.key)
            write_checked(path, body, path.name)
            self._evict()
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def _evict(self) -> None:
        entries = []
        for path in self._folder.glob("*.embedding"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue  # another process evicted it
            entries.append((facts.st_mtime_ns, facts.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit_bytes:
                break
            _remove(path)
            total -= size

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.embedding"


def _remove(path: Path) -> None:
    """Remove a file where that can be done; a cache that is read-only still serves."""
    with suppress(OSError):
        path.unlink()


def embedding_key(rgb: npt.NDArray[np.uint8], name: str, weights_hash: str) -> str:
    """SHA-256 over pixels (after the stretch), model, weights and code.

    Where the pixels lie is not part of it: equal pixels have equal embeddings.  Nor is who computed
    it: one made on a graphics card is found on a machine without any (decision 041).
    """
    facts = f"{result_hash(*EMBEDDING)} {name} {weights_hash} {rgb.shape}"
    digest = hashlib.sha256(facts.encode())
    digest.update(np.ascontiguousarray(rgb).tobytes())
    return digest.hexdigest()


class CachedSegmenter:
    """A segmenter whose embeddings go through a cache; decoding is passed on."""

    def __init__(self, inner: Segmenter, cache: EmbeddingCache) -> None:
        self._inner = inner
        self._cache = cache

    @property
    def name(self) -> str:
        """Key of the model."""
        return self._inner.name

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        return self._inner.weights_hash

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """The cached embedding of these very pixels, or a fresh one."""
        key = embedding_key(rgb, self.name, self.weights_hash)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        fresh = self._inner.embed(rgb)
        # Rounded as the cache keeps it, so that the first answer equals every later one.
        features = fresh.features.astype(np.float16).astype(np.float32)
        named = Embedding(features, fresh.input_size, fresh.original_size, fresh.input_side, key)
        self._cache.put(named)
        return named

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts from an embedding."""
        return self._inner.decode(embedding, batch, multimask=multimask)

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> FieldMap | None:
        """The field map; it is kept as part of a prediction, not here."""
        return self._inner.field_map(rgb, gsd_m)

    @property
    def inner(self) -> Segmenter:
        """The segmenter behind the cache."""
        return self._inner


def uncached(segmenter: Segmenter) -> Segmenter:
    """The segmenter whose embeddings are kept nowhere."""
    return segmenter.inner if isinstance(segmenter, CachedSegmenter) else segmenter
