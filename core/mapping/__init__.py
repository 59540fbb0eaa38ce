"""Every tile of a scene: what is asked for, the plan, the tiles one by one, and their joining.

This face is light to import: what predicts is imported by those who predict.
"""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.mapping.ahead_of_time import EmbedPlan, embed_scenes, plan_embeddings
    from core.mapping.options import MapOptions, check_published_scale
    from core.mapping.request import WORLDCOVER, SceneRequest, open_request
    from core.mapping.workers import AS_SUITS, Workers

__getattr__ = load_lazily(
    __name__,
    {
        "ahead_of_time": ("EmbedPlan", "embed_scenes", "plan_embeddings"),
        "options": ("MapOptions", "check_published_scale"),
        "request": (
            "SceneRequest",
            "WORLDCOVER",
            "open_request",
        ),
        "workers": ("AS_SUITS", "Workers"),
    },
)

__all__ = [
    "AS_SUITS",
    "WORLDCOVER",
    "EmbedPlan",
    "MapOptions",
    "SceneRequest",
    "Workers",
    "check_published_scale",
    "embed_scenes",
    "open_request",
    "plan_embeddings",
]
