"""COCO instances over training chips, written chip by chip.

A field is one annotation in each chip, however many parts it has there: polygons, or run lengths
where it has a hole or touches ignored pixels.  What is ignored in a chip is one annotation with
``iscrowd`` 1, which COCO's own evaluation neither counts nor punishes.

The category of a field is its crop: what is chosen of the project's first attribute with a list,
for which ``field`` stands where there is none, or nobody chose.  All values are in ``attributes``.
Source: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from core.attributes import NO_ATTRIBUTES, Attribute, AttributeSchema
from core.export.burn import IGNORE, Codes, Shape, inside_of
from core.export.rings import has_holes, run_lengths, shells
from core.grid import Window
from core.label.labelled import LabelledParcel

CATEGORY = {"id": 1, "name": "field", "supercategory": "cropland"}
_DIGITS = 2
"""Decimal places of pixel coordinates."""

Fields = list[tuple[LabelledParcel, Shape]]


class CocoFile:
    """One instances file, open for writing; annotations go to disk as they come.

    Parameters
    ----------
    path : Path
    info : dict
        The file's ``info``: description, licence and so on.
    licence : str
        Empty where the person gave none.
    schema : AttributeSchema
        The project's own attributes.

    Raises
    ------
    OSError
        The disk is full or not writable.
    """

    def __init__(
        self,
        path: Path,
        info: dict[str, Any],
        licence: str,
        schema: AttributeSchema = NO_ATTRIBUTES,
    ) -> None:
        self._crops = next((one for one in schema.attributes if one.kind == "choice"), None)
        categories = categories_of(self._crops)
        self._categories = {one["code"]: one["id"] for one in categories if "code" in one}
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._licences = [{"id": 1, "name": licence, "url": ""}] if licence else []
        self._images: list[dict[str, Any]] = []
        self.annotations = 0
        head = {"info": info, "licenses": self._licences, "categories": categories}
        self._file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "annotations": [')

    def __enter__(self) -> CocoFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None:
                images = json.dumps(self._images, ensure_ascii=False)
                self._file.write(f'\n], "images": {images}}}\n')

    def add(self, file_name: str, codes: Codes, fields: Fields) -> None:
        """Add one chip.

        Parameters
        ----------
        codes : uint8 (rows, columns)
            The chip's mask.
        fields : list of (LabelledParcel, shape)
            As :meth:`core.export.burn.BurntParcels.fields` gives them.
        """
        height, width = codes.shape
        number = len(self._images) + 1
        image = {"id": number, "file_name": file_name, "width": width, "height": height}
        self._images.append(image | ({"license": 1} if self._licences else {}))
        known = codes != IGNORE
        for parcel, shape in fields:
            annotation = _field(shape, known)
            if annotation is not None:
                extra: dict[str, Any] = {"field_id": parcel.id, "status": parcel.state}
                said = dict(parcel.attributes)
                if self._crops is not None:
                    crop = said.get(self._crops.key)
                    extra |= {"category_id": self._categories.get(crop, 1), "attributes": said}
                self._write({**annotation, **extra, "iscrowd": 0}, number)
        if not known.all():
            self._write({**_runs(~known), "iscrowd": 1}, number)

    def _write(self, annotation: dict[str, Any], image: int) -> None:
        self.annotations += 1
        whole = {"id": self.annotations, "image_id": image, "category_id": 1, **annotation}
        comma = "," if self.annotations > 1 else ""
        self._file.write(f"{comma}\n{json.dumps(whole, ensure_ascii=False)}")


def categories_of(crops: Attribute | None) -> list[dict[str, Any]]:
    """The categories, the first of which is that of fields of which no crop is known."""
    choices = () if crops is None else crops.choices
    named = [
        {"id": number, "name": choice.name, "supercategory": "cropland", "code": choice.code}
        for number, choice in enumerate(choices, start=2)
    ]
    return [CATEGORY, *named]


def _field(shape: Shape, known: npt.NDArray[np.bool_]) -> dict[str, Any] | None:
    """A field's segmentation, area and box; None where it covers no known pixel's centre."""
    inside = inside_of(shape, *known.shape)
    counted = inside & known
    if not counted.any():
        return None
    if has_holes(shape) or (inside & ~known).any():
        return _runs(counted)
    left, top, right, bottom = shape.bounds
    return {
        "segmentation": [np.round(ring, _DIGITS).ravel().tolist() for ring in shells(shape)],
        "area": round(shape.area, _DIGITS),
        "bbox": [round(value, _DIGITS) for value in (left, top, right - left, bottom - top)],
    }


def _runs(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    box = Window.around(mask)
    if box is None:
        raise ValueError("there is no pixel")
    return {
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
        "area": int(mask.sum()),
        "bbox": [box.column, box.row, box.width, box.height],
    }
