"""Whatever is sent as an edit is refused in a sentence, or stored, replayed and shown.

Edits of every kind, right in shape, with hostile values in the right places, go the way of a real
one: checked, stored in a project's file, read from it by another process's eyes, replayed, made
into a label, and written as the answer to the browser.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.edit_record import EditRecord, NewEdit
from core.errors import InputError
from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.answers import Answers
from core.label.browser_edits import to_new_edits
from core.label.choices import Choices
from core.label.click import Probability, Question
from core.label.correction_import import LABELS_IMPORT, LabelsImport, import_to_json
from core.label.edit_units import EditUnits
from core.label.edits import EDITS, edit_from_json
from core.label.label_maker import LabelMaker
from core.label.work import BrokenEditError, Work, replay
from core.parcels.parcel import Parcel
from core.project import NewTile, Project
from core.session.label_json import problems_json
from core.session.parcel_rows import ParcelRows
from tests.rasters import PLACES

SIZE = 64
CRS_NAME, TRANSFORM = PLACES["rotated"]
GRID = Grid(CRS.from_user_input(CRS_NAME), TRANSFORM, SIZE, SIZE)
FRAME = Frame(GRID, GRID, Window(2, 2, 60, 60))
AUTOMATIC = tuple(
    Parcel(f"F{x}{y}", shapely.box(x, y, x + 15, y + 14), 0.5, "auto")
    for x in range(2, 60, 15)
    for y in range(2, 60, 15)
)

HOSTILE = st.sampled_from(
    [
        *(float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e9, 5e-324, 0, -1, 2**63),
        *(10**400, -(10**400), True, None, "", "7", "\ud800", "a\udfffb", "\x00", "x" * 10_000),
        *([], {}, [[]], [[[[[[[[]]]]]]]], [1], [1, 2, 3], {"kind": "area_add"}),
    ]
)
numbers = st.floats(3, 60)
ids = st.sampled_from(["a", "b", "ü-7", "草"])
positions = st.tuples(numbers, numbers).map(list)


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A good value three times of four."""
    return st.integers(0, 3).flatmap(lambda chance: good if chance else HOSTILE)


def random_ring(points: int) -> list[list[float]]:
    return np.random.default_rng(points).uniform(3, 60, (points, 2)).tolist()


pairs = mostly(st.tuples(mostly(numbers), mostly(numbers)).map(list))
small = st.tuples(numbers, numbers, st.floats(0.5, 20)).map(
    lambda it: [[it[0], it[1]], [it[0] + it[2], it[1]], [it[0], it[1] + it[2]]]
)
rings = st.one_of(
    small,
    small,
    st.lists(positions, max_size=9),
    st.lists(pairs, min_size=3, max_size=6),
    st.sampled_from(
        [
            [[3, 3], [50, 50], [50, 3], [3, 50]],  # crosses itself
            [[3, 3], [50, 3], [50, 50], [3, 50]] * 20,  # goes round and round
            [[3, 3], [50, 50]] * 20,  # a line
            [[7, 7]] * 50,
            [[1e-300, 3], [50, 3.0000000001], [50, 50]],
            [[-1e8, -1e8], [1e8, -1e8], [0, 1e8]],
        ]
    ),
    st.sampled_from([12, 1_000, 30_000]).map(random_ring),
    HOSTILE,
)
# Half of them are one good ring: several at random are hardly ever a shape.
shapes = mostly(st.lists(small, min_size=1, max_size=1) | st.lists(rings, min_size=1, max_size=3))
lines = st.lists(positions, min_size=1, max_size=6) | rings
point = mostly(positions)
reasons = st.sampled_from(["", "a pond", "Ödland 草", "x" * 500])
lengths = mostly(st.floats(0.5, 40))


def edit(kind: str, may_lack: tuple[str, ...] = (), **values: Any) -> st.SearchStrategy[Any]:
    always = {"kind": st.just(kind)} | {k: v for k, v in values.items() if k not in may_lack}
    return st.fixed_dictionaries(always, optional={name: values[name] for name in may_lack})


