"""A region: images of one kind with their truth and land cover, and which of them only measure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictStr, ValidationError

from core.errors import InputError, Remedy
from core.existing.class_choice import ClassChoice, ReadingAnswers, parse_choice
from core.files import sha256_of
from core.grid import Grid, Window
from core.imagery.scene import Scene, open_scene
from core.imagery.validity import parse_nodata
from core.landcover.source import LandCover, open_landcover
from core.sam.registry import get_model
from core.study.metrics.markdown import many
from core.study.metrics.pairs import NODATA_BY_FILE, StatedNodata, find_pairs
from core.study.metrics.polygon_answers import NOTHING_SAID
from core.study.metrics.truth_labels import Labels, open_labels

IMAGES, TRUTH, LANDCOVER = "images", "truth", "landcover"
"""Folders of a region; files of one image have one name in all of them."""

ABOUT = "region.json"
_TEST_SHARE = 3
"""One image in three measures, where nobody says which."""


@dataclass(frozen=True, slots=True)
class StudyImage:
    """An image with its truth and its land cover.

    Parameters
    ----------
    fingerprint : str
        SHA-256 of what the files hold, where somebody has worked it out; empty elsewhere.
    opened : Scene, optional
        The image as it was opened, where its file alone does not say how to see it: the CRS that
        a person stated, bands, stretch.
    landcover_crs : str, optional
        As a person stated it, for a file that has none.
    tile : str
        Name of the one tile that is looked at; the whole image where it is empty.
    window : Window, optional
        Of that tile, on the image's working grid.
    numbered_truth : bool
        Whether a raster of the truth numbers its parcels instead of being a mask.
    truth_answers : ReadingAnswers
        What somebody says of polygons of the truth.
    nodata : StatedNodata
        What somebody says of the image, where it is not opened already, and of the land cover.
    """

    name: str
    scene: Path
    truth: Path
    landcover: Path
    product: str | None = None
    fingerprint: str = ""
    opened: Scene | None = None
    landcover_crs: str | None = None
    tile: str = ""
    window: Window | None = None
    numbered_truth: bool = False
    truth_answers: ReadingAnswers = NOTHING_SAID
    nodata: StatedNodata = NODATA_BY_FILE

    def open_scene(self) -> Scene:
        """The image; errors as for ``open_scene``."""
        return self.opened or open_scene(self.scene, nodata=self.nodata.scene)

    def open_landcover(self) -> LandCover:
        """The land cover; errors as for ``open_landcover``."""
        return open_landcover(
            self.landcover,
            product=self.product,
            crs=self.landcover_crs,
            nodata=self.nodata.landcover,
            # A project's land cover was asked about when it was added.
            ask=self.opened is None,
        )


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
    train, test : tuple of StudyImage
        Images whose truth may be learnt from, and images that only measure.
    fingerprint : str
        SHA-256 over the pixels' and files' own; results are kept by it.
    """

    name: str
    title: str
    note: str
    train: tuple[StudyImage, ...]
    test: tuple[StudyImage, ...]
    fingerprint: str


class _About(BaseModel):
    """``region.json``."""

    title: str | None = None
    note: str | None = None
    numbered_truth: StrictBool = False
    layer: StrictStr | None = None
    cropland: StrictStr | None = None
    nodata: float | Literal["none"] | None = None
    landcover_nodata: float | Literal["none"] | None = None
    test: Annotated[list[StrictStr], Field(min_length=1)] | None = None


_WRONG = {
    "test": (
        "does not list the images that only measure.",
        'Write "test": ["name", ...], or leave it away.',
    ),
    "nodata": ("does not say a nodata value.", 'Write "nodata": 0 or "none", or leave it away.'),
    "landcover_nodata": (
        "does not say a nodata value of the land cover.",
        'Write "landcover_nodata": 0 or "none", or leave it away.',
    ),
    "numbered_truth": (
        "does not say whether the truth numbers its parcels.",
        'Write "numbered_truth": true or false, or leave it away.',
    ),
}


def find_images(
    scenes: Path, truth: Path, landcover: Path, product: str | None = None
) -> list[StudyImage]:
    """One image, or those whose names two folders share; ``landcover`` may be one file for all.

    Raises
    ------
    InputError
        As for ``find_pairs``.
    """
    return [
        StudyImage(pair.name, pair.prediction, pair.truth, pair.landcover, product)
        for pair in find_pairs(scenes, truth, landcover=landcover)
        if pair.landcover is not None
    ]


