"""``cropmap project``: projects of the app, without the app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from core.cli.terminal import JsonFlag, errors, output

project_app = typer.Typer(help="Projects of the app: back up.", no_args_is_help=True)


@project_app.callback()
def _group() -> None:
    """Keep the name of the only command."""


@project_app.command("backup")
def backup_command(
    project: Annotated[Path, typer.Argument(help="The project's file, NAME.cropmap.")],
    out: Annotated[
        Path | None,
        typer.Option(help="File for the copy; by default a new one in 'backups' beside it."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy PROJECT as it is into one file, also while the app has it open."""
    from core.project import Project

    opened = Project.open(project)
    try:
        target = opened.backup(out)
        damages = [damage.sentence for damage in opened.damages()]
    finally:
        opened.close()
    if as_json:
        report = {"backup": str(target), "bytes": target.stat().st_size, "damages": damages}
        typer.echo(json.dumps(report, indent=2))
        return
    for sentence in damages:
        errors.print(f"Warning: {sentence}", markup=False)
    output.print(f"The project was copied to {target}.", markup=False)
