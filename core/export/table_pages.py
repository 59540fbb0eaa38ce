"""The attribute table of parcels page by page, so that memory does not grow with their number."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas
import numpy as np
import shapely
from pyproj import CRS

from core.attributes import NO_ATTRIBUTES, AttributeSchema
from core.export.attribute_columns import table_columns
from core.export.columns import FIELDS, TableColumn
from core.export.parcel_table import parcels_table
from core.label.labelled import LabelledParcel, LabelSource

ROWS = 10_000
"""Parcels of a page."""

Change = Callable[[geopandas.GeoDataFrame], geopandas.GeoDataFrame]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What only a look at all pages tells.

    Parameters
    ----------
    empty : tuple of str
        Optional columns that say nothing of any parcel; none where there is no parcel.
    several : bool
        Whether any parcel has several parts.
    corners : tuple of float
        Least x and y, largest x and y of all parcels; NaN where there is none.
    """

    count: int
    empty: tuple[str, ...]
    several: bool
    corners: tuple[float, float, float, float]


class TablePages:
    """A table of parcels that is read page by page, as often as it is asked for.

    There is always a first page, which tells the columns and their types.

    Parameters
    ----------
    read : callable
        Gives the pages.
    crs : CRS
    columns : tuple of TableColumn
        What the columns mean, and what they are called in a shapefile.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[geopandas.GeoDataFrame]],
        crs: CRS,
        columns: tuple[TableColumn, ...] = FIELDS,
    ) -> None:
        self._read = read
        self.crs = crs
        self.columns = columns

    @classmethod
    def of(
        cls, table: geopandas.GeoDataFrame, columns: tuple[TableColumn, ...] = FIELDS
    ) -> TablePages:
        """A table in memory, as one page."""
        return cls(lambda: [table], table.crs, columns)

    def __iter__(self) -> Iterator[geopandas.GeoDataFrame]:
        return iter(self._read())

    @property
    def first(self) -> geopandas.GeoDataFrame:
        """The first page."""
        return next(iter(self))

    def changed(self, change: Change, crs: CRS | None = None) -> TablePages:
        """The same pages, each of them changed when it is read; in ``crs`` if they move."""
        target = self.crs if crs is None else crs
        return TablePages(lambda: map(change, self._read()), target, self.columns)

    def some(self, first: int, stop: int) -> TablePages:
        """The pages from ``first`` to before ``stop``."""
        pages = self._read
        return TablePages(lambda: itertools.islice(pages(), first, stop), self.crs, self.columns)

    @cached_property
    def facts(self) -> TableFacts:
        """What all pages have in common; reads them once."""
        names = [field.name for field in FIELDS if field.optional]
        count, several = 0, False
        empty = {name for name in names if name in self.first.columns}
        least, most = np.full(2, np.nan), np.full(2, np.nan)
        for page in self:
            count += len(page)
            empty -= {n for n in empty if not (page[n].isna() | (page[n] == "")).all()}
            several = several or bool((page.geom_type == "MultiPolygon").any())
            if len(page):
                bounds = shapely.total_bounds(page.geometry.to_numpy())
                least, most = np.fmin(least, bounds[:2]), np.fmax(most, bounds[2:])
        told = tuple(name for name in names if name in empty) if count else ()
        (left, bottom), (right, top) = least.tolist(), most.tolist()
        return TableFacts(count, told, several, (left, bottom, right, top))

    def without_empty(self) -> TablePages:
        """The table without those optional columns that say nothing of any parcel."""
        empty = list(self.facts.empty)
        return self.changed(lambda page: page.drop(columns=empty))


def table_pages(
    parcels: Sequence[LabelledParcel],
    crs: CRS,
    source: LabelSource,
    folder: Path,
    schema: AttributeSchema = NO_ATTRIBUTES,
) -> TablePages:
    """The pages of :func:`core.export.parcel_table.parcels_table`, of ``ROWS`` parcels each.

    Parameters
    ----------
    folder : Path
        Where pages are kept if there are several; it must outlive their use.
    """
    columns = table_columns(schema)
    if len(parcels) <= ROWS:
        return TablePages.of(parcels_table(list(parcels), crs, source, schema), columns)
    kept = []
    left = iter(parcels)
    pages = iter(lambda: list(itertools.islice(left, ROWS)), [])
    for number, page in enumerate(pages):
        kept.append(folder / f"{number:06d}.feather")
        # Lengths and areas on the ellipsoid take long: they are measured once for all formats.
        parcels_table(page, crs, source, schema).to_feather(kept[-1])

    def read() -> Iterator[geopandas.GeoDataFrame]:
        for path in kept:
            yield geopandas.read_feather(path).set_crs(crs, allow_override=True)

    return TablePages(read, crs, columns)
