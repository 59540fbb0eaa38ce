"""Every error a person may meet: one root, one clear sentence, one hint.

Raise the narrowest class that fits.  ``message`` says what is wrong with what (name the file);
``hint`` says what to do about it.  The command line and the app show both and never a traceback.
"""

from __future__ import annotations

import errno
from pathlib import Path


class CropMapError(Exception):
    """Root of all errors meant for the user.

    Parameters
    ----------
    message : str
        One sentence, ending with a full stop, that says what is wrong.
    hint : str
        One sentence that says what to do; empty where the message already does.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(CropMapError):
    """The input is at fault: wrong file, wrong place, wrong option."""


class UnreadableRasterError(InputError):
    """Not a raster, a format that is not allowed, or a damaged or truncated file."""


class RasterTooLargeError(InputError):
    """The header claims more pixels, bands or bytes per block than the limits allow."""


class UnreadableLabelsError(InputError):
    """Not a file of labels, a format that is not allowed, damaged, or too much of it."""


class MissingCrsError(InputError):
    """The raster has no CRS or no georeference; the person must say, we never guess."""


class EmptySceneError(InputError):
    """The scene holds no valid pixel."""


class AccessError(InputError):
    """A path or URL that the operator does not allow."""


class LandCoverError(InputError):
    """A land cover product that cannot be recognised or used."""


class NoOverlapError(LandCoverError):
    """Land cover and scene do not overlap."""


class NetworkError(CropMapError):
    """Something had to be fetched and could not be."""


class WeightsError(CropMapError):
    """Model weights cannot be used."""


class MissingWeightsError(WeightsError):
    """The weights are not on this machine."""


class ChecksumError(WeightsError):
    """The weights file is not the published one."""


class OutputError(CropMapError):
    """Results cannot be written."""


class DiskFullError(OutputError):
    """No space left for the results; what was there before is whole."""


class CancelledError(CropMapError):
    """The person cancelled; finished tiles are kept and the next run resumes."""


class ConflictError(CropMapError):
    """Somebody else changed the same thing first; nothing was overwritten."""


class ProjectError(CropMapError):
    """A project file that is missing, damaged, or of a newer version."""


class ProjectReplacedError(ProjectError):
    """The file of an open project is not the one at its path any more; the change is not saved.

    Parameters
    ----------
    rescued : Path or None
        The file that holds all that was saved before; None where it could not be made.
    restored : bool
        Whether the file at the path holds all of it again.
    """

    def __init__(
        self, message: str, hint: str = "", *, rescued: Path | None = None, restored: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.rescued = rescued
        self.restored = restored

    def again(self, *, unsaved: bool = False) -> ProjectReplacedError:
        """A new error that says the same, and with ``unsaved`` that a change was not saved."""
        hint = f"The last change was not saved. {self.hint}" if unsaved else self.hint
        return ProjectReplacedError(
            self.message, hint, rescued=self.rescued, restored=self.restored
        )


def storage_error(error: OSError, path: Path) -> OutputError:
    """The error to show where writing ``path`` failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(
            f"The disk is full: {path.name} could not be written to {path.parent}.",
            "Free some space or choose another folder; earlier files there are unchanged.",
        )
    return OutputError(
        f"{path} cannot be written ({(error.strerror or 'unknown reason').lower()}).",
        "Choose a folder in which you may write.",
    )
