"""``cropmap experiment``: the paper's questions, asked of anyone's data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from core.cli.experiment_options import (
    Cells,
    Jobs,
    Model,
    Out,
    Pairs,
    Product,
    RegionFolders,
    Seed,
    Steps,
    conduct,
    directions_of,
    stated_nodata,
)
from core.cli.terminal import (
    JsonFlag,
    LandcoverNodataOption,
    NodataOption,
    cancel_on_interrupt,
    output,
    progress_bar,
)
from core.sam import DEFAULT_MODEL

experiment_app = typer.Typer(
    help="Experiments on your own images with truth: seeded, resumable.", no_args_is_help=True
)


@experiment_app.callback()
def _experiments() -> None:
    """Experiments on your own images with truth: seeded, resumable."""


@experiment_app.command("prompts")
def prompts_command(
    out: Out,
    scenes: Annotated[
        Path | None, typer.Option(help="An image, or a folder of them, where no region is given.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Masks or polygons with the images' names.")
    ] = None,
    landcover: Annotated[
        Path | None, typer.Option(help="Land cover: one file, or a folder of them.")
    ] = None,
    region: RegionFolders = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer of the truth, where its files have several.")
    ] = None,
    cropland: Annotated[
        str | None,
        typer.Option(help="What of the truth is cropland, such as landuse=arable,fallow."),
    ] = None,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    draws: Annotated[int, typer.Option(help="Random draws of points for each image.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the draws and intervals.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """How many automatic points fall on the right class, before and after cleaning."""
    from core.existing import ReadingAnswers, parse_choice
    from core.study.experiments import (
        PromptCheckOptions,
        check_prompts,
        check_regions,
        find_images,
        read_regions,
        write_prompt_check,
    )
    from core.study.metrics import many

    options = PromptCheckOptions(seed=seed, draws=draws)
    unknown = stated_nodata(nodata, landcover_nodata)
    three = (scenes, truth, landcover)
    if region and any((*three, layer, cropland)):
        raise typer.BadParameter("--region names all files itself")
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        if region:
            regions = read_regions(region, product, unknown)
            checked = check_regions(regions, options, out, progress=bar, cancelled=cancelled.is_set)
        elif scenes is None or truth is None or landcover is None:
            raise typer.BadParameter("--region is needed, or --scenes, --truth and --landcover")
        else:
            said = ReadingAnswers(layer, parse_choice(cropland) if cropland else None)
            images = [
                replace(image, truth_answers=said, nodata=unknown)
                for image in find_images(scenes, truth, landcover, product)
            ]
            checked = check_prompts(images, options, out, progress=bar, cancelled=cancelled.is_set)
    page, record, *_ = write_prompt_check(checked, options, out)
    if as_json:
        typer.echo(record.read_text(encoding="utf-8"))
        return
    output.print(f"{many(len(checked), 'image')} checked: {page}", markup=False)


@experiment_app.command("methods")
def methods_command(
    context: typer.Context,
    out: Out,
    region: RegionFolders = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Of the methods; all of them by default; repeatable.")
    ] = None,
    model: Model = DEFAULT_MODEL,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """Which method that needs no labels draws cropland best?"""
    conduct(context, methods=method, model=model)


@experiment_app.command("robustness")
def robustness_command(
    context: typer.Context,
    out: Out,
    region: RegionFolders = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Land cover, classifier, joint and apt_plus by default; repeatable."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            help="resolution, noise, shift, missing, grassland, products, gsd, blur, "
            "haze, sensor: all by default; repeatable."
        ),
    ] = None,
    start: Annotated[
        Literal["truth", "product"],
        typer.Option(
            "--from",
            help="truth: land cover is simulated from the truth, so the amount of its mistakes is "
            "known; product: the region's own is made worse.",
        ),
    ] = "truth",
    draws: Annotated[int, typer.Option(min=1, help="Seeds of what chance decides on.")] = 3,
    model: Model = DEFAULT_MODEL,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """How much worse do maps get when land cover or imagery do?"""
    conduct(context, methods=method, changes=change, start=start, draws=draws, model=model)


@experiment_app.command("ablation")
def ablation_command(
    context: typer.Context,
    out: Out,
    region: RegionFolders = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="The first answers all settings, others the methods as they are, if their "
            "weights are there; repeatable."
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Seeds of what chance decides on.")] = 3,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """What is each part of the methods that prompt worth?"""
    conduct(context, models=model, seeds=draws)


@experiment_app.command("training")
def training_command(
    context: typer.Context,
    out: Out,
    region: RegionFolders = None,
    pair: Pairs = None,
    curve: Annotated[
        list[str] | None,
        typer.Option(help="A,B: where few labels are tried; by default the first pair."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="unet, deeplabv3plus, fpn, unet_resnet18; few labels teach the first."),
    ] = None,
    labels: Annotated[
        list[int] | None, typer.Option(help="Labelled crops; 5, 10, 20 and 50 by default.")
    ] = None,
    draw: Annotated[
        list[int] | None, typer.Option(help="Seeds that draw the crops; 0, 1, 2 by default.")
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Methods without labels; all of them by default.")
    ] = None,
    steps: Steps = None,
    model: Model = DEFAULT_MODEL,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """How many labels does a trained network need to be better than prompting?"""
    conduct(
        context,
        networks=network,
        labels=labels,
        directions=directions_of(pair),
        curves=directions_of(curve),
        seeds=draw,
        steps=steps,
        methods=method,
        model=model,
    )


@experiment_app.command("adaptation")
def adaptation_command(
    context: typer.Context,
    out: Out,
    region: RegionFolders = None,
    pair: Pairs = None,
    network: Annotated[
        str, typer.Option(help="unet, deeplabv3plus, fpn or unet_resnet18.")
    ] = "unet",
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            help="Methods whose answers teach a network; land cover and apt_plus by default."
        ),
    ] = None,
    steps: Steps = None,
    model: Model = DEFAULT_MODEL,
    product: Product = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """Can a network adapt to images without labels as well as prompting does?"""
    conduct(
        context,
        network=network,
        directions=directions_of(pair),
        teachers=teacher,
        steps=steps,
        model=model,
    )
