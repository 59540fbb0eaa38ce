"""How prompts become a probability: the strategies by name."""

from __future__ import annotations

from collections.abc import Callable

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.apt import apt
from core.predict.apt_plus import apt_plus
from core.predict.classifier import classify
from core.predict.joint import joint
from core.predict.names import WITHOUT_MODEL
from core.predict.per_field import per_field
from core.predict.prediction import StrategyOptions, TilePrediction
from core.sam.protocol import Segmenter

Strategy = Callable[[SceneImage, LandCoverTile, Segmenter | None, StrategyOptions], TilePrediction]


def classifier(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """The image's own classifier; needs no model and uses none."""
    return classify(image, landcover, options.seed)


STRATEGIES: dict[str, Strategy] = {
    WITHOUT_MODEL: classifier,
    "apt": apt,
    "joint": joint,
    "per_field": per_field,
    "apt_plus": apt_plus,
}
