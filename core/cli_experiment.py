"""``cropmap experiment``: the paper's questions, asked of anyone's data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli_terminal import cancel_on_interrupt, output, progress_bar

experiment_app = typer.Typer(
    help="Experiments on your own images with truth: seeded, resumable.", no_args_is_help=True
)


@experiment_app.callback()
def _experiments() -> None:
    """Experiments on your own images with truth: seeded, resumable."""


@experiment_app.command("prompts")
def prompts_command(
    scenes: Annotated[Path, typer.Option(help="An image, or a folder of them.")],
    truth: Annotated[Path, typer.Option(help="Masks or polygons with the images' names.")],
    landcover: Annotated[Path, typer.Option(help="Land cover: one file, or a folder of them.")],
    out: Annotated[Path, typer.Option(help="Folder for tables, page and pictures.")],
    product: Annotated[
        str | None, typer.Option(help="Land cover product, where the files do not tell.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Random draws of points for each image.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the draws and intervals.")] = 0,
) -> None:
    """How many automatic points fall on the right class, before and after cleaning."""
    from core.evaluation.pairs import find_labelled_scenes
    from core.evaluation.prompt_check import PromptCheckOptions, check_prompts
    from core.evaluation.prompt_report import write_prompt_check
    from core.evaluation.report import many

    options = PromptCheckOptions(seed=seed, draws=draws)
    images = find_labelled_scenes(scenes, truth, landcover, product)
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        checked = check_prompts(images, options, out, progress=bar, cancelled=cancelled.is_set)
    page = write_prompt_check(checked, options, out)[0]
    output.print(f"{many(len(checked), 'image')} checked: {page}", markup=False)
