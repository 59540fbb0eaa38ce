"""``cropmap evaluate``: predictions against truth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from core.cli.terminal import (
    JsonFlag,
    LandcoverNodataOption,
    NodataOption,
    cancel_on_interrupt,
    output,
    parse_nodata,
    progress_bar,
    warn,
)


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
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    area: Annotated[
        Path | None, typer.Option(help="Polygons or mask beyond which the truth is unknown.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer of the truth, where its file has several.")
    ] = None,
    cropland: Annotated[
        str | None,
        typer.Option(
            help="What of the truth is cropland, such as landuse=arable,fallow; where a value has "
            "a comma, semicolons part them."
        ),
    ] = None,
    prediction_layer: Annotated[
        str | None, typer.Option(help="Layer of the prediction, where its file has several.")
    ] = None,
    prediction_cropland: Annotated[
        str | None, typer.Option(help="What of the prediction is cropland, as for --cropland.")
    ] = None,
    area_layer: Annotated[
        str | None, typer.Option(help="Layer of the area, where its file has several.")
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
    from core.existing import ReadingAnswers, parse_choice
    from core.study.metrics import (
        EvaluateOptions,
        StatedNodata,
        evaluate,
        find_pairs,
        read_pairs,
    )

    options = EvaluateOptions(tile_size, seed, worst, area, numbered_truth, area_layer)
    said = ReadingAnswers(layer, parse_choice(cropland) if cropland else None)
    said_of_prediction = ReadingAnswers(
        prediction_layer, parse_choice(prediction_cropland) if prediction_cropland else None
    )
    if pairs is not None:
        if prediction or truth or scene or landcover or product:
            raise typer.BadParameter("--pairs names all files itself")
        if layer or cropland:
            raise typer.BadParameter("--pairs has columns of its own for layer and cropland")
        chosen = read_pairs(pairs)
    elif prediction is None or truth is None:
        raise typer.BadParameter("--prediction and --truth are needed, or --pairs")
    else:
        chosen = find_pairs(prediction, truth, scene=scene, landcover=landcover, product=product)
        chosen = [replace(pair, truth_answers=said) for pair in chosen]
    unknown = StatedNodata(parse_nodata(nodata), parse_nodata(landcover_nodata))
    chosen = [
        replace(pair, prediction_answers=said_of_prediction, nodata=unknown) for pair in chosen
    ]
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        found = evaluate(chosen, options, out, progress=bar, cancelled=cancelled.is_set)
    warn(dict.fromkeys(note for pair in found.summary.pairs for note in pair["notes"]))
    page, record = found.files[:2]
    if as_json:
        typer.echo(json.dumps(json.loads(record.read_text(encoding="utf-8")), indent=2))
        return
    for method in found.summary.methods:
        output.print(f"{method.method}: {method.pixels.sentence()}", markup=False)
    output.print(f"  {page}", markup=False)
