"""What is to be run, and the order for the process that runs it."""

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
from core.study.experiments.methods import METHODS
from core.study.experiments.region import Region, read_region, region_of
from core.study.metrics.evaluation_report import many
from core.study.metrics.pairs import LabelledScene
from core.study.projects.truth import Truth, kept_truth, tile_path

MOST_TILES = 6
_TITLE = "scenes of a project"


@dataclass(frozen=True, slots=True)
class RunWish:
    """What a person wants to find out, and on what.

    Parameters
    ----------
    experiment : str
        Key of one of ``core.study.projects.questions.QUESTIONS``.
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

    experiment: str = "methods"
    scenes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    methods: tuple[str, ...] = METHODS
    most_tiles: int = MOST_TILES
    seed: int = 0
    model: str = DEFAULT_MODEL

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunWish:
        """The inverse of ``dataclasses.asdict``."""
        lists = {name: tuple(data[name]) for name in ("scenes", "folders", "methods")}
        return cls(**{**data, **lists})


def chosen_truth_tiles(truth: Truth, most: int) -> list[str]:
    """Tiles that are looked at: all with truth, or ``most`` of them, spread over the scene."""
    names = list(truth.tiles)
    if len(names) <= most:
        return names
    step = (len(names) - 1) / max(1, most - 1)
    return [names[round(number * step)] for number in range(most)]


def region_order(project: Project, wish: RunWish) -> dict[str, Any] | None:
    """The project's scenes with their truth as plain values; None where none was chosen.

    Raises
    ------
    InputError
        A scene without truth or land cover.
    """
    if not wish.scenes:
        return None
    images: list[dict[str, Any]] = []
    notes: list[str] = []
    for scene_id, name in scene_names(project, wish.scenes).items():
        opened = open_project_scene(project, scene_id)
        truth = kept_truth(project, scene_id)
        problem = unready(opened, truth)
        if problem is not None or truth is None:
            raise problem or InputError(f"{name} has no truth yet.", "Give it one, or leave it.")
        tiles = chosen_truth_tiles(truth, wish.most_tiles)
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
        return InputError("It has no truth yet.", "Add what is known to be true of it.")
    return None


def regions_of(order: Mapping[str, Any]) -> list[Region]:
    """The regions of an order: the project's scenes, and folders.

    Raises
    ------
    InputError
        A folder that is no region, or two of one name.
    """
    regions = [read_region(Path(folder)) for folder in order["folders"]]
    own = order["region"]
    if own is not None:
        images = [_labelled(one) for one in own["images"]]
        regions.insert(0, region_of(images, own["name"], own["title"], own["note"]))
    return _named_apart(regions)


def _named_apart(regions: Sequence[Region]) -> list[Region]:
    found: list[Region] = []
    for region in regions:
        number = sum(region.name == other.name for other in regions[: len(found)])
        name = region.name if not number else f"{region.name} ({number + 1})"
        found.append(replace(region, name=name))
    return found


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
        "truth": str(path),
        "tile": tile,
        "window": window,
        "fingerprint": hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest(),
    }


def _labelled(one: Mapping[str, Any]) -> LabelledScene:
    scene = Scene.from_json(one["scene"])
    return LabelledScene(
        one["name"],
        Path(scene.path),
        Path(one["truth"]),
        Path(one["landcover"]),
        one["product"],
        one["fingerprint"],
        scene,
        one["landcover_crs"],
        one["tile"],
        Window(**one["window"]),
    )


def _note(name: str, truth: Truth, looked_at: int) -> str:
    """Where a scene's truth is from, for the tables' notes."""
    tiles = f"{looked_at} of {many(len(truth.tiles), 'tile')} with truth"
    if truth.wish.kind == "file":
        return f"Truth of {name}: the file {truth.wish.name} ({truth.says}); {tiles}."
    return (
        f"Truth of {name}: labels that people corrected and accepted in this project, which "
        f"began as the output of {truth.strategy} and so favour it; {tiles}."
    )
