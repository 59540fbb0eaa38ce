"""A person's prompts to fields: one question to the model for each, answers kept.

A positive point asks for its field, or with others for the field that they name.  What an earlier
field claims, a later one leaves to it, unless its click lies there.  A negative point inside such
an answer corrects it; one that lies in none asks for its own field, which is taken away but for
what positive points claim, and only from the parcel under it (:mod:`core.label.field_cut`).  A box
asks for what it holds.
For somebody who waits, a question may first be answered with what is at hand; what is kept for good
and exported are the final answers.
How a question is put to the model: ``core.label.click``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from core.grid import PixelPoint, Window
from core.imagery.frame import Frame
from core.label.click import Probability, Question, TileViews, answer
from core.label.click_mask import Flags, draw
from core.label.work import PersonBox, PersonPrompt, Work
from core.parcels.overlay import Overlay
from core.parcels.polygons import mask_to_parcels
from core.prompts.prompt import BoxPrompt, Prompt
from core.sam.protocol import Segmenter

_MOST_KEPT = 2000
_DECIMALS = 2
_SMOOTHING_PIXELS = 1.5
Ask = Callable[[Question, bool], tuple[Probability, bool]]
"""Answers a question, closely or with what is at hand; says whether that is the final answer."""

Area = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An area in native pixels inside the tile's core, None where nothing was found.

    One that is not ``final`` may change once the model has looked more closely.
    """

    area: Area | None
    final: bool


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One answer: an area in native pixels, and whether it is added or taken away.

    Parameters
    ----------
    clicks : tuple of PixelPoint
        That asked for it, in native pixels; none where a box did.
    tidy : bool
        It leaves no rims of parcels, as :mod:`core.label.field_cut` says.
    """

    area: Area
    adds: bool
    prompt_id: str
    clicks: tuple[PixelPoint, ...] = ()
    tidy: bool = False


def ask_directly(views: TileViews, segmenter: Segmenter) -> Ask:
    """Every question is answered closely and at once, in the thread that asks."""

    def ask(question: Question, _closely: bool) -> tuple[Probability, bool]:
        return answer(views, question, segmenter), True

    return ask


class _Left:
    """What earlier fields leave of a later one; the same object for the same areas.

    Not safe to call from several threads at once.
    """

    def __init__(self) -> None:
        # Areas are told by identity; kept with the answer, so that no other takes its place.
        self._kept: OrderedDict[tuple[int, ...], tuple[list[Area], Area]] = OrderedDict()

    def of(self, area: Area, clicks: Sequence[PersonPrompt], claimed: Sequence[Area]) -> Area:
        """The area as it is where a click lies in an earlier field, which it is then cut from.

        Otherwise the parts under the clicks of what no earlier field claims: one click tells less
        about its neighbour's land than the neighbour's own.
        """
        if not clicks:
            return area
        near = [other for other in claimed if other.intersects(area)]
        if not near or any(_lies_in(c.point, other) for c in clicks for other in near):
            return area
        key = (id(area), *map(id, near))
        if key not in self._kept:
            self._kept[key] = ([area, *near], _under(clicks, _without(area, near)) or area)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key][1]


class Answers:
    """The model's answers about one tile, each asked once; safe to call from any thread."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._lock = threading.Lock()
        self._final: OrderedDict[tuple[object, ...], Area | None] = OrderedDict()
        self._first: OrderedDict[tuple[object, ...], Area | None] = OrderedDict()
        self._left = _Left()

    def fields(self, work: Work, ask: Ask, *, closely: bool = True) -> tuple[list[Field], bool]:
        """The fields of all of the person's prompts, in the order in which they were set.

        Also says whether all of them are final, as they are if asked for ``closely``.
        """
        positives = [p for p in work.points if p.label == 1]
        negatives = [p for p in work.points if p.label == 0]
        taken: set[str] = set()
        asked: list[tuple[Answer, bool, str, list[PersonPrompt], bool]] = []
        for same in _by_field(positives):
            answer, rivals = self._of_rivals(same, negatives, ask, closely=closely)
            taken.update(n.id for n in rivals)
            asked.append((answer, True, same[0].id, same, any(click.tidy for click in same)))
        for box in work.boxes:
            asked.append((self._of_box(box, ask, closely=closely), True, box.id, [], box.tidy))
        for negative in (n for n in negatives if n.id not in taken):
            # What is taken away stops at the fields that are wanted.
            answer = self._of_rivals([negative], positives, ask, closely=closely)[0]
            asked.append((answer, False, negative.id, [negative], negative.tidy))
        order = {p.id: i for i, p in enumerate(work.points)}
        asked.sort(key=lambda item: order.get(item[2], len(order)))
        fields: list[Field] = []
        claimed: list[Area] = []
        for answer, adds, name, clicks, tidy in asked:
            if answer.area is None:
                continue
            with self._lock:
                area = self._left.of(answer.area, clicks if adds else [], claimed)
            fields.append(Field(area, adds, name, tuple(click.point for click in clicks), tidy))
            if adds:
                claimed.append(area)
        return fields, all(answer.final for answer, *_ in asked)

    def of_point(self, native: PixelPoint, ask: Ask, *, closely: bool = True) -> Answer:
        """What one click gives, to a hundredth of a pixel: as the browser says where it is.

        So a click finds the answer of the pointer that rested there, whatever became of its
        position on the way through the log.
        """
        place = PixelPoint(round(native.column, _DECIMALS), round(native.row, _DECIMALS))
        point = self._frame.to_tile(place)
        key = ("point", place)
        return self._remember(key, Question((Prompt(point, 1, "person"),)), ask, closely=closely)

    def _of_rivals(
        self, asked: list[PersonPrompt], others: list[PersonPrompt], ask: Ask, *, closely: bool
    ) -> tuple[Answer, list[PersonPrompt]]:
        """The field of clicks, cut where clicks against it lie in it; and those clicks."""
        alone = [self.of_point(click.point, ask, closely=closely) for click in asked]
        inside = [o for o in others if any(_lies_in(o.point, one.area) for one in alone)]
        if len(asked) == 1 and not inside:
            return alone[0], []
        wanted = [self._frame.to_tile(click.point) for click in asked]
        rivals = [self._frame.to_tile(other.point) for other in inside]
        prompts = (
            *(Prompt(point, 1, "person") for point in wanted),
            *(Prompt(point, 0, "person") for point in rivals),
        )
        key = ("points", *wanted, "against", *rivals)
        together = self._remember(key, Question(prompts), ask, closely=closely)
        # Which clicks lie inside is known for good once each click's own answer is final.
        final = together.final and all(one.final for one in alone)
        return replace(together, final=final), inside

    def _of_box(self, box: PersonBox, ask: Ask, *, closely: bool) -> Answer:
        first = self._frame.to_tile(PixelPoint(box.left, box.top))
        last = self._frame.to_tile(PixelPoint(box.right, box.bottom))
        on_tile = BoxPrompt(first.column, first.row, last.column, last.row, "person")
        return self._remember(("box", on_tile), Question(box=on_tile), ask, closely=closely)

    def _remember(
        self, key: tuple[object, ...], question: Question, ask: Ask, *, closely: bool
    ) -> Answer:
        with self._lock:
            if key in self._final:
                self._final.move_to_end(key)
                return Answer(self._final[key], True)
            if not closely and key in self._first:
                return Answer(self._first[key], False)
        probability, final = ask(question, closely)
        with self._lock:
            if key in self._final:  # somebody else asked the same meanwhile
                return Answer(self._final[key], True)
        area = self._outline(draw(probability, question))
        with self._lock:
            kept = self._final if final else self._first
            kept[key] = area
            while len(kept) > _MOST_KEPT:
                kept.popitem(last=False)
        return Answer(area, final)

    def _outline(self, mask: Flags) -> Area | None:
        """The mask inside the tile's core as an area in native pixels; None where it is empty."""
        core = mask[self._frame.core.slices]
        window = Window.around(core)
        if window is None:
            return None
        grid = self._frame.core_grid.window_grid(window)
        parcels = mask_to_parcels(
            core[window.slices], grid, simplify_m=_SMOOTHING_PIXELS * grid.gsd_m
        )
        native = self._frame.worlds_to_native(parcels.geometry.to_numpy())
        area = shapely.union_all(native)
        if not isinstance(area, Area) or area.is_empty:
            return None
        return area


def _by_field(positives: Sequence[PersonPrompt]) -> Iterable[list[PersonPrompt]]:
    """Clicks that mean one field, each in the order in which they were set."""
    fields: dict[str, list[PersonPrompt]] = {}
    for click in positives:
        fields.setdefault(click.field or click.id, []).append(click)
    return fields.values()


def _without(area: Area, others: Sequence[Area]) -> BaseGeometry:
    overlay = Overlay.around([area, *others])
    return overlay.difference(area, overlay.union(others))


def _under(clicks: Sequence[PersonPrompt], left: BaseGeometry) -> Area | None:
    """The parts of an area in which clicks lie."""
    parts = [
        part
        for part in shapely.get_parts(left)
        if isinstance(part, shapely.Polygon) and any(_lies_in(c.point, part) for c in clicks)
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _lies_in(native: PixelPoint, area: Area | None) -> bool:
    return area is not None and bool(area.covers(shapely.Point(native.column, native.row)))
