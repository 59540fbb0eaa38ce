"""Long work that survives: records on disk, and processes beside the app that do what they say."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.jobs.asking_jobs import (
        ask_for_job,
        cancel_job,
        find_job,
        forget_job,
        last_job,
        resume_jobs,
        unfinished_jobs,
        waits_for,
    )
    from core.jobs.job_kinds import (
        EVALUATION,
        EXPORT,
        MAP_ALL,
        evaluation_order,
        export_order,
        kind_of,
        map_order,
    )
    from core.jobs.job_record import JobKey, JobRecord, JobState

__getattr__ = load_lazily(
    __name__,
    {
        "asking_jobs": (
            "ask_for_job",
            "cancel_job",
            "find_job",
            "forget_job",
            "last_job",
            "resume_jobs",
            "unfinished_jobs",
            "waits_for",
        ),
        "job_kinds": (
            "EVALUATION",
            "EXPORT",
            "MAP_ALL",
            "evaluation_order",
            "export_order",
            "kind_of",
            "map_order",
        ),
        "job_record": ("JobKey", "JobRecord", "JobState"),
    },
)

__all__ = [
    "EVALUATION",
    "EXPORT",
    "MAP_ALL",
    "JobKey",
    "JobRecord",
    "JobState",
    "ask_for_job",
    "cancel_job",
    "evaluation_order",
    "export_order",
    "find_job",
    "forget_job",
    "kind_of",
    "last_job",
    "map_order",
    "resume_jobs",
    "unfinished_jobs",
    "waits_for",
]
