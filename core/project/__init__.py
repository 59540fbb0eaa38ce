"""The store of a project: scenes, tiles, every edit and every verdict.

It is one SQLite file, or one schema of a PostgreSQL database and a small file that names it.

Whatever two people can touch has a version; a change made on an old version is refused with
:class:`~core.errors.ConflictError`.  Nothing that a person did is ever changed or erased.
"""

from core.edit_record import EditRecord, NewEdit
from core.project.archive import is_archived, put_in_archive, take_from_archive
from core.project.backup import Backup, backups_folder, backups_of, restore
from core.project.bin import (
    BinnedProject,
    bin_folder,
    erase,
    folder_bytes,
    may_be_binned,
    projects_in_bin,
    put_back,
    put_in_bin,
)
from core.project.chain import Damage
from core.project.duplicate import duplicate_project
from core.project.places import new_project_path, project_file
from core.project.recent import (
    ProjectSummary,
    forget_project,
    recent_projects,
    remember_project,
)
from core.project.records import (
    CHANGED,
    UNSET,
    VERDICTS,
    HistoryRow,
    NewTile,
    PastVerdict,
    SceneRecord,
    SecondReview,
    TileLog,
    TileMoment,
    TileRecord,
    Unset,
    VerdictRecord,
    VerdictSteps,
    verdict_now,
)
from core.project.store import Project

__all__ = [
    "CHANGED",
    "UNSET",
    "VERDICTS",
    "Backup",
    "BinnedProject",
    "Damage",
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
    "TileMoment",
    "TileRecord",
    "Unset",
    "VerdictRecord",
    "VerdictSteps",
    "backups_folder",
    "backups_of",
    "bin_folder",
    "duplicate_project",
    "erase",
    "folder_bytes",
    "forget_project",
    "is_archived",
    "may_be_binned",
    "new_project_path",
    "project_file",
    "projects_in_bin",
    "put_back",
    "put_in_archive",
    "put_in_bin",
    "recent_projects",
    "remember_project",
    "restore",
    "take_from_archive",
    "verdict_now",
]
