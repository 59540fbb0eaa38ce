"""Scene and land cover to cropland on disk: the main job, tile by tile, resumable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import shapely

from core.errors import EmptySceneError
from core.export.columns import Provenance, add_provenance
from core.export.raster import MASK_NODATA, write_mask, write_probability
from core.export.vector import write_geojson, write_geopackage, write_shapefile_zip
from core.files import folder_lock
from core.grid import Window
from core.mapping.options import MapOptions
from core.mapping.predict_tiles import Run, plan_run, predict_tiles
from core.mapping.request import SceneRequest, open_request
from core.mapping.run_record import provenance_of, write_run_record
from core.mapping.stitch import stitch_instances
from core.mapping.tile_store import Blend
from core.parcels.cleanup import clean_mask
from core.parcels.fields import complete_numbers
from core.parcels.polygons import mask_to_parcels
from core.sam.protocol import Segmenter
from core.sam.registry import MODELS
from core.settings import get_settings
from core.task import Cancelled, Progress, never, silent

WRITING = "Writing files"
_BAND_ROWS = 512


@dataclass(frozen=True, slots=True)
class MapResult:
    """What a run made.

    Parameters
    ----------
    files : tuple of Path
        Probability, mask, parcels in three formats, run record.
    parcels : int
    cropland_ha : float
        Geodesic area of all parcels.
    tiles, kept_tiles : int
        Tiles in all, and those that an earlier, stopped run had finished.
    seconds : float
    """

    files: tuple[Path, ...]
    parcels: int
    cropland_ha: float
    tiles: int
    kept_tiles: int
    seconds: float
    strategy: str
    model: str
    land_cover: str

    def sentence(self) -> str:
        """The result in words, method and land cover named."""
        model = model_title(self.model)
        parcels = "1 parcel" if self.parcels == 1 else f"{self.parcels:,} parcels"
        tiles = "1 tile" if self.tiles == 1 else f"{self.tiles} tiles"
        kept = f", {self.kept_tiles} of them from an earlier run" if self.kept_tiles else ""
        return (
            f"{parcels}, {self.cropland_ha:,.1f} ha of cropland, in {self.seconds:.1f} s "
            f"({tiles}{kept}).\n"
            f"Strategy {self.strategy} with {model}; prompts from {self.land_cover}."
        )

    def summary(self) -> dict[str, Any]:
        """The result as plain values for ``--json``."""
        return {
            "files": [str(path) for path in self.files],
            "parcels": self.parcels,
            "cropland_ha": round(self.cropland_ha, 4),
            "tiles": self.tiles,
            "kept_tiles": self.kept_tiles,
            "seconds": round(self.seconds, 3),
            "strategy": self.strategy,
            "model": self.model,
            "land_cover": self.land_cover,
        }


def model_title(key: str) -> str:
    """A model in words, for people; keys that no registry knows stay as they are."""
    if key == "none":
        return "no model"
    return MODELS[key].title if key in MODELS else key


def map_scene(
    request: SceneRequest,
    options: MapOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> MapResult:
    """Map one scene; results land in the folder ``out``.

    Finished tiles are kept under ``out/.tiles`` until the files are written, so the same call
    goes on where a stopped one ended.

    Raises
    ------
    InputError, WeightsError, NetworkError, OutputError
        What is wrong, in one sentence.
    CancelledError
        ``cancelled`` said so.
    """
    start = time.perf_counter()
    segmenter = _load(options)
    scene, landcover = open_request(request)
    with folder_lock(out):
        run = plan_run(scene, landcover, options, segmenter, out / ".tiles")
        kept = predict_tiles(run, progress, cancelled)
        predicted = time.perf_counter()
        parcels, files = _write_results(run, out, progress)
        written = time.perf_counter()
        record = out / "run.json"
        seconds = {"predict": predicted - start, "write": written - predicted}
        write_run_record(record, run, files, seconds, len(parcels))
        run.store.clear()
        progress(WRITING, 6, 6)
        return MapResult(
            files=(*files, record),
            parcels=len(parcels),
            cropland_ha=float(parcels["area_ha"].sum()),
            tiles=len(run.tiles),
            kept_tiles=kept,
            seconds=time.perf_counter() - start,
            strategy=options.chosen_strategy,
            model=segmenter.name if segmenter else "none",
            land_cover=landcover.title,
        )


def _load(options: MapOptions) -> Segmenter | None:
    options.check_strategy()
    if options.needed_model is None:
        return None
    # torch takes seconds to import, and the classifier does without.
    from core.sam.cache import EmbeddingCache  # noqa: PLC0415
    from core.sam.load import load_segmenter  # noqa: PLC0415

    settings = get_settings()
    cache = EmbeddingCache(settings.embeddings_folder, settings.embedding_cache_bytes)
    return load_segmenter(
        options.needed_model, runtime=options.runtime, device=options.device, cache=cache
    )


def _write_results(
    run: Run, out: Path, progress: Progress
) -> tuple[geopandas.GeoDataFrame, list[Path]]:
    grid, target = run.scene.working_grid, run.scene.grid
    tags = provenance_of(run)
    blend = Blend(grid, run.tiles, run.store, get_settings().tile_halo)
    files = [out / name for name in ("probability.tif", "mask.tif")]
    progress(WRITING, 0, 6)
    write_probability(files[0], blend.bands("probability", _BAND_ROWS), grid, target, tags)
    progress(WRITING, 1, 6)
    mask, valid = _threshold(run, blend)
    if not valid.any():
        raise EmptySceneError(
            "Scene and land cover share no valid pixel, so there is nothing to map.",
            "Choose a land cover that covers the scene's imagery.",
        )
    write_mask(files[1], _mask_bands(mask, valid), grid, target, tags)
    progress(WRITING, 2, 6)
    parcels = _parcels(run, mask, blend)
    files += [out / name for name in ("parcels.gpkg", "parcels.shp.zip", "parcels.geojson")]
    write_geopackage(files[2], parcels, tags)
    progress(WRITING, 3, 6)
    write_shapefile_zip(files[3], parcels)
    progress(WRITING, 4, 6)
    write_geojson(files[4], parcels)
    progress(WRITING, 5, 6)
    return parcels, files


def _threshold(run: Run, blend: Blend) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cleaned mask and validity of the whole scene, one byte a pixel each."""
    shape = run.scene.working_grid.shape
    mask = np.zeros(shape, dtype=np.bool_)
    valid = np.zeros(shape, dtype=np.bool_)
    for window, probability in blend.bands("probability", _BAND_ROWS):
        valid[window.slices] = np.isfinite(probability)
        mask[window.slices] = np.nan_to_num(probability) >= run.options.threshold
    cleaned = clean_mask(
        mask,
        run.scene.working_grid,
        min_part_m2=run.options.min_part_m2,
        min_hole_m2=run.options.min_hole_m2,
        valid=valid,
    )
    return cleaned, valid