BROWSER = {
    "prompt_set": edit(
        "prompt_set",
        ("field",),
        id=mostly(ids),
        column=mostly(numbers),
        row=mostly(numbers),
        label=mostly(st.sampled_from([0, 1])),
        field=mostly(ids),
    ),
    "prompt_delete": edit("prompt_delete", id=mostly(ids)),
    "prompts_clear": edit("prompts_clear", ("id",), id=HOSTILE),
    "box_set": edit(
        "box_set", id=mostly(ids), **{side: mostly(numbers) for side in ("left", "top")}
    ).flatmap(
        lambda half: st.fixed_dictionaries(
            {k: st.just(v) for k, v in half.items()}
            | {"right": mostly(numbers), "bottom": mostly(numbers)}
        )
    ),
    "settings": edit(
        "settings",
        ("strategy", "threshold", "points_per_class", "min_area_m2"),
        strategy=mostly(st.sampled_from(["apt", "joint"])),
        threshold=mostly(st.floats(0.01, 0.99)),
        points_per_class=mostly(st.integers(1, 400)),
        min_area_m2=mostly(st.floats(0, 5000)),
    ),
    "area_add": edit("area_add", ("holes",), ring=rings, holes=st.lists(rings, max_size=2)),
    "area_remove": edit("area_remove", ring=rings),
    "brush": edit("brush", ("add",), line=lines, radius=lengths, add=mostly(st.booleans())),
    "split": edit("split", line=lines),
    "merge": edit("merge", points=lines),
    "parcel_delete": edit("parcel_delete", point=point),
    "reshape": edit("reshape", point=point, rings=shapes),
    "border_move": edit("border_move", point=point, rings=shapes).flatmap(
        # Drawn by themselves they would hardly ever have as many corners.
        lambda own: st.fixed_dictionaries(
            {key: st.just(value) for key, value in own.items()}
            | {"before": mostly(st.just(own["rings"]))}
        )
    ),
    "reclassify": edit(
        "reclassify",
        ("reason",),
        point=point,
        land_class=mostly(st.sampled_from(["cropland", "other", "unsure"])),
        reason=mostly(reasons),
    ),
    "attributes": edit(
        "attributes",
        point=point,
        values=mostly(
            st.dictionaries(
                mostly(st.sampled_from(["crop", "irrigated", "note_2", "Crop"])).filter(
                    lambda key: isinstance(key, str)
                ),
                mostly(st.sampled_from(["wheat", "草", True, 7, 7.5, None])),
                max_size=3,
            )
        ),
    ),
    "parcel_verdict": edit(
        "parcel_verdict",
        ("reason", "shape", "land_class"),
        point=point,
        verdict=mostly(st.sampled_from(["accepted", "rejected", "unsure", "none"])),
        reason=mostly(reasons),
        shape=mostly(st.lists(st.lists(rings, max_size=2), max_size=2)),
        land_class=mostly(st.sampled_from(["cropland", "other"])),
    ),
    "restore_accepted": edit("restore_accepted", point=point),
    "smooth": edit("smooth", ("point",), point=point, tolerance_m=lengths),
    "straighten": edit("straighten", point=point, tolerance_m=lengths),
    "fill_holes": edit("fill_holes", ("point", "max_area_m2"), point=point, max_area_m2=lengths),
    "snap": edit("snap", point=point, tolerance_m=lengths),
    "repair": edit("repair", ("point",), point=point, width_m=lengths),
    "note": edit("note", id=mostly(ids), point=point, text=mostly(reasons)),
    "note_done": edit("note_done", ("done",), id=mostly(ids), done=mostly(st.booleans())),
}
NEVER_REFUSED = {"prompts_clear"}


HOSTILE_SETTINGS = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def attempt(do: Callable[[], Any]) -> tuple[Any, InputError | None]:
    """What came of it, or how it was refused; any other error is a traceback."""
    try:
        return do(), None
    except InputError as refusal:
        return None, refusal


def ask(question: Question, closely: bool) -> tuple[Probability, bool]:
    """A model that finds a disc around what is asked about."""
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    place = question.place
    return (np.hypot(columns - place.column, rows - place.row) < 6).astype(np.float32), True


class Tile:
    """One tile of a project's file; what is appended is read back from the disk."""

    def __init__(self, project: Project) -> None:
        self._project = project
        tile = [NewTile("t", 0, (0, 0, SIZE, SIZE))]
        self._scene = project.add_scene("Farm", {}, None, tile).id
        self._reader = Project.open(project.path)
        self._maker, self._answers, self._rows = LabelMaker(), Answers(FRAME), ParcelRows()

    def append(self, edits: list[NewEdit]) -> None:
        version = self._project.log(self._scene, "t").version
        self._project.append(self._scene, "t", edits, author="Zoë", expected_version=version)

    def answer(self, *, checked: bool = False) -> bytes:
        """What the browser is shown; the problems of the label are only found when checked."""
        work = replay(self._reader.log(self._scene, "t").edits, FRAME, Choices())
        fields, _ = self._answers.fields(work, ask)
        label = self._maker.make("v", AUTOMATIC, fields, work, FRAME, checked=checked)
        return orjson.dumps(
            {
                **shown(work),
                "parcels": self._rows.of(label, FRAME),
                "problems": problems_json(label, FRAME),
            }
        )

    def close(self) -> None:
        self._reader.close()
        self._project.close()


