"""The Results page: hectares, the overview map and files."""

from ui.results.scene_results import JOB_KINDS, show

__all__ = ["JOB_KINDS", "show"]
