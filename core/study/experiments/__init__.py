"""Experiments on images with truth: regions, their tables, plots and pages."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.study.experiments.degrade_landcover import Degradation, simulate_landcover
    from core.study.experiments.experiment_kinds import (
        COMPARISON,
        EXPERIMENTS,
        ExperimentKind,
        build_experiment,
    )
    from core.study.experiments.experiment_page import duration, figure_matrix, headline_table
    from core.study.experiments.experiment_plan import Column, Experiment
    from core.study.experiments.experiment_record import (
        RECORD,
        ExperimentRecord,
        PictureRecord,
        read_experiment,
    )
    from core.study.experiments.experiment_report import run_and_write
    from core.study.experiments.methods import LANDCOVER, METHODS, predict
    from core.study.experiments.plots import styles
    from core.study.experiments.prompt_check import PromptCheckOptions, check_prompts, check_regions
    from core.study.experiments.prompt_page import write_prompt_check
    from core.study.experiments.region import (
        ABOUT,
        IMAGES,
        TRUTH,
        Region,
        find_images,
        read_regions,
    )
    from core.study.experiments.samples import Sample
    from core.study.experiments.tables import Row
    from core.study.experiments.training import Direction

__getattr__ = load_lazily(
    __name__,
    {
        "degrade_landcover": ("Degradation", "simulate_landcover"),
        "experiment_plan": ("Column", "Experiment"),
        "experiment_page": ("duration", "headline_table", "figure_matrix"),
        "experiment_record": ("RECORD", "ExperimentRecord", "PictureRecord", "read_experiment"),
        "experiment_report": ("run_and_write",),
        "methods": ("LANDCOVER", "METHODS", "predict"),
        "plots": ("styles",),
        "prompt_check": ("PromptCheckOptions", "check_prompts", "check_regions"),
        "prompt_page": ("write_prompt_check",),
        "region": ("ABOUT", "IMAGES", "TRUTH", "Region", "find_images", "read_regions"),
        "experiment_kinds": ("COMPARISON", "EXPERIMENTS", "ExperimentKind", "build_experiment"),
        "samples": ("Sample",),
        "tables": ("Row",),
        "training": ("Direction",),
    },
)

# fmt: off
__all__ = [
    "ABOUT", "COMPARISON", "EXPERIMENTS", "IMAGES", "LANDCOVER", "METHODS", "RECORD", "TRUTH",
    "Column", "Degradation", "Direction", "Experiment", "ExperimentKind", "ExperimentRecord",
    "PictureRecord", "PromptCheckOptions", "Region", "Row", "Sample", "build_experiment",
    "check_prompts", "check_regions", "duration", "figure_matrix", "find_images",
    "headline_table", "predict", "read_experiment", "read_regions", "run_and_write",
    "simulate_landcover", "styles", "write_prompt_check",
]
# fmt: on
