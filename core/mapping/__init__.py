"""The main job: scene and land cover in, cropland on disk out."""

from core.mapping.options import MapOptions
from core.mapping.request import SceneRequest
from core.mapping.run import MapResult, map_scene, model_title

__all__ = ["MapOptions", "MapResult", "SceneRequest", "map_scene", "model_title"]
