"""``cropmap project backup``: a copy of a project, also while the app has it open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from core.cli.project_named import ProjectPath, opened_project
from core.cli.terminal import JsonFlag, errors, output


def backup_command(
    project: ProjectPath,
    out: Annotated[
        Path | None,
        typer.Option(help="File for the copy; by default a new one in 'backups' beside it."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy PROJECT as it is into one file, also while the app has it open."""
    with opened_project(project) as opened:
        target = opened.backup(out)
        damages = [damage.sentence for damage in opened.damages()]
    if as_json:
        report = {"backup": str(target), "bytes": target.stat().st_size, "damages": damages}
        typer.echo(json.dumps(report, indent=2))
        return
    for sentence in damages:
        errors.print(f"Warning: {sentence}", markup=False)
    output.print(f"The project is copied to {target}.", markup=False)
