"""Training chips: image and mask of small windows, written one after the other.

The scene is never in memory: each chip is read, burnt, encoded and written before the next.

::

    images/train/r00000_c00512.png, .tif     RGB as the models see it, uint8
    masks/train/r00000_c00512.png, .tif      codes of core.export.burn, uint8
    labels/train/r00000_c00512.txt           YOLO segmentation
    instances_train.json                     COCO
    chips.gpkg                               where the chips lie, their split and pixel counts
"""

from __future__ import annotations

import io
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import CancelledError, EmptySceneError, Remedy
from core.export.burn import BOUNDARY, CODE_NAMES, FIELD, IGNORE, BurntParcels
from core.export.card_details import CardDetails
from core.export.chip_plan import SPLITS, Chip, ChipOptions, plan_chips
from core.export.coco import CocoFile
from core.export.layer_file import verify_geopackage, write_told
from core.export.table_pages import TablePages
from core.export.yolo import label_lines, write_lists
from core.files import replacing
from core.grid import Grid, Window
from core.imagery.scene import Scene, read_window
from core.imagery.write_raster import geotiff_bytes
from core.label.labelled import LabelledScene
from core.task import Cancelled, Progress

WRITING_CHIPS = "Writing chips"
_PNG_EFFORT = 3
_MASK_COLOURS = {
    0: (0, 0, 0, 0),
    FIELD: (230, 159, 0, 255),
    BOUNDARY: (0, 114, 178, 255),
    IGNORE: (0, 0, 0, 0),
}
"""Orange and blue of Okabe and Ito's colour-blind-safe set; the rest is transparent."""


@dataclass(frozen=True, slots=True)
class WrittenChip:
    """One chip that was written.

    Parameters
    ----------
    pixels : tuple of int
        Of background, field, boundary, ignore.
    image, mask : str
        Paths in the export, the PNG where there is one.
    yolo : bool
        Whether YOLO's lists name it.
    """

    name: str
    split: str
    window: Window
    pixels: tuple[int, int, int, int]
    image: str
    mask: str
    yolo: bool


@dataclass(frozen=True, slots=True)
class ChipReport:
    """What became of a scene's chips.

    Parameters
    ----------
    block : int
        Chips along a side of a block of one split.
    guards : int
        Chips left out because they reach into a block of another split.
    empty : int
        Chips left out because nobody vouches for any of their pixels.
    annotations : dict
        COCO annotations of each split; empty without COCO.
    """

    options: ChipOptions
    block: int
    guards: int
    empty: int
    chips: tuple[WrittenChip, ...]
    annotations: dict[str, int]

    def of(self, split: str) -> list[WrittenChip]:
        """The chips of one split."""
        return [chip for chip in self.chips if chip.split == split]


@dataclass(frozen=True, slots=True)
class ChipContents:
    """What is written for each chip beside image and mask."""

    accepted_only: bool
    coco: bool
    yolo: bool


def write_chips(
    labelled: LabelledScene,
    folder: Path,
    options: ChipOptions,
    contents: ChipContents,
    details: CardDetails,
    progress: Progress,
    cancelled: Cancelled,
) -> ChipReport:
    """Write the chips of a scene into an empty folder.

    Raises
    ------
    EmptySceneError
        Nobody vouches for any pixel, or all chips are guards.
    CancelledError
        ``cancelled`` said so.
    InputError
        The imagery cannot be read.
    OSError
        The disk is full or not writable.
    """
    scene = labelled.scene
    if scene is None:
        raise ValueError("chips are cut from a scene")
    plan = plan_chips(labelled.grid, labelled.reviewed, options)
    writer = _ChipWriter(labelled, scene, folder, options, contents, details)
    left: Counter[str] = Counter()
    with writer.stack:
        for done, chip in enumerate(plan):
            if cancelled():
                raise CancelledError(
                    "The export was cancelled.", "What was in the folder before is unchanged."
                )
            progress(WRITING_CHIPS, done, len(plan))
            left[writer.write(chip)] += 1
    progress(WRITING_CHIPS, len(plan), len(plan))
    chips = tuple(writer.written)
    if not chips:
        _refuse_nothing(left["guard"])
    if contents.yolo:
        listed = {s: [c.image for c in chips if c.split == s and c.yolo] for s in SPLITS}
        write_lists(folder, {split: images for split, images in listed.items() if images})
    _write_index(folder / "chips.gpkg", chips, plan.grid)
    counts = {split: file.annotations for split, file in writer.coco.items()}
    return ChipReport(options, plan.block, left["guard"], left["empty"], chips, counts)


