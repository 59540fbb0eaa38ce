"""How good a map is: figures of a tile, intervals, and predictions compared with their truth."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.study.metrics.bootstrap import LEAST_TILES, Interval
    from core.study.metrics.error_map import COLOURS, FALSE, MISSED, error_codes, paint_errors
    from core.study.metrics.evaluation import EvaluateOptions, evaluate
    from core.study.metrics.markdown import escaped, many, markdown_table, shown, with_interval
    from core.study.metrics.pairs import StatedNodata, find_pairs, read_pairs
    from core.study.metrics.pixels import Confusion, compare_pixels, mean_of_known
    from core.study.metrics.truth_labels import LabelView, MaskLabels, PolygonLabels

__getattr__ = load_lazily(
    __name__,
    {
        "bootstrap": ("LEAST_TILES", "Interval"),
        "error_map": ("COLOURS", "FALSE", "MISSED", "error_codes", "paint_errors"),
        "evaluation": ("EvaluateOptions", "evaluate"),
        "markdown": ("escaped", "many", "shown", "markdown_table", "with_interval"),
        "pairs": ("StatedNodata", "find_pairs", "read_pairs"),
        "pixels": ("Confusion", "compare_pixels", "mean_of_known"),
        "truth_labels": ("MaskLabels", "PolygonLabels", "LabelView"),
    },
)

# fmt: off
__all__ = [
    "COLOURS", "FALSE", "LEAST_TILES", "MISSED", "Confusion", "EvaluateOptions", "Interval",
    "LabelView", "MaskLabels", "PolygonLabels", "StatedNodata", "compare_pixels", "error_codes",
    "escaped", "evaluate", "find_pairs", "many", "markdown_table", "mean_of_known", "paint_errors",
    "read_pairs", "shown", "with_interval",
]
# fmt: on
