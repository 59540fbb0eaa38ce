"""``cropmap project export``: the labels of a scene as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.project_named import ProjectPath, SceneName, chosen_scene, opened_project
from core.cli.terminal import (
    EXPORT_CRS_HELP,
    JsonFlag,
    cancel_on_interrupt,
    progress_bar,
    show_result,
)
from core.errors import InputError

if TYPE_CHECKING:
    from core.export import Wishes
    from core.project import Project, SceneRecord

_FORMAT_KEYS = {"gpkg": "geopackage", "shp": "shapefile", "parquet": "geoparquet"}
"""Short names of formats; all others go by their own."""

_ENDINGS: dict[str, tuple[str, ...]] = {
    "geopackage": (".gpkg",),
    "shapefile": (".zip",),
    "geojson": (".geojson", ".json"),
    "geoparquet": (".parquet", ".geoparquet"),
    "fiboa": (".parquet", ".geoparquet"),
    "mask": (".tif", ".tiff"),
    "chips": (".zip",),
    "coco": (".zip",),
    "yolo": (".zip",),
}
"""How the file of a format may end, where the results are one file and no folder."""

_FILE_ENDINGS = {".shp", *(ending for endings in _ENDINGS.values() for ending in endings)}


def export_command(
    project: ProjectPath,
    out: Annotated[Path, typer.Option(help="File for one format, or folder for several.")],
    formats: Annotated[
        list[str],
        typer.Option(
            "--format",
            help="gpkg, shp, geojson, geoparquet, fiboa, mask, chips, coco or yolo; repeatable.",
        ),
    ],
    scene: SceneName = None,
    accepted_only: Annotated[
        bool, typer.Option("--accepted-only", help="Only tiles that a person accepted.")
    ] = False,
    crs: Annotated[
        str,
        typer.Option(
            help=f"{EXPORT_CRS_HELP} Without it, scene, and utm where that is in degrees."
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write the labels of a scene, the same files as the Results page makes.

    A file for one format (--out fields.gpkg), or a folder with a data card.
    """
    keys = tuple(_FORMAT_KEYS.get(one, one) for one in formats)
    _check_formats(keys, formats)
    single = _is_file(out, keys)
    with opened_project(project) as store:
        record = chosen_scene(store, project, scene)
        from core.export import Wishes

        wishes = Wishes(keys, accepted_only=accepted_only, crs=crs)
        files, notes, problems = _export(store, record, out, single, wishes)
    plain = {"project": str(store.path), "scene": record.name, "files": [str(f) for f in files]}
    lines = [*(f"  {path}" for path in files), *problems, *notes]
    show_result({**plain, "notes": notes, "problems": problems}, "\n".join(lines), as_json=as_json)


def _export(
    store: Project,
    scene: SceneRecord,
    out: Path,
    single: bool,
    wishes: Wishes,
) -> tuple[list[Path], list[str], list[str]]:
    """Paths of what was written, and sentences on what to know of it and what is not there."""
    from core.export import deliver
    from core.files import move, prepare_folder, replacing
    from core.session import Workspaces

    with cancel_on_interrupt() as cancelled, progress_bar() as bar:

        def made(folder: Path) -> tuple[list[Path], list[str], list[str]]:
            done = deliver(
                store,
                scene.id,
                folder,
                wishes,
                progress=bar,
                cancelled=cancelled.is_set,
                workspaces=Workspaces(),
            )
            paths = [folder / one.path for one in done.files]
            return paths, list(done.notes), list(done.problems)

        if not single:
            return made(out)
        prepare_folder(out.absolute().parent)
        with replacing(out.absolute()) as aside:
            paths, notes, problems = made(aside.parent / "files")
            move(paths[0], aside)
        return [out], notes, problems


def _check_formats(keys: Sequence[str], given: Sequence[str]) -> None:
    for key, word in zip(keys, given, strict=True):
        if key not in _ENDINGS:
            raise InputError(
                f"There is no format '{word}'.",
                f"Choose from gpkg, shp, {', '.join(_ENDINGS)}.",
            )


def _is_file(out: Path, keys: Sequence[str]) -> bool:
    """Whether ``out`` is the file for the one format; otherwise it is a folder.

    Raises
    ------
    InputError
        It ends like a file, and that of another format.
    """
    if out.is_dir() or out.suffix.lower() not in _FILE_ENDINGS:
        return False
    if len(set(keys)) > 1:
        raise InputError(
            f"{out.name} is one file, and {len(set(keys))} formats were asked for.",
            "Name a folder with --out.",
        )
    endings = _ENDINGS[keys[0]]
    if out.suffix.lower() not in endings:
        raise InputError(
            f"{out.name} does not end as a file of the format {keys[0]} does.",
            f"End it with {' or '.join(endings)}, or name a folder.",
        )
    return True
