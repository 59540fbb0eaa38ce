"""The Scenes page: imagery, land cover, colours and existing labels."""

from ui.scenes.scene_page import JOB_KINDS, show

__all__ = ["JOB_KINDS", "show"]
