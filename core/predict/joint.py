"""Strategy ``joint``: one question with all points at once."""

from __future__ import annotations

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.encode import encode_tile, prompts_for, sigmoid, to_prediction, without_positives
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.auto import PromptOptions
from core.sam.protocol import Segmenter


def joint(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """All points in one query: the cheapest use of a model, one decode a tile."""
    tile = encode_tile(image, landcover, segmenter, options)
    placing = PromptOptions("published", options.points_per_class)
    prompts = prompts_for(tile, placing, options.seed)
    nothing = without_positives(tile, prompts)
    if nothing is not None:
        return nothing
    logits = tile.upsample(tile.ask(prompts.points)[None])[0]
    return to_prediction(tile, sigmoid(logits), prompts)
