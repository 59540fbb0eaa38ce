"""``cropmap project``: the projects of the app, made, filled, mapped and exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.project_backup import backup_command
from core.cli.project_export import export_command
from core.cli.project_named import (
    ProjectPath,
    SceneName,
    chosen_scenes,
    new_project_file,
    opened_project,
)
from core.cli.terminal import (
    FIELD_SIZE_HELP,
    BandsOption,
    CrsOption,
    JsonFlag,
    LandcoverCrsOption,
    LandcoverNodataOption,
    NodataOption,
    ProductOption,
    StretchOption,
    cancel_on_interrupt,
    parse_bands,
    parse_nodata,
    parse_stretch,
    progress_bar,
    show_result,
    warn,
)
from core.errors import InputError, Remedy
from core.predict import WITHOUT_MODEL
from core.sam import DEFAULT_MODEL, get_model

if TYPE_CHECKING:
    from core.cli.terminal import Bar
    from core.project import Project, SceneRecord
    from core.task import Cancelled, Progress

project_app = typer.Typer(
    help="Projects, the same as in the app: make one, add scenes, map, export, back up.",
    no_args_is_help=True,
)

_NO_MODEL = "none"


@project_app.command("new")
def new_command(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT", help="Folder for the project; it is made.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the project; without one, that of its folder.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a project; the app lists it from now on."""
    from core.project import Project, remember_project

    path = new_project_file(project)
    made = Project.create(path, name or path.stem)
    try:
        remember_project(made.path)
        show_result(
            {"project": str(made.path), "name": made.name},
            f"The project {made.name} is ready: {made.path}",
            as_json=as_json,
        )
    finally:
        made.close()


