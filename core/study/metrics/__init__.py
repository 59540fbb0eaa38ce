"""How good a map is: figures of a tile, intervals, and predictions compared with their truth."""

from typing import TYPE_CHECKING

from core.study import load_lazily

if TYPE_CHECKING:
    from core.study.metrics.bootstrap import LEAST_TILES, Interval
    from core.study.metrics.error_map import COLOURS, FALSE, MISSED, error_codes, paint_errors
    from core.study.metrics.evaluation import EvaluateOptions, evaluate
    from core.study.metrics.markdown import escaped, many, shown, table, with_interval
    from core.study.metrics.pairs import find_pairs, read_pairs
    from core.study.metrics.pixels import Confusion, compare, mean_of_known
    from core.study.metrics.truth_labels import MaskLabels, PolygonLabels, View

__getattr__ = load_lazily(
    __name__,
    {
        "bootstrap": ("LEAST_TILES", "Interval"),
        "error_map": ("COLOURS", "FALSE", "MISSED", "error_codes", "paint_errors"),
        "evaluation": ("EvaluateOptions", "evaluate"),
        "markdown": ("escaped", "many", "shown", "table", "with_interval"),
        "pairs": ("find_pairs", "read_pairs"),
        "pixels": ("Confusion", "compare", "mean_of_known"),
        "truth_labels": ("MaskLabels", "PolygonLabels", "View"),
    },
)

# fmt: off
__all__ = [
    "COLOURS", "FALSE", "LEAST_TILES", "MISSED", "Confusion", "EvaluateOptions", "Interval",
    "MaskLabels", "PolygonLabels", "View", "compare", "error_codes", "escaped", "evaluate",
    "find_pairs", "many", "mean_of_known", "paint_errors", "read_pairs", "shown", "table",
    "with_interval",
]
# fmt: on
