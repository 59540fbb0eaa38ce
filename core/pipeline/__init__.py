"""The main job: scene and land cover in, cropland on disk out."""

from core.pipeline.options import MapOptions
from core.pipeline.request import SceneRequest
from core.pipeline.run import MapResult, map_scene, model_title

__all__ = ["MapOptions", "MapResult", "SceneRequest", "map_scene", "model_title"]