class _ChipWriter:
    """Writes chips one by one and keeps a row of each."""

    def __init__(
        self,
        labelled: LabelledScene,
        scene: Scene,
        folder: Path,
        options: ChipOptions,
        contents: ChipContents,
        details: CardDetails,
    ) -> None:
        self._labelled, self._scene, self._folder = labelled, scene, folder
        self._options, self._contents, self._details = options, contents, details
        self._burnt = BurntParcels(
            labelled.parcels,
            labelled.grid,
            labelled.reviewed,
            accepted_only=contents.accepted_only,
            boundary_px=options.boundary_px,
        )
        self._tags = labelled.source.facts()
        self.written: list[WrittenChip] = []
        self.coco: dict[str, CocoFile] = {}
        self.stack = ExitStack()

    def write(self, chip: Chip) -> str:
        """Write one chip, or say why not: ``"written"``, ``"guard"`` or ``"empty"``."""
        codes = self._burnt.codes(chip.window)
        if (codes == IGNORE).all():
            return "empty"
        if chip.split is None:
            return "guard"
        image = read_window(self._scene, chip.window)
        codes[~image.valid] = IGNORE
        if (codes == IGNORE).all():
            return "empty"
        unvouched = bool((image.valid & (codes == IGNORE)).any())
        fields = self._burnt.fields(chip.window)
        place = f"{chip.split}/{chip.name}"
        picture = self._put(f"images/{place}", image.rgb, image.grid)
        mask = self._put(f"masks/{place}", codes, image.grid)
        yolo = self._contents.yolo and not unvouched
        if yolo:
            lines = label_lines(fields, self._options.size).encode()
            _write_bytes(self._folder / f"labels/{place}.txt", lines)
        if self._contents.coco:
            self._instances(chip.split).add(picture, codes, fields)
        counts = np.bincount(codes.ravel(), minlength=len(CODE_NAMES))
        background, field, boundary, ignore = (int(count) for count in counts)
        pixels = (background, field, boundary, ignore)
        self.written.append(
            WrittenChip(chip.name, chip.split, chip.window, pixels, picture, mask, yolo)
        )
        return "written"

    def _put(self, name: str, values: npt.NDArray[np.uint8], grid: Grid) -> str:
        """Write an image (rows, columns, 3) or a mask (rows, columns); its path in the export."""
        is_mask = values.ndim == 2
        if self._options.geotiff:
            bands = values[None] if is_mask else np.moveaxis(values, -1, 0)
            content = geotiff_bytes(
                bands,
                grid,
                self._tags,
                nodata=IGNORE if is_mask else None,
                colours=_MASK_COLOURS if is_mask else None,
            )
            _write_bytes(self._folder / f"{name}.tif", content)
        if not self._options.png:
            return f"{name}.tif"
        memory = io.BytesIO()
        Image.fromarray(values).save(memory, "PNG", compress_level=_PNG_EFFORT)
        _write_bytes(self._folder / f"{name}.png", memory.getvalue())
        return f"{name}.png"

    def _instances(self, split: str) -> CocoFile:
        if split not in self.coco:
            info: dict[str, Any] = {
                "description": f"Fields of {self._labelled.source.scene_name}, {split}",
                "contributor": self._details.author,
                "version": self._tags["software"],
            }
            path = self._folder / f"instances_{split}.json"
            opened = self.stack.enter_context(
                CocoFile(path, info, self._details.licence, self._labelled.schema)
            )
            self.coco[split] = opened
        return self.coco[split]


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _refuse_nothing(guards: int) -> None:
    if guards:
        raise EmptySceneError(
            "Every chip reaches into a block of another split, so none could be written.",
            "Choose smaller chips, a smaller overlap or larger blocks.",
        )
    raise EmptySceneError(
        "Nobody has reviewed any part of the scene, so there is nothing to train on.",
        remedy=Remedy.ACCEPT_TILES,
    )


def _write_index(path: Path, chips: tuple[WrittenChip, ...], grid: Grid) -> None:
    """A layer of the chips' outlines, to look at the splits in QGIS."""
    table = geopandas.GeoDataFrame(
        {
            "name": [chip.name for chip in chips],
            "split": [chip.split for chip in chips],
            "image": [chip.image for chip in chips],
            "mask": [chip.mask for chip in chips],
            **{n: [chip.pixels[code] for chip in chips] for code, n in CODE_NAMES.items()},
        },
        geometry=[grid.window_grid(chip.window).footprint for chip in chips],
        crs=grid.crs,
    )
    with replacing(path) as aside:
        write_told(
            aside,
            TablePages.of(table),
            path.name,
            grid.gsd_m / 10,
            layer="chips",
            driver="GPKG",
            geometry_type="Polygon",
        )
        verify_geopackage(aside, "chips", len(table))
