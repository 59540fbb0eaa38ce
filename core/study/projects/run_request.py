"""What is to be run, and the regions that it is run on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import InputError, Remedy
from core.files import sha256_of
from core.grid import Window
from core.imagery.scene import Scene
from core.project import Project
from core.sam.registry import DEFAULT_MODEL
from core.session.opened import OpenedScene, open_project_scene
from core.study.experiments.experiment_kinds import COMPARISON, EXPERIMENTS, build_experiment
from core.study.experiments.experiment_plan import Experiment
from core.study.experiments.methods import METHODS
from core.study.experiments.region import Region, StudyImage, read_region, region_of
from core.study.metrics.markdown import many
from core.study.metrics.pairs import StatedNodata
from core.study.projects.truth import Truth, kept_truth, tile_path

MOST_TILES = 6
_TITLE = "scenes of a project"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a person wants to find out, and on what.

    Parameters
    ----------
    experiment : str
        Key of one of ``core.study.experiments.experiment_kinds.EXPERIMENTS``.
    scenes : tuple of str
        Ids of the project's scenes.
    folders : tuple of str
        Folders with images, truth and land cover beside the project.
    methods : tuple of str
        Of ``core.study.experiments.methods.METHODS``.
    most_tiles : int
        Tiles that are looked at in each scene, spread over it, at most.
    model : str
        Key in the registry.
    """

    experiment: str = COMPARISON.key
    scenes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    methods: tuple[str, ...] = METHODS
    most_tiles: int = MOST_TILES
    seed: int = 0
    model: str = DEFAULT_MODEL


def chosen_truth_tiles(truth: Truth, most: int) -> list[str]:
    """Tiles that are looked at: all with truth, or ``most`` of them, spread over the scene."""
    names = list(truth.tiles)
    if len(names) <= most:
        return names
    step = (len(names) - 1) / max(1, most - 1)
    return [names[round(number * step)] for number in range(most)]


def region_order(project: Project, request: RunRequest) -> dict[str, Any] | None:
    """The project's scenes with their truth as plain values; None where none was chosen.

    Raises
    ------
    InputError
        A scene without truth or land cover.
    """
    if not request.scenes:
        return None
    images: list[dict[str, Any]] = []
    notes: list[str] = []
    for scene_id, name in scene_names(project, request.scenes).items():
        opened = open_project_scene(project, scene_id)
        truth = kept_truth(project, scene_id)
        problem = unready(opened, truth)
        if problem is not None or truth is None:
            raise problem or InputError(
                f"{name} has no reference fields yet.", "Add them, or leave it out."
            )
        tiles = chosen_truth_tiles(truth, request.most_tiles)
        images += [_image(project, opened, name, tile) for tile in tiles]
        notes.append(_note(name, truth, len(tiles)))
    return {"name": project.name, "title": _TITLE, "note": " ".join(notes), "images": images}


def scene_names(project: Project, scene_ids: Sequence[str]) -> dict[str, str]:
    """Names of scenes by id, each once: tables tell images apart by them."""
    found: dict[str, str] = {}
    for scene_id in scene_ids:
        name = project.scene(scene_id).name
        number = sum(given == name or given.startswith(f"{name} (") for given in found.values())
        found[scene_id] = name if not number else f"{name} ({number + 1})"
    return found


def unready(opened: OpenedScene, truth: Truth | None) -> InputError | None:
    """Why a scene cannot be evaluated yet; None where it can."""
    if opened.landcover_error is not None:
        return opened.landcover_error
    if opened.landcover is None:
        return InputError(
            "It has no land cover, from which the methods start.",
            remedy=Remedy.CHOOSE_LANDCOVER,
        )
    if "://" in opened.landcover.path:
        return InputError(
            "Its land cover is read from a URL.", "Take a file of it.", Remedy.CHOOSE_LANDCOVER
        )
    if truth is None:
        return InputError("It has no reference fields yet.", "Add what is known to be true of it.")
    return None


def regions_of(order: Mapping[str, Any]) -> list[Region]:
    """The regions of an order, each under a name of its own: the project's scenes, and folders.

    Raises
    ------
    InputError
        A folder that is no region.
    """
    regions = [read_region(Path(folder)) for folder in order["folders"]]
    own = order["region"]
    if own is not None:
        images = [_study_image(one) for one in own["images"]]
        regions.insert(0, region_of(images, own["name"], own["title"], own["note"]))
    found: list[Region] = []
    for region in regions:
        number = sum(region.name == other.name for other in regions[: len(found)])
        name = region.name if not number else f"{region.name} ({number + 1})"
        found.append(replace(region, name=name))
    return found


def experiment_of(regions: Sequence[Region], request: RunRequest) -> Experiment:
    """The experiment of a request on its regions.

    Raises
    ------
    InputError
        No such experiment, or too few regions to learn from.
    """
    kind = EXPERIMENTS.get(request.experiment)
    options: dict[str, Any] = {"model": request.model, "seed": request.seed}
    if kind is COMPARISON:
        options["methods"] = request.methods
    if request.experiment == "ablation":
        options["models"] = (options.pop("model"),)
    if kind is not None and kind.regions:
        # The project's own scenes only measure.
        regions = [region for region in regions if region.train]
        if len(regions) < kind.regions:
            raise InputError(
                "Networks need two regions with images to learn from.",
                "Add two folders of images with reference fields (truth) and land cover.",
            )
    return build_experiment(request.experiment, regions, **options)


def _image(project: Project, opened: OpenedScene, name: str, tile: str) -> dict[str, Any]:
    if opened.landcover is None:
        raise AssertionError("unreachable: the scene is ready")
    path = tile_path(project, opened.record.id, tile)
    scene, window = opened.scene.to_json(), asdict(opened.tile(tile).window)
    seen = {key: value for key, value in scene.items() if key != "path"}
    facts = (name, seen, opened.landcover.fingerprint, sha256_of(path), tile, window)
    return {
        "name": name,
        "scene": scene,
        "landcover": opened.landcover.path,
        "product": opened.landcover.product.key,
        "landcover_crs": (opened.record.landcover or {}).get("crs"),
        "landcover_nodata": (opened.record.landcover or {}).get("nodata"),
        "truth": str(path),
        "tile": tile,
        "window": window,
        "fingerprint": hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest(),
    }


def _study_image(one: Mapping[str, Any]) -> StudyImage:
    scene = Scene.from_json(one["scene"])
    paths = (Path(scene.path), Path(one["truth"]), Path(one["landcover"]))
    return StudyImage(
        *(one["name"], *paths, one["product"], one["fingerprint"], scene),
        *(one["landcover_crs"], one["tile"], Window(**one["window"])),
        nodata=_stated_nodata(one.get("landcover_nodata")),
    )


def _stated_nodata(landcover: Sequence[float] | None) -> StatedNodata:
    """What a person said of the land cover; runs of earlier versions kept nothing of it."""
    return StatedNodata(landcover=None if landcover is None else tuple(landcover))


def _note(name: str, truth: Truth, looked_at: int) -> str:
    """Where a scene's truth is from, for the tables' notes."""
    tiles = f"{looked_at} of {many(len(truth.tiles), 'tile')} with truth"
    if truth.source.kind == "file":
        return f"Truth of {name}: the file {truth.source.name} ({truth.says}); {tiles}."
    return (
        f"Truth of {name}: labels that people corrected and accepted in this project, which "
        f"began as the output of {truth.strategy} and so favour it; {tiles}."
    )
