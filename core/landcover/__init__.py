"""Land cover products: registry, recognition, alignment, agreement, fetching."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.landcover.alignment import align, class_areas
    from core.landcover.coverage import coverage_sentence, covered_share, notes_of
    from core.landcover.fetch import fetch_worldcover
    from core.landcover.picture import cropland_rgba, landcover_rgba
    from core.landcover.product_agreement import agreement
    from core.landcover.product_registry import PRODUCTS
    from core.landcover.source import open_landcover

__getattr__ = load_lazily(
    __name__,
    {
        "alignment": (
            "align",
            "class_areas",
        ),
        "coverage": ("coverage_sentence", "covered_share", "notes_of"),
        "fetch": ("fetch_worldcover",),
        "picture": (
            "cropland_rgba",
            "landcover_rgba",
        ),
        "product_agreement": ("agreement",),
        "product_registry": ("PRODUCTS",),
        "source": ("open_landcover",),
    },
)

__all__ = [
    "PRODUCTS",
    "agreement",
    "align",
    "class_areas",
    "coverage_sentence",
    "covered_share",
    "cropland_rgba",
    "fetch_worldcover",
    "landcover_rgba",
    "notes_of",
    "open_landcover",
]
