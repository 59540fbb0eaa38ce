"""The prompt check on regions: their images side by side, in tables of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.study.experiments.region import Region
from core.study.metrics.prompt_check import CheckedImage, PromptCheckOptions, check_prompts
from core.task import Cancelled, Progress, never, silent


def check_regions(
    regions: Sequence[Region],
    options: PromptCheckOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> list[CheckedImage]:
    """Check the points of all images of all regions; errors as for ``check_prompts``.

    Nothing here learns from the truth, so images to learn from are judged as well.  A region's
    name stands before its product's, because tables go by product.
    """
    images = [(region, image) for region in regions for image in (*region.train, *region.test)]
    checked = check_prompts(
        [image for _, image in images], options, out, progress=progress, cancelled=cancelled
    )
    return [
        replace(one, product=f"{region.name}: {one.product}")
        for (region, _), one in zip(images, checked, strict=True)
    ]
