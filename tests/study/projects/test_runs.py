"""Runs: stopped, gone on with, listed, packed."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from core.errors import CancelledError, InputError
from core.study.projects.image_folders import ImageFolder, add_folder, kept_folders, remove_folder
from core.study.projects.run_locations import cells_folder, evaluation_folder, runs_folder
from core.study.projects.run_request import RunRequest
from core.study.projects.runs import do_run, new_run, past_runs, remove_run
from core.study.projects.truth import read_truth

METHODS = ("land cover", "classifier")


def cells(project) -> dict[str, int]:
    """Finished steps, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in cells_folder(project).iterdir()}


def test_a_stopped_run_goes_on_and_keeps_what_was_done(project, scene_id, numbers) -> None:
    read_truth(project, scene_id, numbers)
    run = new_run(project, RunRequest(scenes=(scene_id,), methods=METHODS, most_tiles=5))
    told: list[tuple[str, int, int]] = []

    def some_steps_are_done() -> bool:
        folder = cells_folder(project)
        return folder.is_dir() and len(list(folder.iterdir())) >= 3

    def progress(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))

    with pytest.raises(CancelledError, match="can go on from there"):
        do_run(project, run, progress=progress, cancelled=some_steps_are_done)
    (listed,) = past_runs(project).runs
    assert not listed.finished
    assert listed.request == run.request
    before = cells(project)
    assert before

    finished = do_run(project, listed, progress=progress, cancelled=lambda: False)
    after = cells(project)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)
    assert told[-1][0] == "Packing the files"
    assert max(done for _, done, total in told if total) == 100_000
    assert past_runs(project).runs[0].finished

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


def test_what_is_wrong_with_a_folder_is_one_sentence(project, scene_id, numbers, tmp_path) -> None:
    run = new_run(project, RunRequest(folders=(str(tmp_path / "none"),), methods=METHODS))
    with pytest.raises(InputError, match="is no region"):
        do_run(project, run, progress=lambda *_: None, cancelled=lambda: False)


def test_nothing_chosen_is_no_run_and_damaged_ones_are_named(project, scene_id) -> None:
    with pytest.raises(InputError, match="No scene was chosen"):
        new_run(project, RunRequest())
    assert past_runs(project).runs == []
    first = new_run(project, RunRequest(scenes=(scene_id,)))
    second = new_run(project, RunRequest(scenes=(scene_id,), methods=METHODS))
    assert first.folder != second.folder
    assert [run.request.methods for run in past_runs(project).runs] == [
        METHODS,
        first.request.methods,
    ]
    damaged = first.folder / "run.json"
    damaged.write_text(json.dumps({"format": 1}))
    found = past_runs(project)
    assert [run.folder for run in found.runs] == [second.folder]
    (problem,) = found.unreadable
    assert f"{first.folder.name}/run.json cannot be read" in problem.message
    assert damaged.is_file()
    remove_run(second)
    assert past_runs(project).runs == []


def test_a_run_of_the_version_before_is_listed(project) -> None:
    folder = runs_folder(project) / "2026-05-01_120000_methods"
    (folder / "files").mkdir(parents=True)
    wish = {
        "experiment": "methods",
        "scenes": ["s1"],
        "folders": [],
        "methods": list(METHODS),
        "most_tiles": 5,
        "seed": 0,
        "model": "cropmap_small",
    }
    about = {"format": 1, "wish": wish, "started": "2026-05-01T12:00:00+00:00", "scenes": ["North"]}
    (folder / "run.json").write_text(json.dumps(about, indent=1))
    (run,) = past_runs(project).runs
    assert run.request == RunRequest(scenes=("s1",), methods=METHODS, most_tiles=5)
    assert (run.title, run.scenes, run.finished) == ("Compare methods", ("North",), False)


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


def test_a_list_of_folders_that_cannot_be_read_is_not_written_over(project, farmland) -> None:
    record = evaluation_folder(project) / "folders.json"
    record.parent.mkdir(exist_ok=True)
    old = {"path": "/r", "title": "R", "note": "", "train": 2, "test": 1}
    record.write_text(json.dumps({"format": 1, "folders": [old]}))
    assert kept_folders(project) == [ImageFolder("/r", "R", "", 2, 1)]
    record.write_text('{"format": 1, "folders": [{}]}')
    for ask in (lambda: kept_folders(project), lambda: remove_folder(project, "/r")):
        with pytest.raises(InputError, match=r"folders\.json cannot be read"):
            ask()
    assert record.read_text() == '{"format": 1, "folders": [{}]}'
