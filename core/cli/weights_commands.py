"""``cropmap weights``: list, fetch, add, remove, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from core.cli.remedies import command_hint
from core.cli.terminal import Bar, JsonFlag, cancel_on_interrupt, errors, output, progress_bar
from core.sam import OWN_ARCHITECTURES
from core.settings import get_settings
from core.task import Progress

if TYPE_CHECKING:
    from core.sam import ModelSpec

weights_app = typer.Typer(
    help="Model weights: list, fetch, add, remove, verify.", no_args_is_help=True
)

_AT_FAULT = 1


@weights_app.command("list")
def weights_list(as_json: JsonFlag = False) -> None:
    """List the models and whether their weights are on this machine."""
    from core.sam import is_present, known_models, weights_path

    if as_json:
        rows = [
            {
                "key": spec.key,
                "title": spec.title,
                "architecture": spec.architecture,
                "bytes": spec.size_bytes,
                "sha256": spec.sha256,
                "licence": spec.licence,
                "url": spec.url,
                "own": spec.own,
                "source": spec.source_name,
                "path": str(weights_path(spec)),
                "present": is_present(spec),
            }
            for spec in known_models().values()
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("Key", "Model", "MB", "Licence", "On this machine", box=None)
    for spec in known_models().values():
        megabytes = f"{spec.size_bytes / 1e6:,.0f}"
        table.add_row(spec.key, spec.title, megabytes, spec.licence, _here(spec))
    output.print(table)
    for spec in known_models().values():
        if spec.own:
            output.print(f"{spec.key}: {spec.citation}, SHA-256 {spec.sha256}", markup=False)
    output.print(
        f"Their folder is {get_settings().weights_folder} (CROPMAP_WEIGHTS_DIR chooses another); a "
        "file put there by hand keeps its published name.",
        markup=False,
    )


@weights_app.command("fetch")
def weights_fetch(name: Annotated[str, typer.Argument(help="Key of the model.")]) -> None:
    """Download the weights of a model; goes on where an earlier download stopped."""
    from core.sam import fetch, get_model

    spec = get_model(name)
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        path = fetch(spec, _in_megabytes(bar), cancelled.is_set)
    output.print(f"Verified and ready: {path}", markup=False)


@weights_app.command("add")
def weights_add(
    file: Annotated[Path, typer.Argument(help="A checkpoint of your own.")],
    architecture: Annotated[str, typer.Option(help=f"{', '.join(OWN_ARCHITECTURES)}.")],
    name: Annotated[
        str | None, typer.Option(help="What it is called from now on; by default the file's name.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a checkpoint of your own, a fine-tuned one, among the models.

    It is copied into the folder of the weights and checked against its architecture; nothing in
    it is run.  State dicts, {'model': ...}, {'state_dict': ...}, training checkpoints, 'module.'
    prefixes and half precision are read.
    """
    from core.sam import add_weights, weights_path

    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        added = add_weights(file, architecture, name, _in_megabytes(bar), cancelled.is_set)
    spec = added.spec
    if as_json:
        plain = {
            "key": spec.key,
            "architecture": spec.architecture,
            "sha256": spec.sha256,
            "path": str(weights_path(spec)),
            "notes": added.notes,
        }
        typer.echo(json.dumps(plain, indent=2))
        return
    for note in added.notes:
        output.print(note, markup=False)
    output.print(
        f"Added as '{spec.key}': {weights_path(spec)}\nSHA-256 {spec.sha256}\n"
        f"Use it with --model {spec.key}.",
        markup=False,
    )


@weights_app.command("remove")
def weights_remove(
    name: Annotated[str, typer.Argument(help="Name of a checkpoint of your own.")],
) -> None:
    """Delete a checkpoint of your own from the folder of the weights.

    The file that it was added from stays where it is.  Scenes that were drawn with it keep their
    labels; to predict with it again, add the same file again.
    """
    from core.sam import remove_weights

    for path in remove_weights(name):
        output.print(f"Deleted: {path}", markup=False)


@weights_app.command("verify")
def weights_verify(
    name: Annotated[
        str | None, typer.Argument(help="Key of the model; every file without.")
    ] = None,
) -> None:
    """Check the weights on this machine against their published or recorded SHA-256.

    Without a name every file in the folder is spoken of.  Exit status 1 where a model's file is
    not what it should be.
    """
    from core.sam import get_model, verify, weights_files

    if name:
        spec = get_model(name)
        what = "the file that was added" if spec.own else "the published file"
        output.print(f"{spec.key}: {verify(spec)} is {what}.", markup=False)
        return
    sound = True
    with cancel_on_interrupt() as cancelled:
        for found in weights_files(cancelled.is_set):
            sound &= found.sound
            if found.error is None:
                output.print(found.sentence, markup=False)
            elif found.sound:
                output.print(f"{found.error.message} {command_hint(found.error)}", markup=False)
            else:
                errors.print(f"Error: {found.error.message}", markup=False)
                errors.print(command_hint(found.error), markup=False)
    output.print(f"That is every file in {get_settings().weights_folder}.", markup=False)
    if not sound:
        raise typer.Exit(_AT_FAULT)


def _here(spec: ModelSpec) -> str:
    """Whether a model's weights are on this machine, in a word or two."""
    from core.sam import is_present, weights_path

    if is_present(spec):
        return "with cropmap" if spec.shipped else "yes"
    # Of another size: one's own under a published name, or half a file.
    return "another file" if weights_path(spec).is_file() and not spec.shipped else "no"


def _in_megabytes(bar: Bar) -> Progress:
    return lambda stage, done, total: bar(
        "Megabytes" if total > 1 else stage,
        done // 1_000_000 if total > 1 else done,
        max(1, total // 1_000_000),
    )
