"""What stands above every table: data, model, seeds, and what is simulated."""

from __future__ import annotations

from collections.abc import Sequence

from core.landcover.source import open_landcover
from core.sam.registry import get_model
from core.study.experiments.region import Region
from core.study.metrics.evaluation_report import many
from core.study.metrics.pairs import LabelledScene


def data_notes(
    regions: Sequence[Region], model: str | None, seed: int, *, training: bool = False
) -> tuple[str, ...]:
    """Sentences about the regions, the model where one is asked, and the seed.

    Parameters
    ----------
    training : bool
        Whether the images whose truth may be learnt from are used, too.
    """
    notes = [_region(region, training=training) for region in regions]
    if model is not None:
        spec = get_model(model)
        notes.append(f"Model: {spec.title}, SHA-256 {spec.sha256[:12]}.")
    notes.append(f"Seed {seed}. Figures are of all pixels pooled; intervals are over tiles.")
    return tuple(notes)


def _region(region: Region, *, training: bool) -> str:
    count = f"{_counted(region.test)} that only measure"
    if training:
        count = f"{_counted(region.train)} to learn from, {count}"
    products = {
        open_landcover(image.landcover, product=image.product, crs=image.landcover_crs).title
        for image in region.test
    }
    said = f"{region.name} ({region.title}): {count}; land cover: {', '.join(sorted(products))}."
    return f"{said} {region.note}".strip()


def _counted(images: Sequence[LabelledScene]) -> str:
    """``6 images``, or ``6 tiles of 2 images`` where they are looked at in parts."""
    whole = many(len({image.name for image in images}), "image")
    return f"{many(len(images), 'tile')} of {whole}" if any(i.window for i in images) else whole
