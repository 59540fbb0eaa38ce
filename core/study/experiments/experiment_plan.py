"""What an experiment is: its question, its cells, and how its answer is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.errors import InputError
from core.study.experiments.cells import Cell
from core.study.metrics.figures import Label

SEED = "seed"
"""The column over whose values figures are averaged."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that tells rows apart: its key in labels and CSV files, and its title for people."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of one figure.

    Parameters
    ----------
    name : str
        Of its file, without suffix.
    title : str
    kind : {"bars", "lines"}
        For each value of ``x`` the figures side by side, or lines over its numbers, with intervals.
    x, series : str
        Columns: along the axis, and one mark or line for each.
    metric : str
        Key of a figure in ``core.study.metrics.figures.FIGURES``.
    facet : str, optional
        Column with a panel for each of its values.
    where : mapping
        Only rows whose columns have one of these values.
    level : mapping
        Rows of ``where`` whose columns have one of these values do not depend on ``x``: they are
        drawn as level lines.
    x_title : str
        Of the axis, with its unit; the column's where it is empty.
    scale : {"linear", "log", "even"}
        Of the axis of lines; ``even`` puts its numbers at equal distances.
    """

    name: str
    title: str
    kind: Literal["bars", "lines"]
    x: str
    series: str
    metric: str = "mean_iou"
    facet: str | None = None
    where: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    level: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    x_title: str = ""
    scale: Literal["linear", "log", "even"] = "linear"


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A question put to data.

    Parameters
    ----------
    key : str
        Of the command: ``cropmap experiment KEY``.
    title, question : str
    columns : tuple of Column
        That tell the table's rows apart, in order; ``seed`` is none of them.
    stages : tuple of tuples of Cell
        Cells of a stage may use files that earlier ones left.
    notes : tuple of str
        Sentences that stand above the table: data, model, seeds, and what is simulated.
    reference : mapping
        Labels of the rows that every other row is compared with: the row that agrees with a row
        in all columns but these.
    plots : tuple of Plot
    pictures : mapping or None
        Columns' values of the rows whose worst tiles are pictured; their cells keep masks.
    rows : tuple of mapping
        Labels of all rows in the table's order, where cells come in another.
    """

    key: str
    title: str
    question: str
    columns: tuple[Column, ...]
    stages: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    reference: Mapping[str, Label] = field(default_factory=dict)
    plots: tuple[Plot, ...] = ()
    pictures: Mapping[str, tuple[Label, ...]] | None = None
    rows: tuple[Mapping[str, Label], ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells in order."""
        return tuple(cell for stage in self.stages for cell in stage)


def check_known(asked: Sequence[str], known: Sequence[str], what: str) -> None:
    """Raise ``InputError`` where something is asked for that is not there, or nothing is."""
    strangers = sorted(set(asked) - set(known))
    if strangers or not asked:
        raise InputError(
            f"There is no {what} {', '.join(strangers) or 'to compare'}.",
            f"Known are: {', '.join(known)}.",
        )
