"""Adds a checkpoint of one's own: copied, checked against its architecture, and recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import InputError, WeightsError
from core.files import folder_lock, replacing
from core.record_files import write_record
from core.sam.added import (
    OWN_ARCHITECTURES,
    OWN_SUFFIXES,
    AddedCheckpoint,
    is_name,
    name_from,
    own_folder,
    record_path,
)
from core.sam.registry import ModelSpec, get_model, known_models
from core.sam.weights import read_checkpoint, weights_path
from core.task import Cancelled, Progress, check, never, silent

COPYING = "Copying"
CHECKING = "Checking"

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class AddedModel:
    """A model that was added, and what was found in its file.

    Parameters
    ----------
    spec : ModelSpec
    notes : tuple of str
        Whole sentences about what was taken off or turned into something else.
    """

    spec: ModelSpec
    notes: tuple[str, ...]


def add_weights(
    path: Path,
    architecture: str,
    name: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    *,
    source_name: str = "",
) -> AddedModel:
    """Take a person's checkpoint among the models of this machine.

    Read are plain state dicts, those under ``model`` or ``state_dict``, training checkpoints, names
    with ``module.`` before them, and half precision; from ``torch.save`` or as safetensors.  The
    file is copied as it is, so its SHA-256 is that of the person's own file, and nothing that it
    names is run.

    Parameters
    ----------
    architecture : str
        One of ``OWN_ARCHITECTURES``.
    name : str, optional
        What the model is called from now on; by default the file's name.
    progress : callable
        Told the bytes that are copied and those in all.
    source_name : str
        The file's name where it came from, if ``path`` has another.

    Raises
    ------
    InputError
        There is no such file, architecture, or the name is taken or cannot be one.
    WeightsError
        It is no model of this architecture.
    OutputError
        It cannot be stored.
    CancelledError
        ``cancelled`` said so; nothing is kept.
    """
    source = source_name or path.name
    if architecture not in OWN_ARCHITECTURES:
        raise InputError(
            f"There is no architecture '{architecture}'.",
            f"Known are: {', '.join(OWN_ARCHITECTURES)}.",
        )
    if not path.is_file():
        raise InputError(
            f"There is no file {path} to take weights from.",
            "Check the path for a typing error." if not path.is_dir() else "Name a file in it.",
        )
    key = _free_key(name, source)
    suffix = Path(source).suffix.lower()
    target = own_folder() / f"{key}{suffix if suffix in OWN_SUFFIXES else '.pth'}"
    with folder_lock(own_folder()):
        _free_key(key, source)
        with replacing(target) as aside:
            digest = _copy(path, aside, progress, cancelled)
            _check_new(digest, source)
            progress(CHECKING, 0, 1)
            notes = _check(aside, architecture, source)
            size = aside.stat().st_size
            check(cancelled, f"{source} was not added.", "")
        record = AddedCheckpoint(
            key=key,
            architecture=architecture,
            file_name=target.name,
            size_bytes=size,
            sha256=digest,
            source_name=source,
            added_on=datetime.now(UTC).date().isoformat(),
        )
        write_record(record_path(key), record)
    progress(CHECKING, 1, 1)
    return AddedModel(get_model(key), notes)


def _free_key(name: str | None, source: str) -> str:
    key = name_from(Path(source)) if name is None else name
    if not is_name(key):
        raise InputError(
            f"'{key}' cannot be the name of a model.",
            "Take another: letters, digits, dashes and underscores, at most 60, and not 'none'.",
        )
    taken = next((one for one in known_models() if one.lower() == key.lower()), None)
    if taken is not None or record_path(key).exists():
        raise InputError(
            f"There is a model '{taken or key}' already.", "Give this one another name."
        )
    return key


def _copy(path: Path, aside: Path, progress: Progress, cancelled: Cancelled) -> str:
    """Copy a file and return its SHA-256, taken of what was copied."""
    digest, done = hashlib.sha256(), 0
    try:
        total = path.stat().st_size
        file = path.open("rb")
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read ({(error.strerror or 'unknown reason').lower()}).",
            "Check that you may read the file and that its disk works.",
        ) from error
    with file, aside.open("wb") as copy:
        while block := file.read(_BLOCK):
            copy.write(block)
            digest.update(block)
            done += len(block)
            progress(COPYING, done, max(total, done))
            check(cancelled, f"{path.name} was not added.", "")
    return digest.hexdigest()


def _check_new(digest: str, source: str) -> None:
    same = next((spec for spec in known_models().values() if spec.sha256 == digest), None)
    if same is None:
        return
    if same.own or same.shipped:
        raise InputError(
            f"{source} is here already, as the model '{same.key}'.", "Use it under that name."
        )
    raise InputError(
        f"{source} is the published file of {same.title}, not one of your own.",
        f"Put it at {weights_path(same)}; it is then the model '{same.key}'.",
    )


def _check(path: Path, architecture: str, source: str) -> tuple[str, ...]:
    # torch takes seconds to import: what can be refused without it was refused before.
    from core.sam.checkpoint import check_fits  # noqa: PLC0415

    found = read_checkpoint(path, source)
    check_fits(found.state, architecture, source)
    notes = []
    if found.within:
        notes.append(f"The model was found under '{found.within}'; what is beside it is not used.")
    if found.prefix:
        notes.append(f"The prefix '{found.prefix}' is taken off the names.")
    kinds = sorted({_kind(one.dtype) for one in found.state.values() if one.is_floating_point()})
    if kinds != ["float32"]:
        notes.append(f"Its numbers are {' and '.join(kinds)}; they are computed with in float32.")
    return tuple(notes)


def _kind(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")