def shown(work: Work) -> dict[str, Any]:
    return {
        "settings": asdict(work.choices),
        "prompts": [asdict(one) for one in work.points],
        "boxes": [asdict(one) for one in work.boxes],
        "denied": sorted(work.denied),
        "notes": [[one.note.id, one.note.text, one.done is None] for one in work.notes],
    }


@pytest.fixture
def tile(tmp_path: Any) -> Iterator[Tile]:
    made = Tile(Project.create(tmp_path / "farm.cropmap", "Farm"))
    yield made
    made.close()


@pytest.mark.parametrize("kind", BROWSER)
def test_nothing_that_a_browser_may_send_is_a_traceback(kind: str, tile: Tile) -> None:
    counts: Counter[str] = Counter()

    @HOSTILE_SETTINGS
    @given(BROWSER[kind])
    def send(raw: dict[str, Any]) -> None:
        edits, refusal = attempt(lambda: to_new_edits([raw], FRAME))
        if refusal is not None:
            counts["refused"] += 1
            orjson.dumps({"message": refusal.message, "hint": refusal.hint})
            assert refusal.message.endswith(".")
            return
        counts["accepted"] += 1
        tile.append(edits)
        tile.answer()

    send()
    tile.answer(checked=True)
    assert counts["accepted"] > 0
    assert counts["refused"] > 0 or kind in NEVER_REFUSED


IMPORT = import_to_json(
    LabelsImport(
        "fields.gpkg",
        tuple(
            Parcel(f"L{n}", shape, 0.5, "auto")
            for n, shape in enumerate(
                FRAME.natives_to_world(
                    np.array([shapely.box(5, 5, 20, 20), shapely.box(30, 30, 50, 40)], dtype=object)
                )
            )
        ),
    )
)


def stored(kind: str) -> st.SearchStrategy[Any]:
    """Data of the log as a stranger's bundle may hold it."""
    if kind == LABELS_IMPORT:
        return st.sampled_from(sorted(IMPORT)).flatmap(
            lambda name: st.one_of(
                st.just(IMPORT[name]), HOSTILE, st.lists(HOSTILE, max_size=2)
            ).map(lambda value: {**IMPORT, name: value})
        )
    corners = st.fixed_dictionaries({"id": mostly(ids), "first": point, "last": point})
    place = st.fixed_dictionaries(
        {
            "id": mostly(ids),
            "x": mostly(numbers),
            "y": mostly(numbers),
            "label": mostly(st.just(1)),
        }
    )
    numbered = st.lists(mostly(st.integers(1, 9)), max_size=3)
    taken_back = st.fixed_dictionaries({"sequences": mostly(numbered), "counts": HOSTILE})
    own = {"box_set": corners, "prompt_set": place, "withdrawal": taken_back}
    return own.get(kind, BROWSER.get(kind, st.none()))


@pytest.mark.parametrize("kind", EDITS)
def test_nothing_that_a_bundle_may_hold_is_a_traceback(kind: str) -> None:
    counts: Counter[str] = Counter()

    # Without the bound on what is new, the largest rings would be computed.
    @HOSTILE_SETTINGS
    @given(stored(kind).filter(lambda data: len(repr(data)) < 20_000))
    def read(data: dict[str, Any]) -> None:
        row = EditRecord(1, kind, data, "\ud800", datetime(2026, 5, 1, tzinfo=UTC))
        work, broken = attempt(lambda: replay([row], FRAME, Choices()))
        if broken is not None:
            counts["refused"] += 1
            assert isinstance(broken, BrokenEditError)
            assert (broken.step, broken.kind) == (1, kind)
            orjson.dumps(broken.message)
            return
        counts["accepted"] += 1
        orjson.dumps(shown(work))

    read()
    assert counts["accepted"] > 0
    assert counts["refused"] > 0 or kind in NEVER_REFUSED


def test_nothing_but_a_list_of_edits_is_taken() -> None:
    for raw in (None, {}, "x", [], [7], [None], [{}], [{"kind": 7}], [{"kind": "\ud800"}]):
        with pytest.raises(InputError) as refused:
            to_new_edits(raw, FRAME)
        orjson.dumps(refused.value.message)
    with pytest.raises(InputError):
        to_new_edits([{"kind": LABELS_IMPORT, **IMPORT}], FRAME)


def test_nested_wkb_is_refused_before_geos_reads_it() -> None:
    head = struct.pack("<BII", 1, 7, 1)
    nested = head * 20_000 + struct.pack("<BII", 1, 7, 0)
    data = {**IMPORT, "shapes": base64.b64encode(zlib.compress(nested)).decode()}
    with pytest.raises(InputError, match="cannot be read"):
        edit_from_json(LABELS_IMPORT, data, EditUnits.stored(FRAME))
