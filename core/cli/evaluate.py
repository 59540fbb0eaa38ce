"""``cropmap evaluate``: predictions against truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from core.cli.terminal import JsonFlag, cancel_on_interrupt, output, progress_bar


def evaluate_command(
    out: Annotated[Path, typer.Option(help="Folder for the figures and the error maps.")],
    prediction: Annotated[
        Path | None,
        typer.Option(help="Mask or polygons to judge, a folder of a map, or a folder of many."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Mask or polygons of the truth, or a folder of them.")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="CSV of many pairs: prediction, truth, name, parcels, scene, landcover, product."
        ),
    ] = None,
    scene: Annotated[
        Path | None, typer.Option(help="The image, to leave out its nodata and to show errors on.")
    ] = None,
    landcover: Annotated[
        Path | None, typer.Option(help="Land cover to judge beside the prediction.")
    ] = None,
    product: Annotated[
        str | None, typer.Option(help="Land cover product, where the file does not tell.")
    ] = None,
    area: Annotated[
        Path | None, typer.Option(help="Polygons or mask beyond which the truth is unknown.")
    ] = None,
    numbered_truth: Annotated[
        bool, typer.Option("--numbered-truth", help="Rasters of the truth number their parcels.")
    ] = False,
    tile_size: Annotated[
        int, typer.Option(help="Side in pixels, about, of the tiles that images are cut into.")
    ] = 1024,
    worst: Annotated[int, typer.Option(min=0, max=99, help="Pictures of the worst tiles.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the confidence intervals.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Judge predictions by their truth: pixels, boundaries, parcels, each with an interval."""
    from core.study.metrics import EvaluateOptions, evaluate, find_pairs, read_pairs

    options = EvaluateOptions(tile_size, seed, worst, area, numbered_truth)
    if pairs is not None:
        if prediction or truth or scene or landcover or product:
            raise typer.BadParameter("--pairs names all files itself")
        chosen = read_pairs(pairs)
    elif prediction is None or truth is None:
        raise typer.BadParameter("--prediction and --truth are needed, or --pairs")
    else:
        chosen = find_pairs(prediction, truth, scene=scene, landcover=landcover, product=product)
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        found = evaluate(chosen, options, out, progress=bar, cancelled=cancelled.is_set)
    page, record = found.files[:2]
    if as_json:
        typer.echo(json.dumps(json.loads(record.read_text(encoding="utf-8")), indent=2))
        return
    for method in found.summary.methods:
        output.print(f"{method.method}: {method.pixels.sentence()}", markup=False)
    output.print(f"  {page}", markup=False)
