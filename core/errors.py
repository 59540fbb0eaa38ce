"""Every error a person may meet: one root, one clear sentence, what to do about it.

Raise the narrowest class that fits.  ``message`` says what is wrong with what (name the file);
``hint`` says what to do about it, in words that hold on the command line and in the app alike.
Where the two differ, ``remedy`` names what to do, and each says it in its own words:
``core/cli/remedies.py`` and ``ui/remedies.py``.  Both show all of it and never a traceback.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

_LONGEST_TEXT = 1000
_MOST_FACTS = 8


class Remedy(StrEnum):
    """What a person can do about an error, where the command line and the pages say it otherwise.

    Facts that the words need are named behind the remedy; they come with the error.
    """

    STATE_CRS = "state_crs"
    STATE_LANDCOVER_CRS = "state_landcover_crs"
    STATE_LANDCOVER_NODATA = "state_landcover_nodata"  # value
    SAVE_WITH_CRS = "save_with_crs"
    CHECK_CRS = "check_crs"
    FIND_IMAGERY = "find_imagery"
    PUT_BACK_IMAGERY = "put_back_imagery"
    PUT_BACK_LANDCOVER = "put_back_landcover"
    GIVE_LANDCOVER = "give_landcover"
    LEAVE_OUT_LANDCOVER = "leave_out_landcover"
    CHOOSE_LANDCOVER = "choose_landcover"
    NAME_PRODUCT = "name_product"
    CHOOSE_MODEL = "choose_model"
    FETCH_WEIGHTS = "fetch_weights"  # model, megabytes, path
    FETCH_WEIGHTS_AGAIN = "fetch_weights_again"  # model, path, architecture
    ADD_WEIGHTS = "add_weights"  # path
    ADD_BUNDLES_WEIGHTS = "add_bundles_weights"  # model, architecture
    CHOOSE_DEVICE = "choose_device"
    CHOOSE_RUNTIME = "choose_runtime"
    MAP_TILES = "map_tiles"
    ACCEPT_TILES = "accept_tiles"
    ACCEPT_OR_TAKE_ALL = "accept_or_take_all"
    LABEL_TRUTH = "label_truth"
    NAME_REGION = "name_region"
    NAME_SCENE = "name_scene"
    LIST_PAIRS = "list_pairs"
    FEWER_LABELS = "fewer_labels"
    FEWER_LABELS_OR_OTHER_CURVE = "fewer_labels_or_other_curve"
    FEWER_PROCESSES = "fewer_processes"
    RESTORE_BACKUP = "restore_backup"
    ASK_AGAIN = "ask_again"
    CHOOSE_LAYER = "choose_layer"
    CHOOSE_CROPLAND = "choose_cropland"  # example


_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed, marks that turn the direction of text, and halves of
surrogate pairs: a terminal obeys the first, and the last cannot be written at all."""


def printable(text: str) -> str:
    """A text fit for terminals and logs, whatever file it came from."""
    return _UNPRINTABLE.sub("\ufffd", text)


class CropMapError(Exception):
    """Root of all errors meant for the user.

    Parameters
    ----------
    message : str
        One sentence, ending with a full stop, that says what is wrong.
    hint : str
        One sentence that says what to do; empty where the message or the remedy does.
    remedy : Remedy, optional
        What to do, where the command line and the pages say it in different words; it is shown
        after the hint.
    facts : mapping, optional
        What the words of the remedy name, such as the model whose weights are missing.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        remedy: Remedy | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        self.message = printable(message)
        self.hint = printable(hint)
        super().__init__(self.message)
        self.remedy = remedy
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def to_json(self) -> dict[str, Any]:
        """The error as plain values, for another process; its class is not among them."""
        plain: dict[str, Any] = {"message": self.message, "hint": self.hint}
        if self.remedy is not None:
            plain |= {"remedy": self.remedy.value, "facts": self.facts}
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The error of :meth:`to_json`; a process that read a stranger's file may have sent it.

        Texts are bounded, and a remedy that does not exist counts as none.
        """
        remedy, facts = plain.get("remedy"), plain.get("facts")
        known = Remedy(remedy) if remedy in list(Remedy) else None
        pairs = list(facts.items())[:_MOST_FACTS] if isinstance(facts, dict) else []
        return cls(
            str(plain.get("message", ""))[:_LONGEST_TEXT],
            str(plain.get("hint", ""))[:_LONGEST_TEXT],
            known,
            {str(name)[:_LONGEST_TEXT]: str(value)[:_LONGEST_TEXT] for name, value in pairs},
        )

    def hint_in(self, words: Mapping[Remedy, str]) -> str:
        """The hint and the remedy, as one text, in the words of the command line or the pages.

        Parameters
        ----------
        words : mapping
            A sentence for every remedy, with ``{name}`` where it names a fact.
        """
        if self.remedy is None:
            return self.hint
        # A fact that another process did not send is left as its name, not made a second error.
        facts = _Named(self.facts)
        return f"{self.hint} {words[self.remedy].format_map(facts)}".strip()


class _Named(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper()


class InputError(CropMapError):
    """The input is at fault: wrong file, wrong place, wrong option."""


class UnreadableRasterError(InputError):
    """Not a raster, a format that is not allowed, or a damaged or truncated file."""


class RasterTooLargeError(InputError):
    """The header claims more pixels, bands or bytes per block than the limits allow."""


class UnreadableLabelsError(InputError):
    """Not a file of labels, a format that is not allowed, damaged, or too much of it."""


class ReplacedFileError(InputError):
    """A file that is another one than when it was opened or added; nothing is made from it."""


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


class BusyError(CropMapError):
    """More is asked at the moment than can be answered in time."""


class ConflictError(CropMapError):
    """Somebody else changed the same thing first; nothing was overwritten."""


class ProjectError(CropMapError):
    """A project file that is missing, damaged, or of a newer version."""


class ProjectUnavailableError(ProjectError):
    """A project that cannot be read or written just now; nothing was changed, and it may be later.

    Another program holds it, its disk fails or may not be written, it is damaged, or it was closed.
    """


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


def error_to_json(error: CropMapError) -> dict[str, Any]:
    """An error with the name of its class, as plain values, for another process or a later one."""
    return {"error": type(error).__name__, **error.to_json()}


def error_from_json(plain: Mapping[str, Any]) -> CropMapError:
    """The error of :func:`error_to_json`, of the same class where this module has it."""
    kind = globals().get(str(plain.get("error")))
    if not isinstance(kind, type) or not issubclass(kind, CropMapError):
        kind = CropMapError
    # What a class holds beyond a sentence is not in the plain values.
    whole = kind.__init__ is CropMapError.__init__
    return kind.from_json(plain) if whole else CropMapError.from_json(plain)
