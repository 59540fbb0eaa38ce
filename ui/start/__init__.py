"""The Start page: projects to open, make and try."""

from ui.start.start_page import JOB_KINDS, show

__all__ = ["JOB_KINDS", "show"]