def _mask_bands(
    mask: npt.NDArray[np.bool_], valid: npt.NDArray[np.bool_]
) -> Iterator[tuple[Window, npt.NDArray[np.uint8]]]:
    height, width = mask.shape
    for row in range(0, height, _BAND_ROWS):
        window = Window(0, row, width, min(_BAND_ROWS, height - row))
        codes = np.where(valid[window.slices], mask[window.slices], MASK_NODATA)
        yield window, codes.astype(np.uint8)


def _parcels(run: Run, mask: npt.NDArray[np.bool_], blend: Blend) -> geopandas.GeoDataFrame:
    grid = run.scene.working_grid
    probability = np.concatenate([band for _, band in blend.bands("probability", _BAND_ROWS)])
    instances = stitch_instances(grid, run.tiles, run.store)
    numbers = mask if instances is None else complete_numbers(instances, mask)
    parcels = mask_to_parcels(
        numbers,
        grid,
        probability,
        simplify_m=run.options.simplify_m,
        min_area_m2=run.options.min_part_m2,
    )
    positives, negatives = _count_prompts(run, parcels)
    provenance = Provenance(
        method=run.options.chosen_strategy,
        model=run.segmenter.name if run.segmenter else "none",
        image_source=Path(run.scene.path).name,
        land_cover=run.landcover.title,
    )
    return add_provenance(parcels, provenance, positives, negatives)


def _count_prompts(run: Run, parcels: geopandas.GeoDataFrame) -> tuple[list[int], list[int]]:
    """Prompts of each label inside each parcel."""
    tree = shapely.STRtree(parcels.geometry.to_numpy())
    counts = np.zeros((2, len(parcels)), dtype=np.int64)
    for tile in run.tiles:
        grid = run.scene.working_grid.window_grid(tile.window)
        for prompt in run.store.load(tile.name, grid).prompts.points:
            world = grid.pixel_to_world(prompt.point)
            hits = tree.query(shapely.Point(world.x, world.y), predicate="within")
            counts[prompt.label, hits] += 1
    return counts[1].tolist(), counts[0].tolist()
