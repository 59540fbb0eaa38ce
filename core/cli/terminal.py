"""What every command shows on the terminal: messages, progress, errors, and how Ctrl-C is heard."""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from core.cli.remedies import command_hint
from core.errors import CancelledError, CropMapError, InputError, printable
from core.shortage import shortage_of

if TYPE_CHECKING:
    from core.imagery import StretchWay


class _Terminal(Console):
    """A console on which texts from files cannot move the cursor or change colours."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, as rich does, texts without their control characters."""
        super().print(
            *(printable(entry) if isinstance(entry, str) else entry for entry in objects), **options
        )


class _PlainFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


errors = _Terminal(stderr=True, highlight=False, soft_wrap=True)
output = _Terminal(highlight=False, soft_wrap=True)

ProductOption = Annotated[
    str | None, typer.Option(help="Land cover product, where the file does not tell.")
]
CrsOption = Annotated[
    str | None, typer.Option(help="CRS of the scene where its file has none, or no datum.")
]
LandcoverCrsOption = Annotated[
    str | None, typer.Option(help="CRS of the land cover where its file has none, or no datum.")
]
EXPORT_CRS_HELP = (
    "CRS of the parcels: scene, utm (the fitting zone) or EPSG:...; GeoJSON and fiboa stay WGS 84."
)
FIELD_SIZE_HELP = "0 to 1: more joins fields to larger ones, less splits them."
BandsOption = Annotated[
    str | None, typer.Option(help="Red, green and blue band, counted from 1: 3,2,1.")
]
StretchOption = Annotated[
    str | None,
    typer.Option(
        help="How values become colours: one (range for all bands), each (band its own), or file "
        "(colours as they are). By default colours that are ready to be seen stay, else one."
    ),
]
NodataOption = Annotated[
    str | None,
    typer.Option(
        help="Value that means “no data”, or 'none' where black, white and odd values are "
        "part of the image."
    ),
]
LandcoverNodataOption = Annotated[
    str | None,
    typer.Option(help="Value that is nodata in the land cover, or 'none' where all are classes."),
]
WorkingGsdOption = Annotated[
    float | None, typer.Option(help="Metres per pixel at which the model looks.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


class Commands(TyperGroup):
    """The commands of ``cropmap``: an error is one sentence, a hint and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what goes wrong is told on stderr.

        Raises
        ------
        typer.Exit
            With 130 where the person cancelled, with 1 where something is at fault.
        """
        try:
            return super().invoke(ctx)
        except CancelledError as error:
            errors.print(f"Cancelled. {error}", markup=False)
            raise typer.Exit(130) from error
        except CropMapError as error:
            _tell(error)
            raise typer.Exit(1) from error
        except Exception as error:
            # ONNX Runtime's errors are of no kind of their own, and typer's own ways to end a
            # command come here, too.
            lacking = shortage_of(error)
            if lacking is None:
                raise
            _tell(lacking)
            raise typer.Exit(1) from error


def _tell(error: CropMapError) -> None:
    errors.print(f"Error: {error.message}", markup=False)
    if hint := command_hint(error):
        errors.print(hint, markup=False)


def show_result(plain: dict[str, Any], text: str, *, as_json: bool) -> None:
    """The result of a command: words for people, or one JSON object."""
    if as_json:
        typer.echo(json.dumps(plain, indent=2))
    else:
        output.print(text, markup=False)


def parse_bands(text: str | None) -> tuple[int, int, int] | None:
    """Three band numbers, counted from 1, as a person writes them: ``3,2,1``.

    Raises
    ------
    typer.BadParameter
        They are something else.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise typer.BadParameter("three band numbers, counted from 1, such as 3,2,1")
    return int(parts[0]), int(parts[1]), int(parts[2])


def parse_stretch(text: str | None) -> StretchWay | None:
    """The way in which a stretch is found, as a person names it.

    Raises
    ------
    typer.BadParameter
        It is something else.
    """
    if text is None:
        return None
    from core.imagery import STRETCH_WAYS

    found = next((way for way in STRETCH_WAYS if way == text), None)
    if found is None:
        raise typer.BadParameter(f"one of: {', '.join(STRETCH_WAYS)}")
    return found


def parse_nodata(text: str | None) -> tuple[float, ...] | None:
    """A nodata value as a person writes it: ``0``, ``-9999``, ``nan``; no value for ``none``.

    Raises
    ------
    typer.BadParameter
        It is something else.
    """
    if text is None:
        return None
    from core.imagery import parse_nodata as parsed

    try:
        return parsed(text)
    except InputError as error:
        raise typer.BadParameter("a number, such as 0 or -9999, or the word none") from error


def warn(sentences: Iterable[str]) -> None:
    """Say on stderr what a person should know of the inputs."""
    for sentence in sentences:
        errors.print(f"Note: {sentence}", markup=False)


def print_warnings_plainly() -> None:
    """Let warnings reach stderr without control characters; names in them come from files."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_PlainFormatter())


@contextmanager
def cancel_on_interrupt() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C interrupts at once."""
    cancelled = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()
        errors.print("Stopping after this step; press Ctrl-C again to stop at once.")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield cancelled
    finally:
        signal.signal(signal.SIGINT, previous)


class Bar:
    """A progress bar on stderr with one line per stage; silent where stderr is no terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` steps of ``total`` of a stage are done."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """Progress of one command."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=errors, disable=not errors.is_terminal
    ) as progress:
        yield Bar(progress)
