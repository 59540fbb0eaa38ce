"""``cropmap embed``: embeddings ahead of time, for people without a graphics card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.project_named import SceneName, chosen_scenes, opened_project
from core.cli.terminal import (
    BandsOption,
    CrsOption,
    DeviceOption,
    JsonFlag,
    NodataOption,
    StretchOption,
    WorkingGsdOption,
    cancel_on_interrupt,
    output,
    parse_bands,
    parse_nodata,
    parse_stretch,
    progress_bar,
)
from core.errors import InputError
from core.sam import DEFAULT_MODEL

if TYPE_CHECKING:
    from core.imagery import Scene


def embed_command(
    source: Annotated[
        str, typer.Argument(help="An image, or a project: its folder or .cropmap file.")
    ],
    scene_name: SceneName = None,
    model: Annotated[
        str | None, typer.Option(help="Model; by default the scene's own, else the small one.")
    ] = None,
    device: DeviceOption = "auto",
    crs: CrsOption = None,
    bands: BandsOption = None,
    stretch: StretchOption = None,
    nodata: NodataOption = None,
    working_gsd: WorkingGsdOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many and how large, and compute nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compute the embeddings of an image or a project ahead, into the cache folder."""
    from core.mapping import SceneRequest, embed_scenes, open_request, plan_embeddings

    path = Path(source)
    view: dict[str, Any] = {
        "crs": crs,
        "bands": parse_bands(bands),
        "stretch": parse_stretch(stretch),
        "nodata": parse_nodata(nodata),
        "working_gsd_m": working_gsd,
    }
    if path.is_dir() or path.suffix == ".cropmap":
        if any(one is not None for one in view.values()):
            raise InputError("A project says itself how its images are read.", "Leave that out.")
        groups = _of_project(path, scene_name, model)
    else:
        if scene_name is not None:
            raise InputError("--scene chooses a scene of a project, and this is an image.")
        scene, _ = open_request(SceneRequest(source, **view))
        groups = {model or DEFAULT_MODEL: [scene]}
    made = there = tiles = size = 0
    for key, scenes in groups.items():
        plan = plan_embeddings(scenes, key, device)
        tiles, size = tiles + plan.tiles, size + plan.tiles * plan.encoder.bytes_each
        if not as_json:
            output.print(f"{key}: {plan.sentence()}", markup=False)
        if dry_run:
            continue
        with cancel_on_interrupt() as cancelled, progress_bar() as bar:
            new, old = embed_scenes(plan, bar, cancelled.is_set)
        made, there = made + new, there + old
    if as_json:
        told = {"tiles": tiles, "bytes_at_most": size, "computed": made, "there_already": there}
        typer.echo(json.dumps(told, indent=2))
    elif not dry_run:
        output.print(f"{made} embeddings were computed, {there} were there.", markup=False)


def _of_project(path: Path, name: str | None, model: str | None) -> dict[str, list[Scene]]:
    """The chosen scenes of a project by the model that people click with."""
    from core.session import model_of, open_project_scene

    groups: dict[str, list[Scene]] = {}
    with opened_project(path) as project:
        for record in chosen_scenes(project, path, name):
            opened = open_project_scene(project, record.id)
            key = model or model_of(opened)
            if key is not None:  # else its strategy asks no model
                groups.setdefault(key, []).append(opened.scene)
    if not groups:
        raise InputError("No scene of the project asks a model.", "Name one with --model.")
    return groups
