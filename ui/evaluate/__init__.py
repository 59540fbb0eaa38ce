"""The Evaluate page: how good the map is, and which method would do better."""

from ui.evaluate.sections import JOB_KINDS, show

__all__ = ["JOB_KINDS", "show"]
