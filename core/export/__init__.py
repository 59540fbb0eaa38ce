"""Export: rasters and vectors that QGIS opens at the right place."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.export.card_details import CardDetails
    from core.export.chip_plan import ChipOptions
    from core.export.delivered import (
        GIS,
        RECORD,
        TRAINING,
        Delivered,
        Delivery,
        Wishes,
        last_delivery,
    )
    from core.export.delivery import deliver, state_of
    from core.export.export_crs import CrsChoice, chosen_crs, crs_choices
    from core.export.replay.again import replay_bundle
    from core.export.reports.areas import AreaReport, areas
    from core.export.scene_map import MapResult, map_scene
    from core.export.write_export import FORMATS, ExportFormat

__getattr__ = load_lazily(
    __name__,
    {
        "card_details": ("CardDetails",),
        "chip_plan": ("ChipOptions",),
        "delivered": (
            "Delivered",
            "Delivery",
            "GIS",
            "RECORD",
            "TRAINING",
            "Wishes",
            "last_delivery",
        ),
        "delivery": (
            "deliver",
            "state_of",
        ),
        "export_crs": (
            "CrsChoice",
            "crs_choices",
            "chosen_crs",
        ),
        "replay.again": ("replay_bundle",),
        "reports.areas": (
            "AreaReport",
            "areas",
        ),
        "scene_map": (
            "MapResult",
            "map_scene",
        ),
        "write_export": (
            "ExportFormat",
            "FORMATS",
        ),
    },
)

__all__ = [
    "FORMATS",
    "GIS",
    "RECORD",
    "TRAINING",
    "AreaReport",
    "CardDetails",
    "ChipOptions",
    "CrsChoice",
    "Delivered",
    "Delivery",
    "ExportFormat",
    "MapResult",
    "Wishes",
    "areas",
    "chosen_crs",
    "crs_choices",
    "deliver",
    "last_delivery",
    "map_scene",
    "replay_bundle",
    "state_of",
]
