"""Labels that exist already, made elsewhere or exported earlier: read safely, placed on a scene."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.existing.class_choice import ClassChoice, class_columns, guess, is_own, values_of
    from core.existing.label_files import read_labels
    from core.existing.labels_file import LabelsFile
    from core.existing.mask import MaskFile, MaskFileLabels, guess_values, read_mask
    from core.existing.scene_labels import Labels, VectorLabels

__getattr__ = load_lazily(
    __name__,
    {
        "class_choice": (
            "ClassChoice",
            "class_columns",
            "guess",
            "is_own",
            "values_of",
        ),
        "label_files": ("read_labels",),
        "labels_file": ("LabelsFile",),
        "mask": (
            "MaskFile",
            "MaskFileLabels",
            "guess_values",
            "read_mask",
        ),
        "scene_labels": (
            "Labels",
            "VectorLabels",
        ),
    },
)

__all__ = [
    "ClassChoice",
    "Labels",
    "LabelsFile",
    "MaskFile",
    "MaskFileLabels",
    "VectorLabels",
    "class_columns",
    "guess",
    "guess_values",
    "is_own",
    "read_labels",
    "read_mask",
    "values_of",
]
