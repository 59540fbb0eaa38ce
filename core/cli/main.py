"""The command line: the same verbs as the app.

Exit status: 0 done, 1 the input, the weights or the output is at fault (one sentence on stderr),
2 wrong usage, 3 a label made again differs, 130 cancelled (finished tiles are kept; the same
command resumes).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from core.cli.embed import embed_command
from core.cli.evaluate import evaluate_command
from core.cli.experiment import experiment_app
from core.cli.project import project_app
from core.cli.terminal import (
    EXPORT_CRS_HELP,
    FIELD_SIZE_HELP,
    BandsOption,
    Commands,
    CrsOption,
    DeviceOption,
    JsonFlag,
    LandcoverCrsOption,
    LandcoverNodataOption,
    NodataOption,
    ProductOption,
    StretchOption,
    WorkingGsdOption,
    cancel_on_interrupt,
    output,
    parse_bands,
    parse_nodata,
    parse_stretch,
    print_warnings_plainly,
    progress_bar,
    warn,
)
from core.cli.weights_commands import weights_app
from core.machine_memory import keep_memory_small
from core.sam import DEFAULT_MODEL

app = typer.Typer(
    cls=Commands,
    help="Cropland maps from one image: land cover gives the prompts, a model draws the fields.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(weights_app, name="weights")
app.add_typer(experiment_app, name="experiment")
app.add_typer(project_app, name="project")


_DIFFERS = 3


def main() -> None:
    """Entry point of ``cropmap`` and of ``python -m core``."""
    keep_memory_small()
    print_warnings_plainly()
    app()


@app.command("map")
def map_command(
    scene: Annotated[str, typer.Argument(help="GeoTIFF, COG, or JPEG/PNG with a world file.")],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    landcover: Annotated[
        str | None,
        typer.Option(
            help="Land cover file, or 'worldcover' to fetch ESA WorldCover; "
            "without one the model's field map alone tells cropland."
        ),
    ] = None,
    product: ProductOption = None,
    crs: CrsOption = None,
    landcover_crs: LandcoverCrsOption = None,
    bands: BandsOption = None,
    stretch: StretchOption = None,
    nodata: NodataOption = None,
    landcover_nodata: LandcoverNodataOption = None,
    working_gsd: WorkingGsdOption = None,
    model: Annotated[
        str, typer.Option(help="Model, see: cropmap weights list; 'none' for none.")
    ] = DEFAULT_MODEL,
    strategy: Annotated[
        str | None, typer.Option(help="classifier, apt, joint, per_field or apt_plus.")
    ] = None,
    threshold: Annotated[float, typer.Option(help="Probability that counts as cropland.")] = 0.5,
    points_per_class: Annotated[
        int, typer.Option(help="Automatic prompts for cropland, and for what is not.")
    ] = 33,
    min_area_m2: Annotated[float, typer.Option(help="Smallest parcel and hole, m2.")] = 1000.0,
    simplify_px: Annotated[
        float, typer.Option(help="Tolerance of outlines, pixels; 0 follows the pixels.")
    ] = 1.5,
    field_size: Annotated[float, typer.Option(help=FIELD_SIZE_HELP)] = 0.5,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 0,
    published_scale: Annotated[
        bool,
        typer.Option(
            "--published-scale", help="With --strategy apt: 512 px at a time enlarged twice."
        ),
    ] = False,
    runtime: Annotated[str, typer.Option(help="auto, torch or onnx.")] = "auto",
    device: DeviceOption = "auto",
    out_crs: Annotated[str, typer.Option(help=EXPORT_CRS_HELP)] = "scene",
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that map; by default one a processor where that is quicker."),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="A Dask cluster that maps instead: tcp://HOST:8786, or scheduler.json."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Map the cropland and the fields of SCENE: masks, parcels, shapefile."""
    from core.export import map_scene
    from core.mapping import MapOptions, SceneRequest, Workers

    options = MapOptions(
        strategy=strategy,
        model=None if model == "none" else model,
        runtime=runtime,
        device=device,
        threshold=threshold,
        points_per_class=points_per_class,
        min_area_m2=min_area_m2,
        simplify_px=simplify_px,
        field_size=field_size,
        seed=seed,
        published_scale=published_scale,
    )
    request = SceneRequest(
        scene=scene,
        landcover=landcover,
        product=product,
        crs=crs,
        landcover_crs=landcover_crs,
        bands=parse_bands(bands),
        stretch=parse_stretch(stretch),
        nodata=parse_nodata(nodata),
        landcover_nodata=parse_nodata(landcover_nodata),
        working_gsd_m=working_gsd,
    )
    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        result = map_scene(
            request,
            options,
            out,
            progress=bar,
            cancelled=cancelled.is_set,
            out_crs=out_crs,
            workers=Workers(workers, dask),
        )
    warn(result.warnings)
    if as_json:
        typer.echo(json.dumps(result.summary(), indent=2))
        return
    output.print(result.sentence(), markup=False)
    for path in result.files:
        output.print(f"  {path}", markup=False)


