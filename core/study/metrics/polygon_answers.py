"""What in a file of polygons counts as cropland, by what somebody says or else by its names."""

from __future__ import annotations

import logging

from core.existing.class_choice import (
    ClassChoice,
    ReadingAnswers,
    choice_of,
    class_question,
    guess,
)
from core.existing.labels_file import LabelsFile
from core.existing.questions import ClassQuestionError

NOTHING_SAID = ReadingAnswers()

_log = logging.getLogger(__name__)


def choice_for(file: LabelsFile, answers: ReadingAnswers) -> ClassChoice:
    """What is cropland in a file.

    Raises
    ------
    ClassQuestionError
        Its names do not say so clearly, and nobody does.
    InputError
        What somebody says is not in the file.
    """
    if answers.classes is not None:
        return choice_of(file, answers.classes)
    question = class_question(file)
    if question is not None:
        raise ClassQuestionError(file.name, question)
    return guess(file)


def warn_of(file: LabelsFile, what: str) -> None:
    """Warn of what in a file was not as it should be."""
    for note in file.notes:
        _log.warning("The %s %s: %s", what, file.name, note)
    if file.broken_words:
        _log.warning("Of the %s %s are left out: %s.", what, file.name, file.broken_words)


def in_words(file: LabelsFile, choice: ClassChoice) -> str:
    """What was read as cropland, for the page and the record."""
    layer = f"layer {file.layer}: " if len(file.layers) > 1 else ""
    left_out = f"; left out are {file.broken_words}" if file.broken_words else ""
    if choice.column is None:
        return f"{layer}every polygon is cropland{left_out}"
    values = ", ".join(sorted(choice.cropland)[:8])
    return f"{layer}polygons are cropland where {choice.column} is {values}{left_out}"
