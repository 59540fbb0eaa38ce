"""``cropmap experiment``: the paper's questions, asked of anyone's data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.cli_terminal import JsonFlag, cancel_on_interrupt, output, progress_bar
from core.errors import InputError
from core.sam.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from core.experiments.experiment import Experiment
    from core.experiments.regions import Region
    from core.experiments.training import Direction

experiment_app = typer.Typer(
    help="Experiments on your own images with truth: seeded, resumable.", no_args_is_help=True
)

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

_NOT_ASKED = ("out", "jobs", "cells", "as_json")
"""Options that do not decide on the result."""


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
    product: Product = None,
    draws: Annotated[int, typer.Option(help="Random draws of points for each image.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the draws and intervals.")] = 0,
) -> None:
    """How many automatic points fall on the right class, before and after cleaning."""
    from core.evaluation.pairs import find_labelled_scenes
    from core.evaluation.prompt_check import PromptCheckOptions, check_prompts
    from core.evaluation.prompt_report import write_prompt_check
    from core.evaluation.report import many
    from core.experiments.prompts import check_regions

    options = PromptCheckOptions(seed=seed, draws=draws)
    three = (scenes, truth, landcover)
    if region and any(three):
        raise typer.BadParameter("--region names all files itself")
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        if region:
            checked = check_regions(
                _regions(region, product), options, out, progress=bar, cancelled=cancelled.is_set
            )
        elif scenes is None or truth is None or landcover is None:
            raise typer.BadParameter("--region is needed, or --scenes, --truth and --landcover")
        else:
            images = find_labelled_scenes(scenes, truth, landcover, product)
            checked = check_prompts(images, options, out, progress=bar, cancelled=cancelled.is_set)
    page = write_prompt_check(checked, options, out)[0]
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
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """Which method that needs no labels draws cropland best?"""
    from core.experiments.comparison import ComparisonOptions, comparison
    from core.experiments.methods import METHODS

    options = ComparisonOptions(tuple(method or METHODS), model, seed)
    _conduct(context, comparison(_regions(region, product), options))


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
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """How much worse do maps get when land cover or imagery do?"""
    from core.experiments.robustness import ROBUST_METHODS, RobustnessOptions, robustness

    options = RobustnessOptions(
        tuple(method or ROBUST_METHODS), tuple(change or ()), start, draws, model, seed
    )
    _conduct(context, robustness(_regions(region, product), options))


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
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """What is each part of the methods that prompt worth?"""
    from core.experiments.ablation import AblationOptions, ablation

    options = AblationOptions(tuple(model or [DEFAULT_MODEL]), seed, draws)
    _conduct(context, ablation(_regions(region, product), options))


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
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """How many labels does a trained network need to be better than prompting?"""
    from core.experiments.training import TrainingOptions, training

    default = TrainingOptions()
    options = TrainingOptions(
        tuple(network or default.networks),
        tuple(labels or default.labels),
        _directions(pair),
        _directions(curve),
        tuple(draw or default.seeds),
        steps or default.steps,
        tuple(method or default.methods),
        model,
        seed,
    )
    _conduct(context, training(_regions(region, product, training=True), options))


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
    jobs: Jobs = None,
    seed: Seed = 0,
    cells: Cells = None,
    as_json: JsonFlag = False,
) -> None:
    """Can a network adapt to images without labels as well as prompting does?"""
    from core.experiments.adaptation import AdaptationOptions, adaptation

    default = AdaptationOptions()
    options = AdaptationOptions(
        network,
        _directions(pair),
        tuple(teacher or default.teachers),
        steps=steps or default.steps,
        model=model,
        seed=seed,
    )
    _conduct(context, adaptation(_regions(region, product, training=True), options))


def _directions(pairs: list[str] | None) -> tuple[Direction, ...]:
    """``A,B`` as directions."""
    from core.experiments.training import Direction

    found = []
    for pair in pairs or ():
        names = [name.strip() for name in pair.split(",")]
        if len(names) != 2 or not all(names):
            raise InputError(f"{pair} is no pair of regions.", "Write two names as A,B.")
        found.append(Direction(*names))
    return tuple(found)


def _regions(
    folders: list[Path] | None, product: str | None, *, training: bool = False
) -> tuple[Region, ...]:
    """The regions of ``--region``; with ``training`` each has images to learn from."""
    from core.experiments.regions import ABOUT, read_regions

    regions = read_regions(folders or [], product)
    for region in regions:
        if training and not region.train:
            raise InputError(
                f"The region {region.name} has no image to learn from: all of them only measure.",
                f'Add images, or name fewer in "test" in its {ABOUT}.',
            )
    return regions


def _conduct(context: typer.Context, experiment: Experiment) -> None:
    """Run an experiment as the options of its command say, and name its page."""
    from core.evaluation.report import many, with_interval
    from core.experiments.report import run_and_write

    given = context.params
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
        said = with_interval(row.figures["mean_iou"])
        output.print(f"{labels}: mean IoU {said}", markup=False)
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
