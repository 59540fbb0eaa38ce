"""The edit log: appended, undone and redone in any order, by anybody, across restarts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import event

from core.errors import ConflictError, InputError
from core.project import NewEdit
from core.project.edit_log import append_edits
from tests.project.conftest import Farm, make_farm, names


def test_an_empty_log(farm: Farm) -> None:
    log = farm.log()
    assert (log.version, log.edits, log.can_undo, log.can_redo) == (0, (), False, False)


def test_edits_come_back_in_their_order_with_who_made_them(farm: Farm) -> None:
    data = {"ring": [[0.1 + 0.2, -1e-9], [4.5e6, 1e300]], "label": 1, "ü": None, "add": True}
    farm.append(0, "a", author="Ada")
    log = farm.project.append(
        farm.scene,
        farm.tile,
        [NewEdit("area_add", data), NewEdit("split", {})],
        author="Bob",
        expected_version=1,
    )
    assert log == farm.reopened().log()
    assert [(edit.sequence, edit.kind, edit.author) for edit in log.edits] == [
        (1, "prompt_set", "Ada"),
        (2, "area_add", "Bob"),
        (3, "split", "Bob"),
    ]
    assert log.edits[1].data == data
    assert (log.version, log.can_undo, log.can_redo) == (2, True, False)


def test_edits_appended_together_are_undone_together(farm: Farm) -> None:
    farm.append(0, "a")
    farm.append(1, "b", "c")
    log = farm.undo(2)
    assert (names(log), log.version, log.can_redo) == (["a"], 3, True)
    assert farm.project.tile(farm.scene, farm.tile).edit_count == 1
    log = farm.redo(3)
    assert (names(log), log.version, log.can_redo) == (["a", "b", "c"], 4, False)
    assert farm.project.tile(farm.scene, farm.tile).edit_count == 3


def test_nothing_to_undo_or_redo_leaves_the_log_unchanged(farm: Farm) -> None:
    before = farm.project.revision()
    assert farm.undo(0) == farm.redo(0) == farm.append(0) == farm.log()
    assert farm.project.revision() == before


def test_a_new_edit_ends_the_redo_chain_but_erases_nothing(farm: Farm) -> None:
    farm.append(0, "a")
    farm.append(1, "b")
    farm.undo(2)
    log = farm.append(3, "c")
    assert (names(log), log.can_redo) == (["a", "c"], False)
    assert [edit.sequence for edit in log.edits] == [1, 3]
    assert names(farm.undo(4)) == ["a"]
    assert names(farm.undo(5)) == []
    log = farm.redo(farm.redo(6).version)
    assert (names(log), log.can_redo) == (["a", "c"], False)
    actions = [row.action for row in farm.project.history(tile=farm.tile)]
    assert actions == ["redo", "redo", "undo", "undo", "edit", "undo", "edit", "edit"]


def test_each_tile_has_a_log_of_its_own(farm: Farm) -> None:
    second = Farm(farm.project, farm.scene, "x1_y0")
    farm.append(0, "a")
    second.append(0, "b")
    farm.undo(1)
    assert (names(farm.log()), names(second.log())) == ([], ["b"])


def test_undo_and_redo_work_after_a_restart(farm: Farm) -> None:
    for version, name in enumerate("abc"):
        farm.append(version, name)
    farm.undo(farm.undo(3).version)
    farm.project.close()
    again = farm.reopened()
    assert (names(again.log()), again.log().can_redo) == (["a"], True)
    assert names(again.redo(again.redo(5).version)) == ["a", "b", "c"]


@pytest.mark.parametrize("call", [Farm.undo, Farm.redo, lambda farm, v: farm.append(v, "b")])
def test_a_change_of_an_old_version_is_refused_and_names_who_was_faster(farm: Farm, call) -> None:
    other = farm.reopened()
    other.append(0, "a", author="Bob")
    for version in (0, 2, -1):
        with pytest.raises(ConflictError, match=r"^Bob changed tile x0_y0 first"):
            call(farm, version)
    assert names(farm.log()) == ["a"]
    assert farm.log().version == 1


@pytest.mark.parametrize("data", [{"x": float("nan")}, {"x": object()}, {"x": b"bytes"}])
def test_what_json_cannot_say_is_refused_with_the_whole_step(farm: Farm, data) -> None:
    edits = [NewEdit("brush", {}), NewEdit("brush", data)]
    with pytest.raises(InputError, match="cannot be stored"):
        farm.project.append(farm.scene, farm.tile, edits, author="", expected_version=0)
    assert farm.log().version == 0
    assert names(farm.append(0, "a")) == ["a"]


@contextmanager
def statements(farm: Farm) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []
    engine = farm.project._database._engine

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_the_thousandth_edit_asks_no_more_than_the_second(farm: Farm) -> None:
    with statements(farm) as early:
        farm.append(0, "first")
        farm.append(1, "second")
    edits = [NewEdit("brush", {"id": str(number)}) for number in range(1000)]
    farm.project.append(farm.scene, farm.tile, edits, author="Ada", expected_version=2)
    with statements(farm) as late:
        farm.append(3, "later")
        log = farm.append(4, "last")
    assert early == late
    assert (len(log.edits), names(log)[-1]) == (1004, "last")
    with statements(farm) as reading:
        assert farm.log() == log
    assert not any(" edit" in statement for statement in reading)
    assert farm.reopened().log() == log


def test_what_others_did_is_read_and_nothing_else(farm: Farm) -> None:
    """One who has read a log before sees every later state of it, whatever way led there."""
    other = farm.reopened()
    states = [farm.log()]
    for version, name in enumerate("abc"):
        states.append(farm.append(version, name))
        assert other.log() == states[-1]
    farm.undo(farm.undo(3).version)
    assert names(other.log()) == ["a"]
    farm.append(5, "d")
    assert names(other.log()) == ["a", "d"]
    other.undo(6)
    farm.undo(7)
    branch = farm.append(8, "e", "f")
    assert other.log() == branch == farm.reopened().log()
    moment = other.project.moment(other.scene, other.tile)
    assert moment.log == branch
    assert moment.tile == farm.project.tile(farm.scene, farm.tile)
    assert moment.scene == farm.project.scene(farm.scene)


def test_a_step_that_was_not_committed_is_never_seen(farm: Farm) -> None:
    """Its number is given again, to another step."""
    farm.append(0, "a")

    def fail() -> None:
        with farm.project._change() as change:
            edits = [NewEdit("brush", {"id": "never"})]
            log = append_edits(change, farm.scene, farm.tile, edits, author="", expected_version=1)
            assert names(log) == ["a", "never"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(farm.log()) == ["a"]
    assert names(farm.append(1, "b")) == ["a", "b"]
    assert names(farm.log()) == ["a", "b"]


class Annotating(RuleBasedStateMachine):
    """Two people and restarts, against two plain stacks."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.farms = [make_farm(Path(self.folder.name))]
        self.farms.append(self.farms[0].reopened())
        self.done: list[list[str]] = []
        self.undone: list[list[str]] = []
        self.version = 0
        self.made = 0

    @rule(who=st.integers(0, 1), count=st.integers(1, 3))
    def append(self, who: int, count: int) -> None:
        step = [str(self.made + place) for place in range(count)]
        self.made += count
        self.farms[who].append(self.version, *step)
        self.done.append(step)
        self.undone = []
        self.version += 1

    @rule(who=st.integers(0, 1), times=st.integers(1, 4))
    def undo(self, who: int, times: int) -> None:
        for _ in range(times):
            self.farms[who].undo(self.version)
            if self.done:
                self.undone.append(self.done.pop())
                self.version += 1

    @rule(who=st.integers(0, 1), times=st.integers(1, 4))
    def redo(self, who: int, times: int) -> None:
        for _ in range(times):
            self.farms[who].redo(self.version)
            if self.undone:
                self.done.append(self.undone.pop())
                self.version += 1

    @rule(who=st.integers(0, 1), behind=st.sampled_from([-1, 1, 2]))
    def try_an_old_version(self, who: int, behind: int) -> None:
        with pytest.raises(ConflictError):
            self.farms[who].append(self.version - behind, "never")

    @rule(who=st.integers(0, 1))
    def restart(self, who: int) -> None:
        self.farms[who].project.close()
        self.farms[who] = self.farms[who].reopened()

    @invariant()
    def the_log_is_what_the_stacks_say(self) -> None:
        expected = [name for step in self.done for name in step]
        for farm in self.farms:
            log = farm.log()
            assert names(log) == expected
            assert log.version == self.version
            assert (log.can_undo, log.can_redo) == (bool(self.done), bool(self.undone))
        tile = farm.project.tile(farm.scene, farm.tile)
        assert (tile.edit_count, tile.log_version) == (len(expected), self.version)

    def teardown(self) -> None:
        for farm in self.farms:
            farm.project.close()
        self.folder.cleanup()


class TestAnnotating(Annotating.TestCase):
    settings = settings(max_examples=15, stateful_step_count=20, deadline=None, derandomize=True)


@pytest.mark.usefixtures("on_postgres")
class TestAnnotatingOnPostgres(Annotating.TestCase):
    settings = settings(max_examples=4, stateful_step_count=20, deadline=None, derandomize=True)
