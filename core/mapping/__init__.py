"""Every tile of a scene: what is asked for, the plan, the tiles one by one, and their joining.

This face is light to import: what predicts is imported by those who predict.
"""

from core.mapping.options import MapOptions
from core.mapping.request import SceneRequest, open_request

__all__ = ["MapOptions", "SceneRequest", "open_request"]
