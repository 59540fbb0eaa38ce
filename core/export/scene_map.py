"""The main job: scene and land cover in, cropland on disk out, tile by tile, resumable."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import EmptySceneError
from core.export.export_crs import SCENE, chosen_crs
from core.files import folder_lock, together
from core.landcover.coverage import coverage_sentence, sentences_of
from core.mapping import AS_SUITS, MapOptions, SceneRequest, Workers, open_request
from core.sam.registry import known_models
from core.task import Cancelled, Progress, never, silent

if TYPE_CHECKING:
    from pyproj import CRS

    from core.imagery.scene import Scene
    from core.landcover.source import LandCover
    from core.sam.protocol import Segmenter


NO_LANDCOVER = "none"


@dataclass(frozen=True, slots=True)
class MapResult:
    """What a run made.

    Parameters
    ----------
    files : tuple of Path
        Probability, mask, parcels in three formats, their style for QGIS, run record.
    parcels : int
    cropland_ha : float
        Geodesic area of all parcels.
    tiles, kept_tiles : int
        Tiles in all, and those that an earlier, stopped run had finished.
    seconds : float
    covered : float
        Share of the scene's valid pixels of which the land cover says anything; 1 without one.
    land_cover : str
        Title of the product, or ``NO_LANDCOVER``.
    warnings : tuple of str
        What a person should know of the inputs, a sentence each.
    notes : tuple of str
        What a person should know, a sentence each.
    weights_sha256 : str
        Of the model; empty without one.
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
    covered: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    weights_sha256: str = ""

    def sentence(self) -> str:
        """The result in words, method and land cover named."""
        model = model_title(self.model)
        parcels = "1 parcel" if self.parcels == 1 else f"{self.parcels:,} parcels"
        tiles = "1 tile" if self.tiles == 1 else f"{self.tiles} tiles"
        kept = f", {self.kept_tiles} of them from an earlier run" if self.kept_tiles else ""
        return (
            f"{parcels}, {self.cropland_ha:,.1f} ha of cropland, in {self.seconds:.1f} s "
            f"({tiles}{kept}).\n"
            f"Strategy {self.strategy} with {model}{self._own_weights()}; {self._origin()}"
            f"{_coverage(self.covered)}" + "".join(f"\n{note}" for note in self.notes)
        )

    def _origin(self) -> str:
        if self.land_cover == NO_LANDCOVER:
            return "no land cover: the model's field map alone tells cropland."
        return f"prompts from {self.land_cover}."

    def _own_weights(self) -> str:
        spec = known_models().get(self.model)
        return f", SHA-256 {self.weights_sha256[:12]}" if spec is not None and spec.own else ""

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
            "weights_sha256": self.weights_sha256,
            "land_cover": self.land_cover,
            "land_cover_covers": round(self.covered, 6),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }


def _coverage(covered: float) -> str:
    """What is said of a land cover that leaves some of the scene out; empty where it does not."""
    told = coverage_sentence(covered)
    return f" {told}" if told else ""


def model_title(key: str) -> str:
    """A model in words, for people; keys that no registry knows stay as they are."""
    if key == "none":
        return "no model"
    spec = known_models().get(key)
    return key if spec is None else spec.title


def map_scene(
    request: SceneRequest,
    options: MapOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    segmenter: Segmenter | None = None,
    out_crs: str = SCENE,
    workers: Workers = AS_SUITS,
) -> MapResult:
    """Map one scene; results land in the folder ``out``.

    The parcels are those that the app gives for the same scene, land cover and choices.  All
    results take their places together, those of an earlier run stay until then.  Finished
    tiles are kept under ``out/.tiles`` until the files are written, so the same call goes on where
    a stopped one ended.

    Parameters
    ----------
    segmenter : Segmenter, optional
        By default the one that ``options`` names is loaded, where the strategy needs one.
    out_crs : str
        Of the parcels: what :func:`core.export.export_crs.chosen_crs` takes.
    workers : Workers
        Who maps the tiles; the result is the same whoever does.

    Raises
    ------
    InputError, WeightsError, NetworkError, OutputError
        What is wrong, in one sentence; files that cannot be used are told before a model loads.
    CancelledError
        ``cancelled`` said so.
    """
    start = time.perf_counter()
    options.check_strategy(landcover=request.landcover is not None)
    scene, landcover = open_request(request)
    crs = chosen_crs(out_crs, scene.working_grid)
    with folder_lock(out):
        return _map_and_write(
            scene, landcover, options, out, segmenter, crs, start, progress, cancelled, workers
        )


def _nothing_to_map(landcover: LandCover | None) -> EmptySceneError:
    if landcover is None:
        return EmptySceneError(
            "The scene has no valid pixel, so there is nothing to map.",
            "Check the image and its nodata value.",
        )
    return EmptySceneError(
        "Scene and land cover share no valid pixel, so there is nothing to map.",
        "Choose a land cover that covers the scene's imagery.",
    )


def _map_and_write(
    scene: Scene,
    landcover: LandCover | None,
    options: MapOptions,
    out: Path,
    segmenter: Segmenter | None,
    crs: CRS,
    start: float,
    progress: Progress,
    cancelled: Cancelled,
    workers: Workers,
) -> MapResult:
    # Whatever predicts and writes takes seconds to import, and files come first.
    from core.export.map_files import write_map_files  # noqa: PLC0415
    from core.export.run_record import write_run_record  # noqa: PLC0415
    from core.mapping.engines.choose_engine import choose_engine  # noqa: PLC0415
    from core.mapping.map_tiles import Gathering, map_tiles  # noqa: PLC0415
    from core.mapping.tile_task import plan_run  # noqa: PLC0415

    if options.needed_model is not None and segmenter is None:
        from core.sam.deferred import DeferredModel  # noqa: PLC0415

        segmenter = DeferredModel(options.needed_model, options.runtime, options.device)
    run = plan_run(scene, landcover, options, segmenter, out / ".tiles")
    with closing(Gathering(run)) as gathering:
        mapped = map_tiles(run, gathering, progress, cancelled, choose_engine(run, workers))
        if not mapped.labelled.reviewed.any():
            raise _nothing_to_map(landcover)
        predicted = time.perf_counter()
        warnings = sentences_of(scene, landcover)
        with together(out) as new:
            labels, sums = write_map_files(run, mapped, new, progress, crs)
            seconds = {"predict": predicted - start, "write": time.perf_counter() - predicted}
            record = new / "run.json"
            write_run_record(record, run, mapped, labels, seconds, warnings=warnings)
    run.clear()
    return MapResult(
        files=tuple(out / path.name for path in (*labels.files, record)),
        notes=labels.notes,
        parcels=sums.count,
        cropland_ha=sums.hectares,
        tiles=len(run.tiles),
        kept_tiles=mapped.kept_tiles,
        seconds=time.perf_counter() - start,
        strategy=options.chosen_strategy,
        model=options.needed_model or "none",
        land_cover=landcover.title if landcover else NO_LANDCOVER,
        covered=mapped.covered,
        warnings=warnings,
        weights_sha256=segmenter.weights_hash if segmenter else "",
    )
