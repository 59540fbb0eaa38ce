"""Weights: fetched with progress and resume, verified, loaded without running code.

The only module that loads weights.  ``torch.load`` is called with ``weights_only=True``: nothing
that a file names is ever run.  What a training checkpoint holds beside tensors (its options, its
schedule) becomes an object that does nothing.  safetensors holds nothing but numbers.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251  (the error's name; nothing is unpickled)
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from core.errors import (
    ChecksumError,
    MissingWeightsError,
    NetworkError,
    Remedy,
    WeightsError,
    storage_error,
)
from core.files import put_in_place, sha256_of
from core.sam.added import own_folder
from core.sam.registry import ModelSpec
from core.settings import get_settings
from core.task import Cancelled, Progress, check, never, silent

if TYPE_CHECKING:
    import torch

    from core.sam.checkpoint import Checkpoint

_SHIPPED = Path(__file__).resolve().parent / "shipped"
"""Folder of the weights that are part of the application."""

_BLOCK = 1 << 20
_TIMEOUT_S = 30.0

_NOT_WEIGHTS = (
    SafetensorError,
    UnpicklingError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
)
"""What torch and safetensors raise on files that are something else."""

_BEGINNING = 16
"""Bytes of a file that tell its form."""

_loading = threading.Lock()
"""torch keeps one list for the process of what a file may name besides tensors."""

_REINSTALL = "Install cropmap again, or take the file from its repository."

_FORMS = (
    "Take a state dict saved by torch.save or as safetensors, or a training checkpoint that holds "
    "one; where it was downloaded, fetch it again from its publisher."
)

DOWNLOADING = "Downloading"


def weights_path(spec: ModelSpec) -> Path:
    """Where the weights of a model are, or would be."""
    if spec.shipped:
        return _SHIPPED / spec.file_name
    if spec.own:
        return own_folder() / spec.file_name
    return get_settings().weights_folder / spec.file_name


def is_present(spec: ModelSpec) -> bool:
    """Whether a file of the right size is there; :func:`verify` reads it."""
    path = weights_path(spec)
    return path.is_file() and path.stat().st_size == spec.size_bytes


def verify(spec: ModelSpec, path: Path | None = None) -> Path:
    """Check the file against its SHA-256, published or recorded, and return its path.

    Raises
    ------
    MissingWeightsError
        There is no file.
    ChecksumError
        It is another file; it is left where it is.
    WeightsError
        It cannot be read.
    """
    path = path or weights_path(spec)
    if not path.is_file() and spec.shipped:
        raise MissingWeightsError(
            f"{path.name} came with the application and is gone from {path.parent}.", _REINSTALL
        )
    if not path.is_file() and spec.own:
        raise MissingWeightsError(
            f"The file of your own model '{spec.key}' is gone from {path.parent}.",
            f"Put {spec.source_name} back as {path.name}, or add it again after deleting "
            f"{spec.key}.json there.",
        )
    if not path.is_file():
        raise MissingWeightsError(
            f"The weights of {spec.title} are not on this machine.",
            remedy=Remedy.FETCH_WEIGHTS,
            facts={
                "model": spec.key,
                "megabytes": f"{spec.size_bytes / 1e6:,.0f}",
                "path": str(path),
            },
        )
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if digest != spec.sha256 and spec.own:
        raise ChecksumError(
            f"{path} is not the file that was added as '{spec.key}': its SHA-256 begins with "
            f"{digest[:12]} and should begin with {spec.sha256[:12]}.",
            f"Put {spec.source_name} back, or delete {path.name} and {spec.key}.json there and "
            "add the new file.",
        )
    if digest != spec.sha256:
        raise ChecksumError(
            f"{path} is not the published file of {spec.title}: its SHA-256 begins with "
            f"{digest[:12]} and should begin with {spec.sha256[:12]}.",
            _REINSTALL if spec.shipped else "",
            None if spec.shipped else Remedy.FETCH_WEIGHTS_AGAIN,
            {"model": spec.key, "path": str(path), "architecture": spec.architecture},
        )
    return path


def fetch(
    spec: ModelSpec,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Path:
    """Download the weights, going on where an earlier download stopped, and verify them.

    Parameters
    ----------
    progress : callable
        Told the bytes that are here and those in all.

    Raises
    ------
    NetworkError
        Out of reach, or ``CROPMAP_OFFLINE`` is set; says where to put the file by hand.
    ChecksumError
        What arrived is not the published file; it is removed.
    OutputError
        It cannot be stored.
    CancelledError
        ``cancelled`` said so; what has arrived is kept for the next try.
    """
    target = weights_path(spec)
    if target.is_file() or not spec.url:
        return verify(spec)
    if get_settings().offline:
        raise _out_of_reach(spec, target)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(spec, part, progress, cancelled)
        _accept(spec, part, target)
    except urllib.error.HTTPError as error:
        raise NetworkError(
            f"The weights of {spec.title} are out of reach: {spec.url} answered with status "
            f"{error.code}.",
            f"Try again later, or download that file elsewhere and put it at {target}.",
        ) from error
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise _out_of_reach(spec, target) from error
    except OSError as error:
        raise storage_error(error, target) from error
    return target


def load_state(path: Path, called: str = "") -> dict[str, torch.Tensor]:
    """Tensors of a weights file by name, wherever in the file they are.

    Parameters
    ----------
    called : str
        What errors call the file; its own name by default.

    Raises
    ------
    WeightsError
        The file does not hold tensors.
    """
    return read_checkpoint(path, called).state


def read_checkpoint(path: Path, called: str = "") -> Checkpoint:
    """A weights file, safely: its tensors, and where in the file they were.

    Parameters and errors as for :func:`load_state`.
    """
    # torch takes seconds to import: weights are listed, fetched and verified without it.
    from core.sam.checkpoint import find_state  # noqa: PLC0415

    name = called or path.name
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        loaded = _tensors_only(path) if beginning[8:9] == b"{" else _weights_only(path)
    except _NOT_WEIGHTS as error:
        raise WeightsError(f"{name} does not hold model weights.", _FORMS) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if isinstance(loaded, _Inert):
        raise WeightsError(
            f"{name} holds a whole pickled model, which only its own code can read.",
            "Save its tensors with torch.save(model.state_dict(), FILE), and take that file.",
        )
    found = find_state(loaded)
    if found is None:
        raise WeightsError(f"{name} does not hold model weights.", _FORMS)
    return found


class _Inert:
    """Stands where a file names something that is no tensor, number or text; it does nothing."""

    def __new__(cls, *_: object, **__: object) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def _tensors_only(path: Path) -> Any:
    from safetensors.torch import load_file  # noqa: PLC0415

    return load_file(path)


def _weights_only(path: Path) -> Any:
    import torch  # noqa: PLC0415
    from torch.serialization import (  # noqa: PLC0415
        get_unsafe_globals_in_checkpoint,
        safe_globals,
    )

    with warnings.catch_warnings():
        # torch warns of other protocols and old storages; what it cannot read it refuses.
        warnings.simplefilter("ignore")
        try:
            return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
        except UnpicklingError:
            named = get_unsafe_globals_in_checkpoint(path)
            # Whatever the file names, this class stands in its place: nothing that it chose runs.
            with _loading, safe_globals([(_Inert, name) for name in named]):
                return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read ({(error.strerror or 'unknown reason').lower()}).",
        "Check that you may read the file and that its disk works.",
    )


def _download(
    spec: ModelSpec,
    part: Path,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    done = part.stat().st_size if part.exists() else 0
    if done >= spec.size_bytes:
        return
    request = urllib.request.Request(spec.url)  # noqa: S310  (addresses of the registry only)
    if done:
        request.add_header("Range", f"bytes={done}-")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
        resumed = done > 0 and response.status == 206
        done = done if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            for block in _blocks(response):
                file.write(block)
                done += len(block)
                progress(DOWNLOADING, done, spec.size_bytes)
                check(
                    cancelled,
                    f"{done / 1e6:,.0f} of {spec.size_bytes / 1e6:,.0f} MB have arrived.",
                    "The next download continues from there.",
                )
                if done > spec.size_bytes:
                    break


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    """Blocks as they arrive; a connection that fails ends them as one that closes does."""
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, HTTPException):
            return
        if not block:
            return
        yield block


def _accept(spec: ModelSpec, part: Path, target: Path) -> None:
    size = part.stat().st_size
    if size < spec.size_bytes:
        raise NetworkError(
            f"The download of {spec.title} broke off after {size / 1e6:,.0f} MB.",
            "Start it again; it continues from there.",
        )
    digest = sha256_of(part)
    if digest != spec.sha256:
        part.unlink()
        raise ChecksumError(
            f"What arrived is not the published file of {spec.title}: its SHA-256 begins with "
            f"{digest[:12]} and should begin with {spec.sha256[:12]}.",
            "Try again later; something between here and the publisher changed the file.",
        )
    put_in_place(part, target)


def _out_of_reach(spec: ModelSpec, target: Path) -> NetworkError:
    return NetworkError(
        f"The weights of {spec.title} are out of reach: this machine has no way to {spec.url}.",
        f"Download that file elsewhere and put it at {target}.",
    )