@project_app.command("add")
def add_command(
    project: ProjectPath,
    scene: Annotated[str, typer.Argument(help="GeoTIFF, COG, or JPEG/PNG with a world file.")],
    landcover: Annotated[
        str | None, typer.Option(help="Land cover file, or 'worldcover' to fetch ESA WorldCover.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the scene; without one, that of its file.")
    ] = None,
    product: ProductOption = None,
    crs: CrsOption = None,
    landcover_crs: LandcoverCrsOption = None,
    bands: BandsOption = None,
    stretch: StretchOption = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Add SCENE to a project, with the land cover from which its prompts come.

    The files stay where they lie; what is slow to look at is copied as well.
    """
    chosen, way = parse_bands(bands), parse_stretch(stretch)
    unknown, cover_unknown = parse_nodata(nodata), parse_nodata(landcover_nodata)
    with (
        opened_project(project) as store,
        cancel_on_interrupt() as cancelled,
        progress_bar() as bar,
    ):
        from core.imagery import open_scene
        from core.landcover import notes_of
        from core.mapping import WORLDCOVER, SceneRequest, open_request
        from core.session import add_scene, keep_landcover

        path, cover = _absolute(scene), None
        if landcover is None:
            opened = open_scene(path, crs=crs, bands=chosen, stretch=way, nodata=unknown)
        else:
            named = landcover if landcover == WORLDCOVER else _absolute(landcover)
            opened, cover = open_request(
                SceneRequest(
                    path,
                    named,
                    product,
                    crs,
                    landcover_crs,
                    bands=chosen,
                    stretch=way,
                    nodata=unknown,
                    landcover_nodata=cover_unknown,
                )
            )
        # Only what can be used is copied.
        path = _quick(store, path, "imagery", bar, cancelled.is_set, crs=crs)
        cover_path = None
        if cover is not None and landcover == WORLDCOVER:
            cover_path = str(keep_landcover(store, Path(cover.path)))
        elif cover is not None:
            cover_path = _quick(
                store, cover.path, "landcover", bar, cancelled.is_set, crs=landcover_crs
            )
        record = add_scene(
            store,
            path,
            name=name or Path(scene).stem,
            crs=crs,
            bands=chosen,
            stretch=way,
            landcover_path=cover_path,
            product=cover.product.key if cover else None,
            landcover_crs=landcover_crs,
            nodata=unknown,
            landcover_nodata=cover_unknown if cover else None,
        )
        tiles = len(store.tiles(record.id))
    warn(notes_of(opened, cover))
    show_result(
        {"project": str(store.path), "scene": record.name, "id": record.id, "tiles": tiles},
        f"{record.name} is added: {_count(tiles, 'tile')}"
        f"{'' if cover else '; without land cover its fields are drawn from the image alone'}.",
        as_json=as_json,
    )


@project_app.command("map")
def map_command(
    project: ProjectPath,
    scene: SceneName = None,
    strategy: Annotated[
        str | None, typer.Option(help="classifier, apt, joint, per_field or apt_plus.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model, see: cropmap weights list; 'none' for none.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Probability that counts as cropland.")
    ] = None,
    points_per_class: Annotated[
        int | None, typer.Option(help="Automatic prompts for cropland, and for what is not.")
    ] = None,
    min_area_m2: Annotated[float | None, typer.Option(help="Smallest parcel and hole, m2.")] = None,
    simplify_px: Annotated[
        float | None, typer.Option(help="Tolerance of outlines, pixels; 0 follows the pixels.")
    ] = None,
    field_size: Annotated[float | None, typer.Option(help=FIELD_SIZE_HELP)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random choices.")] = None,
    published_scale: Annotated[
        bool | None,
        typer.Option(help="With --strategy apt: 512 px at a time enlarged twice."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Predict all tiles that are not mapped yet, or whose model or settings changed.

    Corrections, prompts and verdicts stay; options are kept with the scene.

    Ctrl-C stops after the present tile; the same command goes on from there.
    """
    options = {
        "strategy": strategy,
        "threshold": threshold,
        "points_per_class": points_per_class,
        "min_area_m2": min_area_m2,
        "simplify_px": simplify_px,
        "field_size": field_size,
        "seed": seed,
        "published_scale": published_scale,
    }
    given = {key: value for key, value in options.items() if value is not None}
    rows: list[dict[str, Any]] = []
    with opened_project(project) as store:
        scenes, left_out = _mappable(chosen_scenes(store, project, scene), model, strategy)
        _check_model(scenes, model)
        for one in scenes:
            _change_settings(store, one, model, given)
        from core.session import Workspaces, predict_all

        own = Workspaces()
        with cancel_on_interrupt() as cancelled, progress_bar() as bar:
            for one in scenes:
                tiles = predict_all(store, one.id, _scene_progress(one, bar), cancelled.is_set, own)
                rows.append({"scene": one.name, "tiles": tiles, **_cropland(store, one)})
    lines = [
        f"{row['scene']}: {_count(row['tiles'], 'tile')} mapped, "
        f"{row['cropland_ha']:,.1f} ha of cropland."
        for row in rows
    ]
    lines += [f"{name}: left out, it has no land cover for the classifier." for name in left_out]
    plain = {"project": str(store.path), "scenes": rows, "left_out": left_out}
    show_result(plain, "\n".join(lines), as_json=as_json)


project_app.command("export")(export_command)
project_app.command("backup")(backup_command)


def _quick(
    store: Project,
    path: str,
    folder: str,
    bar: Bar,
    cancelled: Cancelled,
    *,
    crs: str | None,
) -> str:
    """The path itself, or that of a copy in the project where the file is slow to look at."""
    from core.imagery import needs_copy
    from core.session import copy_into

    if "://" in path or not needs_copy(path):
        return path
    stage = f"Copying {Path(path).name}"
    copy = copy_into(
        store,
        Path(path),
        folder,
        crs=crs,
        categorical=folder == "landcover",
        trusted=True,
        progress=lambda share: bar(stage, round(share * 100), 100),
        cancelled=cancelled,
    )
    return str(copy)


def _mappable(
    scenes: Sequence[SceneRecord], model: str | None, strategy: str | None
) -> tuple[list[SceneRecord], list[str]]:
    """Scenes that can be predicted, and names of those without what to start from.

    A model's field map tells cropland where there is no land cover; the classifier cannot.

    Raises
    ------
    InputError
        None can be predicted.
    """
    ready, left_out = [], []
    for scene in scenes:
        chosen = strategy or scene.settings.get("strategy")
        asked = model or scene.settings.get("model", DEFAULT_MODEL) or _NO_MODEL
        if scene.landcover is None and (chosen == WITHOUT_MODEL or asked == _NO_MODEL):
            left_out.append(scene.name)
        else:
            ready.append(scene)
    if not ready:
        raise InputError(
            f"There is no land cover for {', '.join(left_out)}, and the classifier learns from it.",
            remedy=Remedy.CHOOSE_LANDCOVER,
        )
    return ready, left_out


def _check_model(scenes: Sequence[SceneRecord], model: str | None) -> None:
    """Raise where a model does not exist or its weights are not here: before any work is done."""
    from core.sam import is_present, verify

    asked = [scene.settings.get("model") for scene in scenes] if model is None else [model]
    for key in {one for one in asked if one not in (None, _NO_MODEL)}:
        spec = get_model(str(key))
        if not is_present(spec):
            verify(spec)


def _change_settings(
    store: Project, scene: SceneRecord, model: str | None, given: dict[str, Any]
) -> None:
    """Keep what was asked for with the scene; what was not asked for stays."""
    from core.label import Choices
    from core.mapping import check_published_scale

    wanted = {**scene.settings, **given}
    if model == _NO_MODEL:
        wanted |= {"model": None, "strategy": given.get("strategy", "classifier")}
    elif model is not None:
        wanted["model"] = model
        if scene.settings.get("model", model) is None and "strategy" not in given:
            del wanted["strategy"]  # it was the one that needs no model
    without = "model" in wanted and wanted["model"] is None
    if without and wanted.get("strategy", "classifier") != "classifier":
        raise InputError(
            f"The strategy '{wanted['strategy']}' needs a model.", remedy=Remedy.CHOOSE_MODEL
        )
    choices = Choices().changed(wanted)
    if given.get("published_scale"):
        check_published_scale(choices.strategy, wanted=True)
    if wanted != scene.settings:
        store.update_scene(scene.id, expected_version=scene.version, settings=wanted)


def _scene_progress(scene: SceneRecord, bar: Bar) -> Progress:
    """Progress under the scene's name, so that each scene has a line of its own."""
    return lambda stage, done, total: bar(f"{stage}: {scene.name}", done, total)


def _cropland(store: Project, scene: SceneRecord) -> dict[str, float]:
    figures = (tile.figures for tile in store.tiles(scene.id))
    return {"cropland_ha": round(sum(f.get("cropland_ha", 0.0) for f in figures), 4)}


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).absolute())
