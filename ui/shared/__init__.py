"""What several pages share: frame, navigation, jobs, errors, uploads, settings."""

from ui.shared.page_frame import page, project_page

__all__ = ["page", "project_page"]
