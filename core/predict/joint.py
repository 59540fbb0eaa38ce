"""Strategy ``joint``: one question with all points at once."""

from __future__ import annotations

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.encode import encode_tile, no_cropland, prompts_for, sigmoid, to_prediction
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
    low = tile.ask_with(prompts)
    if low is None:
        return no_cropland(tile, prompts)
    return to_prediction(tile, sigmoid(tile.upsample(low[None])[0]), prompts)
