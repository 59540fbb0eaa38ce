"""The land cover error report as one page of HTML: nothing is loaded from anywhere, it prints."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from core.area_units import HECTARES, AreaUnit, area_text
from core.export.reports.areas import AreaReport, ClassArea
from core.study.metrics.error_map import (
    FALSE,
    MISSED,
    NOT_JUDGED,
    RIGHT_CROPLAND,
    RIGHT_REST,
    paint_errors,
)

_TEMPLATE = "landcover_error.html"
_MEANINGS = {
    RIGHT_CROPLAND: "cropland in both",
    RIGHT_REST: "not cropland in both",
    MISSED: "missed by the land cover",
    FALSE: "too much in the land cover",
    NOT_JUDGED: "not compared, or no tile that counts",
}


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report is about; ``notes`` are what a reader should know of the inputs."""

    project: str
    scene: str
    image: str
    landcover: str
    landcover_file: str
    landcover_sha256: str
    landcover_citation: str
    simulated: bool
    accepted_only: bool
    made: datetime
    version: str
    notes: tuple[str, ...] = ()

    def tags(self) -> dict[str, str]:
        """What goes into the tags of the map."""
        return {
            "software": f"cropmap {self.version}",
            "scene": self.scene,
            "image_source": self.image,
            "land_cover": self.landcover,
        }


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure of the report; ``value`` is None where it is not defined."""

    key: str
    title: str
    value: float | None
    unit: str
    meaning: str

    def shown(self, unit: AreaUnit) -> str:
        """As a person reads it, an area in ``unit``."""
        if self.unit == "ha":
            return area_text(self.value, unit)
        return "–" if self.value is None else f"{self.value:.3f}"


def figures_of(report: AreaReport) -> list[ReportFigure]:
    """The figures of the land cover against the label, areas first."""
    found = report.confusion
    areas = (
        ("label_cropland_ha", "Cropland (your map)", report.cropland_ha, "along its outlines"),
        ("landcover_cropland_ha", "Cropland (land cover)", report.landcover_ha,
         "where your map is known, too"),
        ("false_ha", "Too much", report.false_ha,
         "cropland in the land cover, not in your map"),
        ("missed_ha", "Missed", report.missed_ha,
         "cropland in your map, not in the land cover"),
        ("not_judged_ha", "Not compared", report.unknown_ha,
         "land type unclear, or no land cover, in the tiles that count"),
    )  # fmt: skip
    shares = (
        ("overall_accuracy", "Overall accuracy", found.overall_accuracy,
         "share of the area on which both agree"),
        ("users_accuracy", "User's accuracy", found.precision,
         "share of the land cover's cropland that your map confirms"),
        ("producers_accuracy", "Producer's accuracy", found.recall,
         "share of your map's cropland that the land cover has"),
        ("iou", "Overlap (IoU) of cropland", found.iou,
         "cropland in both, divided by cropland in either"),
        ("f1", "F1 of cropland", found.f1, "harmonic mean of the two accuracies above"),
    )  # fmt: skip
    return [
        ReportFigure(key, title, value, "ha", meaning) for key, title, value, meaning in areas
    ] + [ReportFigure(key, title, value, "", meaning) for key, title, value, meaning in shares]


def render_page(
    report: AreaReport, facts: ReportFacts, picture: Path, unit: AreaUnit = HECTARES
) -> str:
    """The page with areas in ``unit``; texts are escaped, and the picture is part of it."""
    return _template().render(
        report=report,
        facts=facts,
        unit=unit,
        figures=figures_of(report),
        worst_under=_most_missed(report.rows),
        legend=[(_colour(code), words) for code, words in _MEANINGS.items()],
        picture=base64.b64encode(picture.read_bytes()).decode(),
    )


def _colour(code: int) -> str:
    """The colour that a code has on the map, for CSS."""
    red, green, blue = paint_errors(np.array([[code]], dtype=np.uint8))[0, 0].tolist()
    return f"rgb({red}, {green}, {blue})"


def _most_missed(rows: Sequence[ClassArea]) -> ClassArea | None:
    """The class that hides most of the cropland that the land cover misses."""
    others = (row for row in rows if not row.cropland_class)
    worst = max(others, key=lambda row: row.labelled_cropland_ha, default=None)
    return worst if worst is not None and worst.labelled_cropland_ha > 0 else None


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["area"] = area_text
    return environment.get_template(_TEMPLATE)
