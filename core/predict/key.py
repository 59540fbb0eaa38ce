"""What a tile's automatic prediction depends on, as one key: no other one is ever served for it."""

from __future__ import annotations

import hashlib
import json

from core.fingerprint import PREDICTION, result_hash
from core.imagery.scene import Scene
from core.imagery.tile_plan import Tile
from core.predict.names import WITHOUT_MODEL
from core.predict.predict_options import AUTO, PredictOptions


def prediction_key(
    scene: Scene,
    landcover_fingerprint: str | None,
    tile: Tile,
    options: PredictOptions,
    weights_sha256: str | None,
    denied: frozenset[str] = frozenset(),
) -> str:
    """SHA-256 over all that the automatic prediction of a tile depends on.

    Parameters
    ----------
    weights_sha256 : str or None
        Of the model; None without one.
    denied : frozenset of str
        Names of automatic prompts that a person changed or deleted; other names do not count.
    """
    facts = {
        "code": result_hash(*PREDICTION),
        "scene": scene.fingerprint,
        "bands": scene.bands,
        "stretch": scene.stretch.to_json(),
        "factor": scene.working_factor,
        "unknown": scene.unknown.to_json(),
        "landcover": landcover_fingerprint,
        "tile": [tile.name, repr(tile.window), repr(tile.cores)],
        "strategy": options.strategy,
        "points": options.points_per_class,
        "seed": options.seed,
        "published_scale": options.published_scale,
        "denied": sorted(name for name in denied if name.startswith(AUTO)),
        "model": None if options.strategy == WITHOUT_MODEL else weights_sha256,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
