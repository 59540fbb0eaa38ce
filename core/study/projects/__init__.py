"""Experiments on a project's scenes: truth, runs, and what came of them."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.study.projects.findings import Finding, read_findings
    from core.study.projects.image_folders import (
        ImageFolder,
        add_folder,
        kept_folders,
        remove_folder,
    )
    from core.study.projects.own_labels import Judged, WorstTile, judge_labels, last_judged
    from core.study.projects.run_locations import runs_folder, upload_folder
    from core.study.projects.run_request import (
        MOST_TILES,
        RunRequest,
        chosen_truth_tiles,
        scene_names,
        unready,
    )
    from core.study.projects.runs import (
        ExperimentRun,
        PastRuns,
        do_run,
        find_run,
        new_run,
        past_runs,
        remove_run,
    )
    from core.study.projects.truth import (
        Truth,
        TruthSource,
        forget_truth,
        is_current,
        kept_truth,
        missing_file,
        read_truth,
    )

__getattr__ = load_lazily(
    __name__,
    {
        "findings": ("Finding", "read_findings"),
        "image_folders": ("ImageFolder", "add_folder", "kept_folders", "remove_folder"),
        "own_labels": ("Judged", "WorstTile", "judge_labels", "last_judged"),
        "run_locations": ("runs_folder", "upload_folder"),
        "run_request": ("MOST_TILES", "RunRequest", "chosen_truth_tiles", "scene_names", "unready"),
        "runs": (
            "PastRuns",
            "ExperimentRun",
            "do_run",
            "find_run",
            "new_run",
            "past_runs",
            "remove_run",
        ),
        "truth": (
            "Truth",
            "TruthSource",
            "forget_truth",
            "is_current",
            "kept_truth",
            "missing_file",
            "read_truth",
        ),
    },
)

# fmt: off
__all__ = [
    "MOST_TILES", "ExperimentRun", "Finding", "ImageFolder", "Judged", "PastRuns", "RunRequest",
    "Truth", "TruthSource", "WorstTile", "add_folder", "chosen_truth_tiles", "do_run",
    "find_run", "forget_truth", "is_current", "judge_labels", "kept_folders",
    "kept_truth", "last_judged", "missing_file", "new_run", "past_runs", "read_findings",
    "read_truth", "remove_folder", "remove_run", "runs_folder", "scene_names", "unready",
    "upload_folder",
]
# fmt: on
