"""A label made again from its bundle, with the image and the land cover that lie here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from core.crs import horizontal
from core.errors import InputError, MissingWeightsError, Remedy
from core.export.replay.bundle_file import (
    LandCoverFacts,
    ModelFacts,
    ReplayRecord,
    TileFacts,
    read_bundle,
)
from core.export.replay.differences import ReplayReport, compare
from core.export.replay.label_record import LabelSetup, RecordedTile, record_label, record_tile
from core.files import prepare_folder, together
from core.grid import Window
from core.imagery.frame import Frame, frame_of, plan_scene
from core.imagery.scene import Scene, check_scene_file, open_scene
from core.imagery.stretch import Stretch
from core.imagery.tile_plan import Tile
from core.imagery.validity import UnknownPixels
from core.imagery.working_grid import coarser_grid
from core.label.choices import Choices
from core.label.make import answer_prompts, make_label, predict_work
from core.label.work import BrokenEditError, Work, replay
from core.landcover.alignment import check_overlap
from core.landcover.source import LandCover, check_landcover_file, open_landcover
from core.predict.tile import TileInputs, TileMemory, read_tile_inputs
from core.project import EditRecord, VerdictRecord
from core.sam.added import is_name
from core.sam.protocol import Segmenter
from core.sam.registry import get_model, model_of_weights
from core.settings import get_settings
from core.task import Cancelled, Progress, check, never, silent

STAGE = "Making the label again"

LABEL, REPORT = "label.geojson", "replay.json"


def replay_bundle(
    path: Path,
    scene: str,
    landcover: str | None,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    segmenter: Segmenter | None = None,
) -> ReplayReport:
    """Make a bundle's label again, and write it and what differs to ``out``.

    Parameters
    ----------
    scene, landcover : str
        Image and land cover on this machine; ``landcover`` is None where the bundle has none.
    segmenter : Segmenter, optional
        By default the bundle's model from the registry, its weights checked, no embedding taken
        from a cache.

    Returns
    -------
    ReplayReport
        Also in ``out/replay.json``, the label in ``out/label.geojson``.

    Raises
    ------
    InputError
        The bundle cannot be used, or the image or land cover is not what it asks for.
    WeightsError
        The weights are not on this machine.
    OutputError
        ``out`` cannot be written.
    """
    bundle = read_bundle(path)
    record = bundle.record
    model = _model_here(record.model, given=segmenter is not None)
    raster = _scene(record, path=_absolute(scene))
    product = _landcover(record.landcover, landcover, raster)
    plan = _checked_plan(record, raster)
    choices = Choices().changed(dict(record.settings))
    works = {tile.name: _work(tile, frame_of(raster, plan[tile.name]), choices)
             for tile in record.tiles}  # fmt: skip
    if segmenter is None and model is not None:
        segmenter = _load(model)
    recorded = []
    for done, tile in enumerate(record.tiles):
        check(cancelled, "Making the label again was cancelled.", "Start again to do it.")
        progress(STAGE, done, len(record.tiles))
        inputs = read_tile_inputs(raster, product, plan[tile.name])
        recorded.append(_made(tile, plan[tile.name], inputs, works[tile.name], segmenter))
    progress(STAGE, len(record.tiles), len(record.tiles))
    check_scene_file(raster)
    if product is not None:
        check_landcover_file(product)
    setup = LabelSetup(
        project=record.project,
        name=record.scene.name,
        scene=raster,
        landcover=product,
        landcover_crs=record.landcover.crs if record.landcover else None,
        landcover_nodata=record.landcover.nodata if record.landcover else None,
        model=model,
        choices=choices,
    )
    again = record_label(setup, recorded)
    report = compare(bundle, again)
    _write(out, again.label, report)
    return report


def _made(
    tile: TileFacts, planned: Tile, inputs: TileInputs, work: Work, segmenter: Segmenter | None
) -> RecordedTile:
    """The label of one tile, made from nothing but its inputs and edits."""
    memory = TileMemory()
    prediction = None
    if work.needs_prediction:
        prediction = predict_work(inputs, work, segmenter, memory)
    answers = answer_prompts(inputs, work, segmenter, memory)
    label = make_label(inputs, prediction, work, answers)
    verdict = VerdictRecord(
        tile.verdict.verdict, tile.verdict.reviewer, tile.verdict.comment, tile.verdict.at, 0
    )
    return record_tile(planned, inputs, label, prediction, work, _records(tile), verdict)


def _load(key: str) -> Segmenter:
    # torch takes seconds to import: only once a model is needed.
    from core.sam.load import load_segmenter  # noqa: PLC0415

    return load_segmenter(key)


def _model_here(model: ModelFacts | None, *, given: bool) -> str | None:
    """The key, on this machine, of the bundle's model; one of somebody's own by its weights.

    Raises
    ------
    InputError
        This version knows no such model.
    WeightsError
        Its weights are not here.
    """
    if model is None:
        return None
    spec = model_of_weights(model.key, model.sha256) if model.file else get_model(model.key)
    if spec is None:
        raise MissingWeightsError(
            f"The bundle's model is a checkpoint of somebody's own, {model.file} (SHA-256 "
            f"{model.sha256}), and it is not on this machine.",
            remedy=Remedy.ADD_BUNDLES_WEIGHTS,
            facts={
                "model": model.key if is_name(model.key) else "NAME",
                "architecture": model.architecture,
            },
        )
    if not given:
        from core.sam.weights import verify  # noqa: PLC0415

        verify(spec)
    return spec.key


def _scene(record: ReplayRecord, *, path: str) -> Scene:
    """The image on this machine, looked at as the bundle says.

    Raises
    ------
    InputError
        It cannot be read, or its pixels lie elsewhere than those of the bundle.
    """
    facts = record.scene
    stated = facts.crs if facts.crs_source == "person" else None
    stretch = Stretch(facts.stretch_low, facts.stretch_high)
    unknown = UnknownPixels.from_json(facts.unknown.model_dump())
    scene = open_scene(path, crs=stated, bands=facts.bands, stretch=stretch, unknown=unknown)
    grid = scene.grid
    t = grid.transform
    unlike = []
    if (grid.width, grid.height) != (facts.width, facts.height):
        unlike.append(
            f"{grid.width} x {grid.height} pixels instead of {facts.width} x {facts.height}"
        )
    if (t.a, t.b, t.c, t.d, t.e, t.f) != facts.transform:
        unlike.append(
            f"it begins at {t.c:.10g}, {t.f:.10g} with pixels of {t.a:.10g}, {t.e:.10g} instead of "
            f"{facts.transform[2]:.10g}, {facts.transform[5]:.10g} with {facts.transform[0]:.10g}, "
            f"{facts.transform[4]:.10g}"
        )
    if not unlike and not _same_crs(scene, facts.crs):
        unlike.append(f"its CRS is {grid.crs.name}, another than the bundle's")
    if unlike:
        raise InputError(
            f"{Path(path).name} is not the image of this bundle ({facts.file}): "
            f"{'; '.join(unlike)}.",
            "Give the image that the label was drawn on.",
        )
    if scene.overview_fingerprint == facts.fingerprint:
        # A bundle of an earlier version names its files by their overviews.
        scene = replace(scene, fingerprint=facts.fingerprint)
    factor = facts.working_factor
    return replace(scene, working_factor=factor, working_grid=coarser_grid(grid, factor))


def _same_crs(scene: Scene, wkt: str) -> bool:
    try:
        return bool(scene.grid.crs == horizontal(CRS.from_wkt(wkt)))
    except CRSError:
        return False


def _landcover(facts: LandCoverFacts | None, path: str | None, scene: Scene) -> LandCover | None:
    if facts is None:
        if path is not None:
            raise InputError(
                "This label was made without land cover.", remedy=Remedy.LEAVE_OUT_LANDCOVER
            )
        return None
    if path is None:
        raise InputError(
            f"This label was made with {facts.title} ({facts.file}).",
            remedy=Remedy.GIVE_LANDCOVER,
        )
    found = open_landcover(
        _absolute(path), product=facts.product, crs=facts.crs, nodata=facts.nodata, ask=False
    )
    check_overlap(found, scene.working_grid)
    if found.overview_fingerprint == facts.fingerprint:
        return replace(found, fingerprint=facts.fingerprint)
    return found


def _checked_plan(record: ReplayRecord, scene: Scene) -> dict[str, Tile]:
    """The tiles of this machine's plan by name, of which the bundle's must be some.

    Raises
    ------
    InputError
        A tile of the bundle is not one of them.
    """
    settings = get_settings()
    if (settings.tile_size, settings.tile_halo) != (record.tile_size, record.tile_halo):
        raise InputError(
            f"The label was made with tiles of {record.tile_size} pixels and a halo of "
            f"{record.tile_halo}; here they are {settings.tile_size} and {settings.tile_halo}.",
            f"Set CROPMAP_TILE_SIZE={record.tile_size} and CROPMAP_TILE_HALO={record.tile_halo}.",
        )
    plan = {tile.name: tile for tile in plan_scene(scene)}
    for tile in record.tiles:
        found = plan.get(tile.name)
        if found is None or _corner_and_size(found.window) != tile.window:
            raise InputError(
                f"This version of CropMap cuts the scene otherwise: tile {tile.name[:40]} is not "
                "where the bundle has it.",
                f"Use the version that made it, {record.software.get('cropmap', 'unknown')}.",
            )
    return plan


def _corner_and_size(window: Window) -> tuple[int, int, int, int]:
    return window.column, window.row, window.width, window.height


def _records(tile: TileFacts) -> tuple[EditRecord, ...]:
    return tuple(
        EditRecord(number, edit.kind, edit.data, edit.author, edit.at.astimezone(UTC))
        for number, edit in enumerate(tile.edits, start=1)
    )


def _work(tile: TileFacts, frame: Frame, choices: Choices) -> Work:
    """What the edits of a tile amount to; a stranger may have written them.

    Raises
    ------
    InputError
        They mean nothing.
    """
    try:
        return replay(_records(tile), frame, choices)
    except BrokenEditError as error:
        raise InputError(
            f"Tile {tile.name} of the bundle: {error.message}",
            "It may come from a newer version of CropMap, or be damaged.",
        ) from error


def _write(out: Path, label: bytes, report: ReplayReport) -> None:
    prepare_folder(out)
    with together(out) as new:
        (new / LABEL).write_bytes(label)
        (new / REPORT).write_bytes(json.dumps(report.to_json(), indent=1).encode())


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).absolute())
