"""What lies in the folder of the weights: every file there, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import CropMapError, MissingWeightsError, Remedy, WeightsError
from core.files import sha256_of
from core.record_files import UnreadableRecordError, read_record
from core.sam.added import AddedCheckpoint, checkpoint_of, own_folder
from core.sam.registry import MODELS, ModelSpec, known_models
from core.sam.weights import verify, weights_path
from core.settings import get_settings
from core.task import Cancelled, check, never


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file, and what is to be said of it.

    Parameters
    ----------
    path : Path
    sentence : str
        What it is; empty where ``error`` says it.
    error : CropMapError or None
        What is wrong with it, and what to do.
    sound : bool
        False where a model cannot be used for it; a file that is nobody's harms nothing.
    """

    path: Path
    sentence: str = ""
    error: CropMapError | None = None
    sound: bool = True


def weights_files(cancelled: Cancelled = never) -> Iterator[WeightsFile]:
    """The weights that came with the application, and every file in the folder, one by one.

    Each is read whole, which takes seconds for a gigabyte.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    """
    models = known_models()
    places = {weights_path(spec): spec for spec in models.values()}
    for spec in models.values():
        if spec.shipped:
            yield _of_model(spec, weights_path(spec))
    seen = set()
    folder = get_settings().weights_folder
    for path in sorted(folder.rglob("*")):
        check(cancelled, "The files were not all looked through.", "")
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file():
            continue
        seen.add(path)
        spec_here = places.get(path)
        yield _of_model(spec_here, path) if spec_here else _of_another(path)
    for path, spec in places.items():
        if spec.own and path not in seen:
            yield _of_model(spec, path)


def _of_model(spec: ModelSpec, path: Path) -> WeightsFile:
    try:
        verify(spec, path)
    except (WeightsError, MissingWeightsError) as error:
        return WeightsFile(path, error=error, sound=False)
    if spec.own:
        return WeightsFile(
            path,
            f"{spec.key}: {path} is the file that was added (SHA-256 {spec.sha256}, from "
            f"{spec.citation}).",
        )
    return WeightsFile(path, f"{spec.key}: {path} is the published file.")


def _of_another(path: Path) -> WeightsFile:
    """A file that is not where the file of a model would be."""
    if path.name.endswith(".part"):
        return _of_part(path)
    if path.parent == own_folder() and path.suffix == ".json":
        return _of_record(path)
    try:
        size = path.stat().st_size
        alike = [spec for spec in MODELS.values() if spec.url and spec.size_bytes == size]
        digest = sha256_of(path) if alike else ""
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return WeightsFile(path, error=WeightsError(f"{path} cannot be read ({reason})."))
    for spec in alike:
        if spec.sha256 == digest:
            return WeightsFile(
                path,
                f"{path} is the published file of {spec.title} under another name; call it "
                f"{spec.file_name}, in {get_settings().weights_folder}, to use it.",
            )
    return WeightsFile(
        path,
        error=WeightsError(
            f"{path} is the file of no model that is known here.",
            remedy=Remedy.ADD_WEIGHTS,
            facts={"path": str(path)},
        ),
    )


def _of_part(path: Path) -> WeightsFile:
    size = path.stat().st_size
    name = path.name.removesuffix(".part")
    spec = next((one for one in MODELS.values() if one.file_name == name), None)
    whole = f" of {spec.size_bytes / 1e6:,.0f}" if spec else ""
    return WeightsFile(
        path,
        f"{path} is a download that broke off after {size / 1e6:,.0f}{whole} MB; the next one "
        "goes on from there.",
    )


def _of_record(path: Path) -> WeightsFile:
    if checkpoint_of(path) is not None:
        return WeightsFile(path, f"{path} is the record of your own model '{path.stem}'.")
    try:
        read_record(path, AddedCheckpoint)
    except UnreadableRecordError as error:
        return WeightsFile(path, error=error, sound=False)
    return WeightsFile(
        path,
        error=WeightsError(
            f"The record {path} does not describe a checkpoint that was added here.",
            "Delete it, and add the checkpoint again.",
        ),
        sound=False,
    )
