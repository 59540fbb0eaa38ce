"""What is different between a bundle and what was made from it here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import shapely

from core.export.replay.bundle_file import (
    Bundle,
    LandCoverFacts,
    ReplayRecord,
    SceneFacts,
    TileFacts,
)
from core.export.replay.canonical import read_areas
from core.label.choices import Choices


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """One thing that is not as it was: in the bundle, and here."""

    what: str
    before: str
    here: str


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How a replay ended.

    Parameters
    ----------
    identical : bool
        Whether the label is the bundle's, byte for byte.
    tiles, parcels : int
        That the label has here.
    differing : tuple of str
        Tiles whose label differs, in reading order.
    iou : float
        Intersection over union of the two labels' areas; 1 for two empty ones.
    differences : tuple of ReplayDifference
        In what the label came from, also where the label is the same.
    """

    identical: bool
    label_sha256: str
    tiles: int
    parcels: int
    differing: tuple[str, ...]
    iou: float
    differences: tuple[ReplayDifference, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def text(self) -> str:
        """For a person, several lines."""
        lines = [self._verdict()]
        if self.differences:
            lines.append("Different here:")
            lines += [f"  {d.what}: {d.before} in the bundle, {d.here} here"
                      for d in self.differences]  # fmt: skip
        elif not self.identical:
            lines.append("Nothing that it came from was found to differ.")
        return "\n".join(lines)

    def _verdict(self) -> str:
        made = f"{self.parcels:,} parcels in {self.tiles:,} tiles"
        if self.identical:
            return f"The label is the same, byte for byte: {made}, SHA-256 {self.label_sha256}."
        return (
            f"The label differs in {len(self.differing):,} of {self.tiles:,} tiles, first in "
            f"{self.differing[0]}; IoU of the two labels {self.iou:.4f}."
        )


def compare(before: Bundle, here: Bundle) -> ReplayReport:
    """The report of a replay: a bundle, and what was recorded when its label was made here."""
    was, now = before.record.tiles, here.record.tiles
    differing = _unlike(was, now, lambda tile: tile.label_sha256)
    return ReplayReport(
        identical=before.label == here.label,
        label_sha256=here.record.label_sha256,
        tiles=len(now),
        parcels=sum(tile.parcels for tile in now),
        differing=tuple(differing),
        iou=_iou(before.label, here.label, [tile.name for tile in now]),
        differences=(*_setup(before.record, here.record), *_tiles(was, now)),
    )


def _setup(before: ReplayRecord, here: ReplayRecord) -> Iterator[ReplayDifference]:
    """What differs in scene, land cover, model, software and machine, one by one."""
    for what, was, now in (
        ("image file", _file(before.scene), _file(here.scene)),
        ("land cover file", _file(before.landcover), _file(here.landcover)),
    ):
        if was != now:
            yield ReplayDifference(what, was, now)
    if before.model is not None and here.model is not None and before.model != here.model:
        for what, name in (("weights", "sha256"), ("runtime", "runtime"), ("device", "device")):
            was, now = getattr(before.model, name), getattr(here.model, name)
            if was != now:
                yield ReplayDifference(f"{what} of {before.model.key}", was[:12], now[:12])
    for facts in ("software", "machine"):
        versions: tuple[dict[str, str], ...] = (getattr(before, facts), getattr(here, facts))
        for name in sorted(versions[0].keys() | versions[1].keys()):
            was, now = (there.get(name, "unknown") for there in versions)
            if was != now:
                yield ReplayDifference(name, was, now)


def _file(facts: SceneFacts | LandCoverFacts | None) -> str:
    """Name and content of a file in a few characters; a file of another name is the same file."""
    if facts is None:
        return "none"
    return (getattr(facts, "sha256", None) or facts.fingerprint)[:12]


def _tiles(was: Sequence[TileFacts], now: Sequence[TileFacts]) -> Iterator[ReplayDifference]:
    """Inputs of tiles that differ: for each kind where first, and in how many."""
    kinds: tuple[tuple[str, Callable[[TileFacts], object]], ...] = (
        ("pixels", lambda tile: tile.pixels_sha256),
        ("land cover", lambda tile: tile.landcover_sha256),
        # A bundle of an earlier version lacks a choice that was no choice then.
        ("choices", lambda tile: {**asdict(Choices()), **tile.choices}),
        ("prompts", lambda tile: tile.prompts),
    )
    for what, of in kinds:
        names = _unlike(was, now, of)
        if names:
            count = f"others, in {len(names):,} of {len(now):,} tiles"
            yield ReplayDifference(f"{what}, first in tile {names[0]}", "as recorded", count)


def _unlike(
    was: Sequence[TileFacts], now: Sequence[TileFacts], of: Callable[[TileFacts], object]
) -> list[str]:
    """Names of the tiles of which something differs."""
    return [one.name for one, other in zip(was, now, strict=True) if of(one) != of(other)]


def _iou(before: bytes, here: bytes, tiles: Sequence[str]) -> float:
    if before == here:
        return 1.0
    one, other = read_areas(before, tiles), read_areas(here, tiles)
    common = total = 0.0
    # Tiles share no area, so their areas add up.
    for tile in tiles:
        a, b = shapely.union_all(one[tile]), shapely.union_all(other[tile])
        shared = a.intersection(b).area
        common += shared
        total += a.area + b.area - shared
    return common / total if total > 0 else 1.0