def read_region(
    folder: Path, product: str | None = None, nodata: StatedNodata = NODATA_BY_FILE
) -> Region:
    """A folder with ``images``, ``truth`` and ``landcover``, whose files have equal names.

    ``region.json`` may stand beside them: ``title``, ``note``, ``numbered_truth`` where rasters of
    the truth number their parcels instead of being masks, ``layer`` of the truth's files and what
    in them is ``cropland`` (``landuse=arable,fallow``), ``nodata`` and ``landcover_nodata`` (a
    number, or ``none``), and ``test``, the names of the images that only measure.  Without that, a
    third of them is taken by a hash of their names.

    Parameters
    ----------
    nodata : StatedNodata
        For all images of it and their land cover; it goes before what ``region.json`` says.

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
    images = find_images(folder / IMAGES, folder / TRUTH, folder / LANDCOVER, product)
    about = _read_about(folder / ABOUT)
    classes = parse_choice(about.cropland) if about.cropland else None
    said = ReadingAnswers(about.layer, classes)
    unknown = StatedNodata(
        _values(about.nodata) if nodata.scene is None else nodata.scene,
        _values(about.landcover_nodata) if nodata.landcover is None else nodata.landcover,
    )
    images = [
        replace(image, numbered_truth=about.numbered_truth, truth_answers=said, nodata=unknown)
        for image in images
    ]
    names = sorted((i.name for i in images), key=lambda n: hashlib.sha256(n.encode()).hexdigest())
    test = names[: max(1, len(names) // _TEST_SHARE)] if about.test is None else about.test
    strangers = sorted(set(test) - set(names))
    if strangers:
        raise InputError(
            f"{folder / ABOUT} names images that are not there: {', '.join(strangers[:5])}.",
            "Names are those of the files, without their endings.",
        )
    name = folder.resolve().name
    return _region(name, about.title or name, about.note or "", images, frozenset(test))


def region_of(images: Sequence[StudyImage], name: str, title: str, note: str = "") -> Region:
    """A region of images that only measure: what methods that need no labels are judged by.

    Raises
    ------
    InputError
        There is no image.
    """
    if not images:
        raise InputError("There is no image with truth.", "Choose at least one.")
    return _region(name, title, note, images, frozenset(image.name for image in images))


def read_regions(
    folders: Sequence[Path], product: str | None = None, nodata: StatedNodata = NODATA_BY_FILE
) -> tuple[Region, ...]:
    """Regions whose names differ; parameters and errors as for :func:`read_region`."""
    regions = tuple(read_region(folder, product, nodata) for folder in folders)
    names = [region.name for region in regions]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"Two regions are called {name}.", "Give their folders different names."
            )
    if not regions:
        raise InputError("There is no region.", remedy=Remedy.NAME_REGION)
    return regions


def data_notes(
    regions: Sequence[Region], model: str | None, seed: int, *, training: bool = False
) -> tuple[str, ...]:
    """Sentences about the regions, the model where one is asked, and the seed.

    Parameters
    ----------
    training : bool
        Whether the images whose truth may be learnt from are used, too.
    """
    notes = []
    for region in regions:
        count = f"{_counted(region.test)} that only measure"
        if training:
            count = f"{_counted(region.train)} to learn from, {count}"
        products = {image.open_landcover().title for image in region.test}
        about = (
            f"{region.name} ({region.title}): {count}; land cover: {', '.join(sorted(products))}."
        )
        notes.append(f"{about} {region.note}".strip())
    if model is not None:
        spec = get_model(model)
        notes.append(f"Model: {spec.title}, SHA-256 {spec.sha256[:12]}.")
    notes.append(f"Seed {seed}. Figures are of all pixels pooled; intervals are over tiles.")
    return tuple(notes)


def _counted(images: Sequence[StudyImage]) -> str:
    """``6 images``, or ``6 tiles of 2 images`` where they are looked at in parts."""
    whole = many(len({image.name for image in images}), "image")
    return f"{many(len(images), 'tile')} of {whole}" if any(i.window for i in images) else whole


def _read_about(path: Path) -> _About:
    if not path.is_file():
        return _About()
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no JSON.", "Mend it, or take it away.") from error
    try:
        return _About.model_validate(plain)
    except ValidationError as error:
        place = next(iter(error.errors()[0]["loc"]), "")
        whole = (
            "does not describe a region.",
            "All optional, it holds title, note, test, numbered_truth, layer, cropland, nodata and "
            "landcover_nodata.",
        )
        sentence, hint = _WRONG.get(str(place), whole)
        raise InputError(f"{path} {sentence}", hint) from error


def _values(said: float | str | None) -> tuple[float, ...] | None:
    """What ``region.json`` says of nodata, as values."""
    return None if said is None else parse_nodata(str(said))


def _with_fingerprint(image: StudyImage) -> StudyImage:
    if image.fingerprint:
        return image
    scene, landcover = image.open_scene(), image.open_landcover()
    # A truth that cannot be used is said now, and not after an hour of work.
    open_truth(image, scene.working_grid)
    prints = (
        *(image.name, scene.fingerprint, landcover.fingerprint, landcover.product.key),
        *(_files_print(image.truth), image.numbered_truth),
        *said_print(image),
    )
    return replace(image, fingerprint=hashlib.sha256(json.dumps(prints).encode()).hexdigest())


def open_truth(image: StudyImage, grid: Grid) -> Labels:
    """The truth of an image, to be looked at on ``grid``; errors as for ``open_labels``."""
    return open_labels(
        image.truth, "truth", grid, numbered=image.numbered_truth, answers=image.truth_answers
    )


def said_print(image: StudyImage) -> list[list[str | None]]:
    """What somebody says of the files, as part of a fingerprint; empty where nobody does."""
    parts: list[list[str | None]] = []
    said = image.truth_answers
    if said != NOTHING_SAID:
        classes = said.classes or ClassChoice()
        parts.append([said.layer, classes.column, *sorted(classes.cropland)])
    if image.nodata != NODATA_BY_FILE:
        parts.append(["nodata", repr(image.nodata.scene), repr(image.nodata.landcover)])
    return parts


def _files_print(path: Path) -> list[str]:
    """SHA-256 of a file; of a shapefile, of all files that it is made of."""
    if path.suffix.lower() != ".shp":
        return [sha256_of(path)]
    parts = sorted(one for one in path.parent.iterdir() if one.stem == path.stem)
    return [text for one in parts for text in (one.suffix.lower(), sha256_of(one))]


def _region(
    name: str, title: str, note: str, images: Sequence[StudyImage], test: frozenset[str]
) -> Region:
    known = [_with_fingerprint(image) for image in images]
    prints = [(image.fingerprint, image.name in test) for image in known]
    return Region(
        *(name, title, note),
        tuple(image for image in known if image.name not in test),
        tuple(image for image in known if image.name in test),
        hashlib.sha256(json.dumps(prints).encode()).hexdigest(),
    )
