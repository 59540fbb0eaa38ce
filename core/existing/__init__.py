"""Labels that exist already, made elsewhere or exported earlier: read safely, placed on a scene."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.existing.class_choice import (
        ClassChoice,
        ReadingAnswers,
        class_columns,
        class_question,
        guess,
        is_own,
        parse_choice,
        values_of,
    )
    from core.existing.label_files import read_labels
    from core.existing.labels_file import VECTOR_SUFFIXES, LabelsFile
    from core.existing.mask import (
        MaskFile,
        MaskFileLabels,
        guess_unknown,
        guess_values,
        read_mask,
    )
    from core.existing.questions import ClassQuestion, ClassQuestionError, LayerQuestionError
    from core.existing.scene_labels import Labels, VectorLabels

__getattr__ = load_lazily(
    __name__,
    {
        "class_choice": (
            "ClassChoice",
            "ReadingAnswers",
            "class_columns",
            "class_question",
            "guess",
            "is_own",
            "parse_choice",
            "values_of",
        ),
        "label_files": ("read_labels",),
        "labels_file": ("VECTOR_SUFFIXES", "LabelsFile"),
        "mask": (
            "MaskFile",
            "MaskFileLabels",
            "guess_unknown",
            "guess_values",
            "read_mask",
        ),
        "questions": (
            "ClassQuestion",
            "ClassQuestionError",
            "LayerQuestionError",
        ),
        "scene_labels": (
            "Labels",
            "VectorLabels",
        ),
    },
)

__all__ = [
    "VECTOR_SUFFIXES",
    "ClassChoice",
    "ClassQuestion",
    "ClassQuestionError",
    "Labels",
    "LabelsFile",
    "LayerQuestionError",
    "MaskFile",
    "MaskFileLabels",
    "ReadingAnswers",
    "VectorLabels",
    "class_columns",
    "class_question",
    "guess",
    "guess_unknown",
    "guess_values",
    "is_own",
    "parse_choice",
    "read_labels",
    "read_mask",
    "values_of",
]
