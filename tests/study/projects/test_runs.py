"""Runs: done in a process of their own, stopped, gone on with, listed, packed."""

import json
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core.errors import CancelledError, InputError
from core.study.projects.run_locations import cells_folder
from core.study.projects.run_request import RunWish
from core.study.projects.runs import do_run, new_run, past_runs, remove_run
from core.study.projects.truth import read_truth
from core.study.projects.truth_folders import add_folder, kept_folders, remove_folder

METHODS = ("land cover", "classifier")


def workers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end while it is looked at
            if "core.study.projects.run_worker" in " ".join(child.cmdline()):
                found.append(child)
    return found


def cells(project) -> dict[str, int]:
    """Finished steps, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in cells_folder(project).iterdir()}


def test_a_stopped_run_goes_on_and_keeps_what_was_done(project, scene_id, numbers) -> None:
    read_truth(project, scene_id, numbers)
    run = new_run(project, RunWish(scenes=(scene_id,), methods=METHODS, most_tiles=5))
    told: list[tuple[str, int, int]] = []

    def some_steps_are_done() -> bool:
        folder = cells_folder(project)
        return folder.is_dir() and len(list(folder.iterdir())) >= 3

    def progress(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))

    with pytest.raises(CancelledError, match="can go on from there"):
        do_run(project, run, progress=progress, cancelled=some_steps_are_done)
    assert not workers()
    (listed,) = past_runs(project)
    assert not listed.finished
    assert listed.wish == run.wish
    before = cells(project)
    assert before

    finished = do_run(project, listed, progress=progress, cancelled=lambda: False)
    assert not workers()
    after = cells(project)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)
    assert told[-1][0] == "Packing the files"
    assert max(done for _, done, total in told if total) == 100_000
    assert past_runs(project)[0].finished

    record = finished.record()
    assert [row.labels["method"] for row in record.rows] == list(METHODS)
    assert all(row.tiles == 5 for row in record.rows)
    assert record.rows[1].difference is not None
    with zipfile.ZipFile(finished.zip_file) as archive:
        assert archive.testzip() is None
        names = {
            Path(name).relative_to(finished.folder.name).as_posix() for name in archive.namelist()
        }
    assert {"summary.md", "table.csv", "tiles.csv", "record.json"} <= names
    assert any(name.startswith("worst/") and name.endswith(".png") for name in names)
    assert not any("run.json" in name or name.startswith(".") for name in names)


def test_what_the_process_says_is_one_sentence(project, scene_id, numbers, tmp_path) -> None:
    run = new_run(project, RunWish(folders=(str(tmp_path / "none"),), methods=METHODS))
    with pytest.raises(InputError, match="is no region"):
        do_run(project, run, progress=lambda *_: None, cancelled=lambda: False)
    assert not workers()


def test_nothing_chosen_is_no_run_and_damaged_ones_are_not_listed(project, scene_id) -> None:
    with pytest.raises(InputError, match="No scene was chosen"):
        new_run(project, RunWish())
    assert past_runs(project) == []
    first = new_run(project, RunWish(scenes=(scene_id,)))
    second = new_run(project, RunWish(scenes=(scene_id,), methods=METHODS))
    assert first.folder != second.folder
    assert [run.wish.methods for run in past_runs(project)] == [METHODS, first.wish.methods]
    (first.folder / "run.json").write_text(json.dumps({"format": 1}))
    assert [run.folder for run in past_runs(project)] == [second.folder]
    remove_run(second)
    assert past_runs(project) == []


def test_folders_are_remembered_until_they_are_left_out(project, farmland, tmp_path) -> None:
    region = tmp_path / "region"
    for name, file in (("images", farmland.scene), ("landcover", farmland.landcover),
                       ("truth", farmland.truth)):  # fmt: skip
        (region / name).mkdir(parents=True)
        os.link(file, region / name / "a.tif")
    (region / "region.json").write_text(
        json.dumps({"title": "Hills", "note": "SIMULATED.", "numbered_truth": True})
    )
    added = add_folder(project, region)
    assert (added.title, added.note, added.train, added.test) == ("Hills", "SIMULATED.", 0, 1)
    assert kept_folders(project) == [added]
    with pytest.raises(InputError, match="in the list already"):
        add_folder(project, region)
    with pytest.raises(InputError, match="is no region"):
        add_folder(project, tmp_path)
    remove_folder(project, added.path)
    assert kept_folders(project) == []
    assert (region / "images" / "a.tif").is_file()
