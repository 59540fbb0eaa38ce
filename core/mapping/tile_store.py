"""Tiles on disk, so that a stopped run resumes, and their blend into one raster without seams."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core.errors import OutputError, storage_error
from core.files import read_checked, write_checked
from core.grid import Grid, Window
from core.imagery.tile_plan import Tile, blend_weight
from core.predict.prediction import TilePrediction
from core.prompts.prompt import PromptSet, prompts_from_json, prompts_to_json


class TileStore:
    """Finished tiles of one run: a folder with one checked file for each.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    run_key : str
        SHA-256 of everything that a tile depends on; other runs in the folder are not seen.
    """

    def __init__(self, folder: Path, run_key: str) -> None:
        self.folder = folder / run_key[:24]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, folder) from error

    def has(self, name: str) -> bool:
        """Whether the tile is there and whole; a damaged file is removed."""
        return self._read(name) is not None

    def save(self, name: str, prediction: TilePrediction, grid: Grid) -> None:
        """Keep a tile: written aside, forced to disk, then renamed.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written.
        """
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "probability": prediction.probability.astype(np.float16),
            "uncertainty": prediction.uncertainty.astype(np.float16),
        }
        if prediction.instances is not None:
            arrays["instances"] = prediction.instances
        prompts = json.dumps(prompts_to_json(prediction.prompts, grid))
        body = save_tensors(arrays, metadata={"prompts": prompts})
        write_checked(self._path(name), body)

    def load(self, name: str, grid: Grid) -> TilePrediction:
        """The kept tile.

        Raises
        ------
        OutputError
            The file is gone or damaged.
        """
        body = self._read(name)
        if body is None:
            raise OutputError(
                f"The kept result of tile {name} is gone.", "Run the same command again."
            )
        arrays = load_tensors(body)
        header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
        instances = arrays.get("instances")
        prompts: PromptSet = prompts_from_json(json.loads(header["__metadata__"]["prompts"]), grid)
        return TilePrediction(
            arrays["probability"].astype(np.float32),
            arrays["uncertainty"].astype(np.float32),
            None if instances is None else instances.astype(np.int32),
            prompts,
        )

    def clear(self) -> None:
        """Remove the run's tiles; other runs in the folder stay.

        Raises
        ------
        OutputError
            The folder may not be changed.
        """
        try:
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()
        except OSError as error:
            raise storage_error(error, self.folder) from error
        with contextlib.suppress(OSError):  # another run's tiles lie beside
            self.folder.parent.rmdir()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.tile"

    def _read(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            body = read_checked(path)
            if body is None:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"The kept result {path.name} in {path.parent} cannot be read or removed "
                f"({(error.strerror or 'unknown reason').lower()}).",
                "Remove that folder, or choose another one for the results.",
            ) from error
        return body


class Blend:
    """Tiles of one scene, blended over their halos by :func:`blend_weight`.

    Parameters
    ----------
    grid : Grid
        The scene's working grid.
    tiles : tuple of Tile
        Its whole plan; all of them in ``store``.
    halo : int
        That of the plan, in pixels.

    Notes
    -----
    Only the tiles under the rows that are asked for are read, so memory stays at a few tiles per
    column of the plan, whatever the scene's height.
    """

    def __init__(self, grid: Grid, tiles: tuple[Tile, ...], store: TileStore, halo: int) -> None:
        self._grid = grid
        self._tiles = tiles
        self._store = store
        self._halo = halo

    def bands(
        self, layer: str, rows_at_once: int = 512
    ) -> Iterator[tuple[Window, npt.NDArray[np.float32]]]:
        """Bands of rows from top to bottom: window of the whole width, float32 values.

        ``layer`` is ``"probability"`` or ``"uncertainty"``; NaN where no tile knows.

        Raises
        ------
        OutputError
            A tile is missing or damaged.
        """
        for row in range(0, self._grid.height, rows_at_once):
            height = min(rows_at_once, self._grid.height - row)
            band = Window(0, row, self._grid.width, height)
            yield band, self._blend(band, layer)

    def _blend(self, band: Window, layer: str) -> npt.NDArray[np.float32]:
        total = np.zeros((band.height, band.width), dtype=np.float64)
        weights = np.zeros_like(total)
        for tile in self._tiles:
            shared = tile.window.intersection(band)
            if shared is None:
                continue
            prediction = self._store.load(tile.name, self._grid.window_grid(tile.window))
            inside = shared.relative_to(tile.window).slices
            values = getattr(prediction, layer)[inside]
            weight = np.where(np.isfinite(values), blend_weight(tile, self._halo)[inside], 0.0)
            target = shared.relative_to(band).slices
            total[target] += np.nan_to_num(values) * weight
            weights[target] += weight
        known = weights > 0
        merged = np.full(total.shape, np.nan, dtype=np.float32)
        merged[known] = total[known] / weights[known]
        return merged
