"""The Review page: tiles, verdicts, second looks, effort and history."""

from ui.review.review_tabs import JOB_KINDS, show

__all__ = ["JOB_KINDS", "show"]
