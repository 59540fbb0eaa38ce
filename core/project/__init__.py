"""The store of a project: scenes, tiles, every edit and every verdict, in one SQLite file.

Whatever two people can touch has a version; a change made on an old version is refused with
:class:`~core.errors.ConflictError`.  Nothing that a person did is ever changed or erased.
"""

from core.project.recent import (
    ProjectSummary,
    forget_project,
    new_project_path,
    recent_projects,
    remember_project,
)
from core.project.records import (
    UNSET,
    VERDICTS,
    EditRecord,
    HistoryRow,
    NewEdit,
    NewTile,
    PastVerdict,
    SceneRecord,
    SecondReview,
    TileLog,
    TileRecord,
    Unset,
    VerdictRecord,
)
from core.project.store import Project

__all__ = [
    "UNSET",
    "VERDICTS",
    "EditRecord",
    "HistoryRow",
    "NewEdit",
    "NewTile",
    "PastVerdict",
    "Project",
    "ProjectSummary",
    "SceneRecord",
    "SecondReview",
    "TileLog",
    "TileRecord",
    "Unset",
    "VerdictRecord",
    "forget_project",
    "new_project_path",
    "recent_projects",
    "remember_project",
]
