"""A region: images of one kind with their truth and land cover, and which of them only measure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputError, Remedy
from core.files import sha256_of
from core.imagery.scene import open_scene
from core.landcover.source import open_landcover
from core.study.metrics.pairs import LabelledScene, find_labelled_scenes
from core.study.metrics.truth_labels import open_labels

IMAGES, TRUTH, LANDCOVER = "images", "truth", "landcover"
"""Folders of a region; files of one image have one name in all of them."""

ABOUT = "region.json"
_TEST_SHARE = 3
"""One image in three measures, where nobody says which."""


@dataclass(frozen=True, slots=True)
class Region:
    """Images of one place or kind.

    Parameters
    ----------
    name : str
        Of its folder; what tables call it.
    title : str
        For people.
    note : str
        Where the data are from and what of them is simulated; empty where nobody said.
    train, test : tuple of LabelledScene
        Images whose truth may be learnt from, and images that only measure.
    fingerprint : str
        SHA-256 over the pixels' and files' own; results are kept by it.
    """

    name: str
    title: str
    note: str
    train: tuple[LabelledScene, ...]
    test: tuple[LabelledScene, ...]
    fingerprint: str


def read_region(folder: Path, product: str | None = None) -> Region:
    """A folder with ``images``, ``truth`` and ``landcover``, whose files have equal names.

    ``region.json`` may stand beside them: ``title``, ``note``, ``numbered_truth`` where rasters of
    the truth number their parcels instead of being masks, and ``test``, the names of the images
    that only measure.  Without that, a third of them is taken by a hash of their names.

    Raises
    ------
    InputError
        A folder is missing, no names are equal, ``region.json`` names strangers, or a file is of no
        use.
    """
    missing = [name for name in (IMAGES, TRUTH, LANDCOVER) if not (folder / name).is_dir()]
    if missing:
        raise InputError(
            f"{folder} is no region: it has no folder {' and no folder '.join(missing)}.",
            f"Put the images into {IMAGES}/, their masks or polygons into {TRUTH}/ and their land "
            f"cover into {LANDCOVER}/, under equal names.",
        )
    images = find_labelled_scenes(folder / IMAGES, folder / TRUTH, folder / LANDCOVER, product)
    about = _about(folder / ABOUT)
    if _numbered(about, folder):
        images = [replace(image, numbered_truth=True) for image in images]
    test = _test_names([image.name for image in images], about, folder)
    return _region(folder.resolve().name, about, images, test)


def region_of(images: Sequence[LabelledScene], name: str, title: str, note: str = "") -> Region:
    """A region of images that only measure: what methods that need no labels are judged by.

    Raises
    ------
    InputError
        There is no image.
    """
    if not images:
        raise InputError("There is no image with truth.", "Choose at least one.")
    names = frozenset(image.name for image in images)
    return _region(name, {"title": title, "note": note}, images, names)


def read_regions(folders: Sequence[Path], product: str | None = None) -> tuple[Region, ...]:
    """Regions whose names differ; errors as for :func:`read_region`."""
    regions = tuple(read_region(folder, product) for folder in folders)
    names = [region.name for region in regions]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"Two regions are called {name}.", "Give their folders different names."
            )
    if not regions:
        raise InputError("There is no region.", remedy=Remedy.NAME_REGION)
    return regions


def _about(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no JSON.", "Mend it, or take it away.") from error
    if not isinstance(about, dict):
        raise InputError(
            f"{path} does not describe a region.",
            "It holds title, note, test and numbered_truth, all optional.",
        )
    return about


def _numbered(about: dict[str, object], folder: Path) -> bool:
    said = about.get("numbered_truth", False)
    if not isinstance(said, bool):
        raise InputError(
            f"{folder / ABOUT} does not say whether the truth numbers its parcels.",
            'Write "numbered_truth": true or false, or leave it away.',
        )
    return said


def _test_names(names: list[str], about: dict[str, object], folder: Path) -> frozenset[str]:
    said = about.get("test")
    if said is None:
        order = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        return frozenset(order[: max(1, len(order) // _TEST_SHARE)])
    if not isinstance(said, list) or not said or not all(isinstance(one, str) for one in said):
        raise InputError(
            f"{folder / ABOUT} does not list the images that only measure.",
            'Write "test": ["name", ...], or leave it away.',
        )
    strangers = sorted(set(said) - set(names))
    if strangers:
        raise InputError(
            f"{folder / ABOUT} names images that are not there: {', '.join(strangers[:5])}.",
            "Names are those of the files, without their endings.",
        )
    return frozenset(said)


def _with_fingerprint(image: LabelledScene) -> LabelledScene:
    if image.fingerprint:
        return image
    scene = open_scene(image.scene)
    landcover = open_landcover(image.landcover, product=image.product)
    # A truth that cannot be used is said now, and not after an hour of work.
    open_labels(image.truth, "truth", scene.working_grid, numbered=image.numbered_truth)
    prints = (
        image.name,
        scene.fingerprint,
        landcover.fingerprint,
        landcover.product.key,
        _files_print(image.truth),
        image.numbered_truth,
    )
    digest = hashlib.sha256(json.dumps(prints).encode()).hexdigest()
    return replace(image, fingerprint=digest)


def _files_print(path: Path) -> list[str]:
    """SHA-256 of a file; of a shapefile, of all files that it is made of."""
    if path.suffix.lower() != ".shp":
        return [sha256_of(path)]
    parts = sorted(one for one in path.parent.iterdir() if one.stem == path.stem)
    return [text for one in parts for text in (one.suffix.lower(), sha256_of(one))]


def _region(
    name: str, about: dict[str, object], images: Sequence[LabelledScene], test: frozenset[str]
) -> Region:
    known = [_with_fingerprint(image) for image in images]
    prints = [(image.fingerprint, image.name in test) for image in known]
    return Region(
        name,
        str(about.get("title") or name),
        str(about.get("note") or ""),
        tuple(image for image in known if image.name not in test),
        tuple(image for image in known if image.name in test),
        hashlib.sha256(json.dumps(prints).encode()).hexdigest(),
    )
