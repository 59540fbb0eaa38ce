"""Limits and folders, read once from the environment (``CROPMAP_*``) with safe defaults."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path, user_documents_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """What the operator of a machine may set; every field is also a ``CROPMAP_<NAME>`` variable."""

    model_config = SettingsConfigDict(env_prefix="CROPMAP_", frozen=True)

    cache_dir: Path = Field(default_factory=lambda: user_cache_path("cropmap"))
    """Root folder of weights, embeddings and fetched land cover."""
    projects_dir: Path = Field(default_factory=lambda: user_documents_path() / "cropmap")
    """Folder in which new projects are made, one folder each."""
    database_url: SecretStr | None = None
    """PostgreSQL database that holds new projects' tables
    (``postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE``); by default each is a SQLite file.
    Their big files lie in ``projects_dir`` all the same."""
    rest_seconds: float = Field(default=60.0, gt=0)
    """After so long without a change a project's file is made whole in itself, fit to be copied."""
    automatic_backups: bool = True
    """Whether a project in a file is copied into ``backups`` beside it once a day."""
    allowed_hosts: str = ""
    """Names under which the app may be reached besides ``localhost``, separated by commas, with
    the port where it is not the usual one: ``maps.example.org, maps.example.org:8443``."""
    allowed_folders: str = ""
    """Folders whose files people may name in the browser, separated as in ``PATH``; see
    :mod:`core.allowed_folders` for what holds without them."""
    weights_dir: Path | None = None
    """Folder of model weights; by default ``cache_dir/weights``."""
    embedding_cache_bytes: int = 2048 * _MEBIBYTE
    """Size limit of the embedding cache on disk; the least recently used go first."""
    jobs_at_once: int = Field(default=2, ge=1)
    """How many jobs of the app (mapping all tiles, exports, evaluations) run at once; the rest
    wait. Each has a model of its own in memory."""
    allow_urls: bool = False
    """Whether rasters may be opened from ``https`` and ``s3`` URLs."""
    offline: bool = False
    """Whether land cover and weights downloads are refused without trying."""
    max_pixels: int = 40_000_000_000
    """Largest raster that is opened, in pixels (200,000 x 200,000)."""
    max_bands: int = 512
    """Largest number of bands."""
    max_block_bytes: int = 512 * _MEBIBYTE
    """Largest single block (strip or internal tile) that a read would have to decode."""
    finest_working_gsd_m: float = 0.5
    """The model never looks finer than this, in metres."""
    tile_size: int = 1024
    """Side of the window that a model sees, in pixels at the working GSD."""
    tile_halo: int = 64
    """Margin, in pixels, in which neighbouring tiles overlap and are blended."""

    @property
    def allowed_addresses(self) -> frozenset[str]:
        """The names of ``allowed_hosts`` as a browser writes them, without scheme and path."""
        written = (one.strip().lower().rstrip("/") for one in self.allowed_hosts.split(","))
        return frozenset(one.partition("://")[2] or one for one in written if one)

    @property
    def weights_folder(self) -> Path:
        """Folder of model weights."""
        return self.weights_dir or self.cache_dir / "weights"

    @property
    def embeddings_folder(self) -> Path:
        """Folder of cached embeddings."""
        return self.cache_dir / "embeddings"

    @property
    def graphs_folder(self) -> Path:
        """Folder of the ONNX graphs of models."""
        return self.cache_dir / "onnx"

    @property
    def jobs_folder(self) -> Path:
        """Folder of the list of jobs."""
        return self.cache_dir / "jobs"

    @property
    def landcover_folder(self) -> Path:
        """Folder of fetched land cover windows."""
        return self.cache_dir / "landcover"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Settings of this process, read from the environment once."""
    return Settings()
