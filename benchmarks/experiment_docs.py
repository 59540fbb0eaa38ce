"""Tables of finished experiments written into the documentation, between markers.

``<!-- table: KEY -->`` to ``<!-- end -->`` is replaced by the table of an experiment,
``<!-- table: KEY; column=value; column=value -->`` by those of its rows.  With ``across=column``
mean IoU alone is shown, the values of that column side by side.  ``<!-- notes: KEY -->`` is what an
experiment says of its data, and ``<!-- table: seconds -->`` how long each took.  Everything beside
the markers is left alone.  Plots that the text shows as ``experiments/KEY-NAME.png`` are copied.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.files import replacing
from core.study.experiments import (
    RECORD,
    ExperimentRecord,
    duration,
    figure_matrix,
    headline_table,
    read_experiment,
)
from core.study.metrics import Interval, escaped, markdown_table, with_interval

PROMPTS = "prompts"
SECONDS = "seconds"
_ACROSS = "across"
_MARKER = re.compile(r"(<!-- (table|notes): ([^>]*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_PLOT = re.compile(r"experiments/([a-z-]+)-([a-z0-9_]+)\.png")


class UnfinishedError(Exception):
    """An experiment has no result yet."""


def write_tables(page: Path, results: Path) -> list[str]:
    """Bring a page up to date with the folders of results; what could not be, in words.

    Parameters
    ----------
    results : Path
        With a folder for each experiment, of its key.
    """
    left: list[str] = []

    def renewed(found: re.Match[str]) -> str:
        try:
            lines = _lines(found[2], found[3], results)
        except UnfinishedError as error:
            left.append(str(error))
            return found[0]
        return found[1] + "".join(f"{line}\n" for line in lines) + found[5]

    before = page.read_text(encoding="utf-8")
    after = _MARKER.sub(renewed, before)
    if after != before:
        with replacing(page) as aside:
            aside.write_text(after, encoding="utf-8")
    return [*left, *_copy_plots(after, page.parent / "experiments", results)]


def _lines(kind: str, said: str, results: Path) -> list[str]:
    key, *conditions = (part.strip() for part in said.split(";"))
    wanted = dict(_condition(one) for one in conditions)
    if key == SECONDS:
        return _seconds(results)
    if key == PROMPTS:
        return _prompts(results / PROMPTS, wanted)
    record = _record(results / key)
    if kind == "notes":
        return [f"- {escaped(note)}" for note in record.notes]
    across = wanted.pop(_ACROSS, None)
    asked = {**wanted, **({across: ""} if across else {})}
    _check(asked, [column.key for column in record.columns], key)
    rows = [row for row in record.rows if _fits(row.labels, wanted)]
    columns = [column for column in record.columns if column.key not in wanted]
    return (
        figure_matrix(columns, rows, across)
        if across
        else headline_table(columns, rows, record.reference)
    )


def _condition(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _fits(labels: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(str(labels[name]) == value for name, value in wanted.items())


def _check(wanted: Mapping[str, str], columns: list[str], key: str) -> None:
    strangers = sorted(set(wanted) - set(columns))
    if strangers:
        raise ValueError(f"{key} has no column {', '.join(strangers)}, only {', '.join(columns)}")


def _record(folder: Path) -> ExperimentRecord:
    if not (folder / RECORD).is_file():
        raise UnfinishedError(f"{folder.name} has no result yet")
    return read_experiment(folder)


def _seconds(results: Path) -> list[str]:
    heads = ["experiment", "steps", "time of all its steps, one process each"]
    folders = [path.parent for path in sorted(results.glob(f"*/{RECORD}"))]
    records = {folder.name: read_experiment(folder) for folder in folders}
    rows = ([n, f"{len(one.cells):,}", duration(one.seconds)] for n, one in records.items())
    return markdown_table(heads, rows)


def _prompts(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The prompt check's table: points before cleaning, and how many of those left are right."""
    path = folder / "summary.json"
    if not path.is_file():
        raise UnfinishedError(f"{PROMPTS} has no result yet")
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    for row in rows:
        row["region"] = row["product"].partition(": ")[0]
    titles = {name: name for name in ("region", "method", "label", "distance")}
    titles.update(method="placing", distance="metres to a border")
    _check(wanted, list(titles), PROMPTS)
    columns = [name for name in titles if name not in wanted]
    after = {_group(row): row for row in rows if row["cleaning"] == "after"}
    lines = []
    for row in rows:
        if row["cleaning"] == "after" or not _fits(row, wanted):
            continue
        kept = after.get(_group(row))
        counts = [f"{row['points']:,}", _share(row), "0", "–"]
        if kept is not None:
            counts[2:] = [f"{kept['points']:,}", _share(kept)]
        lines.append([*(escaped(row[name]) for name in columns), *counts])
    heads = [*(titles[name] for name in columns), "points", "right", "kept by cleaning"]
    return markdown_table([*heads, "right of those"], lines)


def _group(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("product", "method", "label", "distance"))


def _share(row: Mapping[str, Any]) -> str:
    return with_interval(Interval(**row["share"]))


def _copy_plots(text: str, folder: Path, results: Path) -> list[str]:
    left = []
    for key, name in sorted(set(_PLOT.findall(text))):
        source = results / key / "plots" / f"{name}.png"
        if source.is_file():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(source, folder / f"{key}-{name}.png")
        else:
            left.append(f"the plot {name} of {key} is not there")
    return left