app.command("embed")(embed_command)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the scene and the results.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of the farmland that is made.")] = 7,
    size: Annotated[int, typer.Option(min=256, max=8192, help="Side in pixels of 1 m.")] = 1024,
    as_json: JsonFlag = False,
) -> None:
    """Make a farmland scene with a coarse land cover, map it, and compare with its exact truth."""
    from core.cli.demo import run_demo

    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        report = run_demo(out, seed=seed, size=size, progress=bar, cancelled=cancelled.is_set)
    if as_json:
        typer.echo(json.dumps(report.summary(), indent=2))
    else:
        output.print(report.text(), markup=False)


@app.command("app")
def app_command(
    port: Annotated[int, typer.Option(help="Port of the app on this machine.")] = 8501,
) -> None:
    """Open the app in the browser."""
    script = Path(__file__).resolve().parents[2] / "app.py"
    # A process of its own: `core` never imports streamlit.
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    if os.name == "posix":
        # In this one's place: what ends or stops this program is meant for the server.
        os.chdir(script.parent)
        os.execv(sys.executable, command)  # noqa: S606
    sys.exit(subprocess.run(command, check=False, cwd=script.parent).returncode)  # noqa: S603


@app.command()
def replay(
    bundle: Annotated[Path, typer.Argument(help="Replay bundle, made on the Results page.")],
    scene: Annotated[str, typer.Option(help="The image that the label was drawn on.")],
    out: Annotated[Path, typer.Option(help="Folder for the label and what differs.")],
    landcover: Annotated[
        str | None, typer.Option(help="The land cover file, where the label was made with one.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the label of BUNDLE again, and say whether it is the same and what differs.

    Exit status 0 where it is the same byte for byte, 3 where it is not.
    """
    from core.export import replay_bundle

    with cancel_on_interrupt() as cancelled, progress_bar() as bar:
        report = replay_bundle(
            bundle, scene, landcover, out, progress=bar, cancelled=cancelled.is_set
        )
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        output.print(report.text(), markup=False)
    if not report.identical:
        raise typer.Exit(_DIFFERS)


@app.command()
def landcovers(as_json: JsonFlag = False) -> None:
    """List the land cover products and their keys."""
    from core.landcover import PRODUCTS

    if as_json:
        rows = {key: {"title": p.title, "licence": p.licence} for key, p in PRODUCTS.items()}
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("Key", "Product", "Metres", "Licence", box=None)
    for key, product in PRODUCTS.items():
        table.add_row(key, product.title, f"{product.resolution_m:g}", product.licence)
    output.print(table)


@app.command("version")
def version_command() -> None:
    """Print the version."""
    typer.echo(package_version("cropmap"))


app.command("evaluate")(evaluate_command)
