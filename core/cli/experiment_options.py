"""What the commands ``cropmap experiment ...`` share: options, and how one is carried out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.terminal import cancel_on_interrupt, output, parse_nodata, progress_bar
from core.errors import InputError

if TYPE_CHECKING:
    from core.study.experiments import Direction
    from core.study.metrics import StatedNodata

# The options that every experiment has; a command takes all of them under these names.
RegionFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--region",
        help="Folder with images/, truth/ and landcover/, names alike; may be given repeatedly.",
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for tables, plots, pictures and one page.")]
Product = Annotated[
    str | None, typer.Option(help="Land cover product, where the files do not tell.")
]
Model = Annotated[str, typer.Option(help="Model, see: cropmap weights list.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Processes side by side; as many as processors.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random choices and intervals.")]
Cells = Annotated[
    Path | None,
    typer.Option(help="Folder of finished steps, to share them between experiments."),
]

Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pair",
        help="Trained in one region and applied in another: A,B by their folders' names; "
        "repeatable.  By default every region to every other.",
    ),
]
Steps = Annotated[
    int | None, typer.Option(min=1, help="Steps of a training, at most; 250 by default.")
]

_NOT_ASKED = ("out", "jobs", "cells", "as_json")
"""Options that do not decide on the result."""


def directions_of(pairs: list[str] | None) -> tuple[Direction, ...]:
    """``A,B`` as directions."""
    from core.study.experiments import Direction

    found = []
    for pair in pairs or ():
        names = [name.strip() for name in pair.split(",")]
        if len(names) != 2 or not all(names):
            raise InputError(f"{pair} is no pair of regions.", "Write two names as A,B.")
        found.append(Direction(*names))
    return tuple(found)


def stated_nodata(nodata: str | None, landcover_nodata: str | None) -> StatedNodata:
    """What ``--nodata`` and ``--landcover-nodata`` say."""
    from core.study.metrics import StatedNodata

    return StatedNodata(parse_nodata(nodata), parse_nodata(landcover_nodata))


def conduct(context: typer.Context, **options: Any) -> None:
    """Run the experiment of a command as its options say, and name its page."""
    from core.study.experiments import build_experiment, read_regions, run_and_write
    from core.study.metrics import many, with_interval

    given = context.params
    unknown = stated_nodata(given["nodata"], given["landcover_nodata"])
    regions = read_regions(given["region"] or [], given["product"], unknown)
    asked = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    experiment = build_experiment(str(context.info_name), regions, seed=given["seed"], **asked)
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        written = run_and_write(
            experiment,
            given["out"],
            jobs=given["jobs"],
            seed=given["seed"],
            cells_folder=given["cells"],
            options=_asked(context),
            command=_command(context),
            progress=bar,
            cancelled=cancelled.is_set,
        )
    record = written.record
    if given["as_json"]:
        typer.echo((written.folder / "record.json").read_text(encoding="utf-8"))
        return
    for row in record.rows:
        labels = ", ".join(str(label) for label in row.labels.values())
        mean_iou = with_interval(row.figures["mean_iou"])
        output.print(f"{labels}: mean IoU {mean_iou}", markup=False)
    steps = many(len(record.cells), "step")
    output.print(f"{steps}: {written.files[0]}", markup=False)


def _asked(context: typer.Context) -> dict[str, Any]:
    """The options that decide on the result; folders by their names alone."""
    return {
        name: _named(value)
        for name, value in context.params.items()
        if name not in _NOT_ASKED and value not in (None, ())
    }


def _named(value: Any) -> Any:
    if isinstance(value, Path):
        return value.resolve().name
    if isinstance(value, list | tuple):
        return [_named(one) for one in value]
    return value


def _command(context: typer.Context) -> str:
    """The command that asks the same again, from the folder that the regions are in."""
    asked = _asked(context)
    words = ["cropmap", "experiment", str(context.info_name)]
    for option in context.command.params:
        value = asked.get(str(option.name))
        if value is None:
            continue
        if isinstance(value, bool):
            words += [option.opts[0]] if value else []
            continue
        for one in value if isinstance(value, list) else [value]:
            words += [option.opts[0], str(one)]
    return shlex.join([*words, "--out", _named(context.params["out"])])
