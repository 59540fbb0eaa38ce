"""Removes a checkpoint of one's own: the copy that was made of it, and its record."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError, storage_error
from core.files import folder_lock
from core.sam.added import OWN_SUFFIXES, added_checkpoints, is_name, own_folder, record_path
from core.sam.registry import MODELS
from core.sam.weights import weights_path


def remove_weights(name: str) -> tuple[Path, ...]:
    """Delete a checkpoint that a person added here, also one whose record or file is damaged.

    The person's own file, which the checkpoint was copied from, stays where it is.

    Returns
    -------
    tuple of Path
        What was deleted.

    Raises
    ------
    InputError
        There is none of this name, or it is a model of the application's.
    OutputError
        It cannot be deleted.
    """
    # A name is also a path here: nothing but a name may be one.
    record = record_path(name) if is_name(name) else None
    if name in MODELS and (record is None or not record.exists()):
        raise _not_ones_own(name)
    copies = [own_folder() / f"{name}{suffix}" for suffix in OWN_SUFFIXES] if record else []
    there = [path for path in (*copies, record) if path is not None and path.is_file()]
    if record is None or not there:
        known = ", ".join(added_checkpoints())
        raise InputError(
            f"There is no checkpoint of your own called '{name}'.",
            f"There are: {known}." if known else "None was added on this machine.",
        )
    with folder_lock(own_folder()):
        for path in there:  # the record last: what is left half done can be done again
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise storage_error(error, path) from error
    return tuple(there)


def _not_ones_own(name: str) -> InputError:
    spec = MODELS[name]
    if spec.shipped:
        return InputError(f"{spec.title} comes with cropmap and stays.")
    path = weights_path(spec)
    if not path.is_file():
        return InputError(f"The weights of {spec.title} are not on this machine.")
    return InputError(
        f"{spec.title} is a published model, not a checkpoint of your own.",
        f"Delete {path} yourself if you need the space; it can be downloaded again.",
    )
