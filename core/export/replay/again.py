"""A label made again from its bundle, with the image and the land cover that lie here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import InputError
from core.export.replay.bundle_file import LandCoverFacts, Record, TileFacts, read_bundle
from core.export.replay.differences import ReplayReport, compare
from core.export.replay.label_record import record_label
from core.files import prepare_folder, replacing
from core.imagery.scene import Scene, coarser_grid
from core.imagery.scene import open_scene as open_raster_scene
from core.imagery.stretch import Stretch
from core.label.work import replay
from core.landcover.align import check_overlap
from core.landcover.source import open_landcover
from core.project import EditRecord, NewTile, Project, TileLog
from core.sam.protocol import Segmenter
from core.sam.registry import get_model
from core.session.models import Models
from core.session.opened import OpenedScene, open_scene, plan_scene
from core.session.workspace import default_choices
from core.session.workspaces import Workspaces
from core.settings import get_settings
from core.task import Cancelled, Progress, never, silent

LABEL, REPORT = "label.geojson", "replay.json"


def replay_bundle(
    path: Path,
    scene: str,
    landcover: str | None,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    models: Models | None = None,
) -> ReplayReport:
    """Make a bundle's label again, and write it and what differs to ``out``.

    Parameters
    ----------
    scene, landcover : str
        Image and land cover on this machine; ``landcover`` is None where the bundle has none.
    models : Models, optional
        By default the registry's, their weights checked, no embedding taken from a cache.

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
    _check_model(bundle.record, given=models is not None)
    with _project(bundle.record, scene, landcover) as (project, scene_id):
        own = Workspaces(models or Models(_load))
        names = [tile.name for tile in bundle.record.tiles]
        again = record_label(project, scene_id, names, own, progress, cancelled)
        own.settle()
    report = compare(bundle, again)
    _write(out, again.label, report)
    return report


def _load(key: str) -> Segmenter:
    # torch takes seconds to import: only once a model is needed.
    from core.sam.load import load_segmenter  # noqa: PLC0415

    return load_segmenter(key)


def _check_model(record: Record, *, given: bool) -> None:
    """Raise unless this version knows the bundle's model and its weights are here."""
    if record.model is None:
        return
    spec = get_model(record.model.key)
    if not given:
        from core.sam.weights import verify  # noqa: PLC0415

        verify(spec)


class _Replayed(Project):
    """A project whose edits are a bundle's, with their own authors and times."""

    edits: dict[str, tuple[EditRecord, ...]]

    def log(self, scene_id: str, name: str) -> TileLog:
        """The edits of a tile in the bundle."""
        edits = self.edits[name]
        return TileLog(len(edits), edits, can_undo=False, can_redo=False)


@contextmanager
def _project(record: Record, scene: str, landcover: str | None) -> Iterator[tuple[Project, str]]:
    """A project for the time of the replay that holds the scene and the edits of a bundle."""
    raster = _scene(record, _absolute(scene))
    stored = _landcover(record.landcover, landcover, raster)
    tiles = [NewTile(t.name, i, t.window) for i, t in enumerate(record.tiles)]
    _check_plan(record, raster)
    with tempfile.TemporaryDirectory(prefix="cropmap-replay-") as folder:
        project = _Replayed.create(Path(folder) / "replay.cropmap", "Replay")
        project.edits = {tile.name: _records(tile) for tile in record.tiles}
        try:
            added = project.add_scene(record.scene.name, raster.to_json(), stored, tiles)
            model = record.model.key if record.model else None
            project.update_scene(
                added.id,
                expected_version=added.version,
                settings={**record.settings, "model": model},
            )
            opened = open_scene(project, added.id)
            for tile in record.tiles:
                _check_edits(project, opened, tile.name)
            yield project, added.id
        finally:
            project.close()


def _scene(record: Record, path: str) -> Scene:
    """The image on this machine, looked at as the bundle says.

    Raises
    ------
    InputError
        It cannot be read, or its pixels lie elsewhere than those of the bundle.
    """
    facts = record.scene
    stated = facts.crs if facts.crs_source == "person" else None
    stretch = Stretch(facts.stretch_low, facts.stretch_high)
    scene = open_raster_scene(path, crs=stated, bands=facts.bands, stretch=stretch)
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
    factor = facts.working_factor
    return replace(scene, working_factor=factor, working_grid=coarser_grid(grid, factor))


def _same_crs(scene: Scene, wkt: str) -> bool:
    try:
        return bool(scene.grid.crs == CRS.from_wkt(wkt))
    except CRSError:
        return False


def _landcover(
    facts: LandCoverFacts | None, path: str | None, scene: Scene
) -> dict[str, str | None] | None:
    if facts is None:
        if path is not None:
            raise InputError("This label was made without land cover.", "Leave out --landcover.")
        return None
    if path is None:
        raise InputError(
            f"This label was made with {facts.title} ({facts.file}).",
            "Pass its file with --landcover FILE.",
        )
    found = open_landcover(_absolute(path), product=facts.product, crs=facts.crs)
    check_overlap(found, scene.working_grid)
    return {"path": _absolute(path), "product": facts.product, "crs": facts.crs}


def _check_plan(record: Record, scene: Scene) -> None:
    """Raise unless this machine cuts the scene into the bundle's tiles."""
    settings = get_settings()
    if (settings.tile_size, settings.tile_halo) != (record.tile_size, record.tile_halo):
        raise InputError(
            f"The label was made with tiles of {record.tile_size} pixels and a halo of "
            f"{record.tile_halo}; here they are {settings.tile_size} and {settings.tile_halo}.",
            f"Set CROPMAP_TILE_SIZE={record.tile_size} and CROPMAP_TILE_HALO={record.tile_halo}.",
        )
    plan = {tile.name: tile.window for tile in plan_scene(scene)}
    for tile in record.tiles:
        window = plan.get(tile.name)
        here = None if window is None else (window.column, window.row, window.width, window.height)
        if here != tile.window:
            raise InputError(
                f"This version of CropMap cuts the scene otherwise: tile {tile.name[:40]} is not "
                "where the bundle has it.",
                f"Use the version that made it, {record.software.get('cropmap', 'unknown')}.",
            )


def _records(tile: TileFacts) -> tuple[EditRecord, ...]:
    return tuple(
        EditRecord(number, edit.kind, edit.data, edit.author, edit.at.astimezone(UTC))
        for number, edit in enumerate(tile.edits, start=1)
    )


def _check_edits(project: Project, opened: OpenedScene, name: str) -> None:
    """Raise unless the edits of a tile mean something; a stranger may have written them."""
    log = project.log(opened.record.id, name)
    try:
        replay(log.edits, opened.frame(name), default_choices(opened))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(
            f"An edit of tile {name} in the bundle cannot be understood.",
            "It may come from a newer version of CropMap, or be damaged.",
        ) from error


def _write(out: Path, label: bytes, report: ReplayReport) -> None:
    prepare_folder(out)
    bodies = {LABEL: label, REPORT: json.dumps(report.to_json(), indent=1).encode()}
    for name, body in bodies.items():
        with replacing(out / name) as aside:
            aside.write_bytes(body)


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).absolute())
