"""Keys of kept results follow the sources that decide on them, and nothing else."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import fingerprint
from core.export.replay.differences import _setup
from core.fingerprint import EMBEDDING, LABEL, PREDICTION, code_hash, environment_hash
from core.imagery.validity import BY_HEADER
from core.label.choices import Choices
from core.label.work import Work
from core.predict.key import prediction_key
from core.project import TileLog
from core.sam.cache import embedding_key
from core.session.place import label_version
from core.study.experiments.cells import digest
from core.versions import software

CORE = Path(str(files("core")))

GROUND = {
    f"core.{name}"
    for name in (
        *(
            # Nobody has said anything of a parcel that was only predicted.
            "attributes",
            "errors",
            "faces",
            "files",
            "fingerprint",
            "held_files",
            "outside",
            "processors",
            "settings",
            "task",
        ),
    )
}
"""Modules that the deciding ones import and that decide nothing themselves."""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package's sources that the keys are computed from."""
    root = tmp_path / "copy"
    ignored = shutil.ignore_patterns("__pycache__", "shipped")
    shutil.copytree(CORE, root / "core", ignore=ignored)
    monkeypatch.setattr(fingerprint, "files", lambda _: root / "core")
    fingerprint._installed.cache_clear()
    yield root
    fingerprint._installed.cache_clear()


def change(root: Path, module: str, before: str, after: str) -> None:
    path = root / module
    source = path.read_text("utf-8")
    assert source.count(before) == 1
    path.write_text(source.replace(before, after), "utf-8")
    fingerprint._installed.cache_clear()


def keys() -> dict[str, str]:
    """A key of each kind of kept result, of inputs that never change."""
    scene = SimpleNamespace(
        fingerprint="scene",
        bands=(1, 2, 3),
        working_factor=1,
        unknown=BY_HEADER,
        stretch=SimpleNamespace(to_json=dict),
    )
    tile = SimpleNamespace(name="tile", window="window", cores=())
    options = Choices().prediction
    return {
        "embedding": embedding_key(np.zeros((8, 8, 3), np.uint8), "model", "weights"),
        "prediction": prediction_key(scene, "land cover", tile, options, None),  # type: ignore[arg-type]
        "label": label_version("imported", TileLog(0, (), False, False), Work(Choices())),
        "cell": digest("work", 1),
        "bundle": software()["code"],
    }


def changed(root: Path, module: str, before: str, after: str) -> set[str]:
    """Kinds of results whose keys are new after a change of the sources."""
    earlier = keys()
    change(root, module, before, after)
    later = keys()
    return {kind for kind, key in earlier.items() if later[kind] != key}


def test_a_constant_in_a_strategy_makes_every_kept_result_new(copy) -> None:
    # Embeddings know nothing of strategies: they are dear, and stay.
    assert changed(
        copy, "core/predict/apt_plus.py", "MOST_MODEL_SHARE = 0.5", "MOST_MODEL_SHARE = 0.4"
    ) == set(keys()) - {"embedding"}


def test_a_constant_of_the_model_makes_embeddings_new_as_well(copy) -> None:
    (copy / "core" / "sam" / "small.py").open("a").write("\nSIDE = 1023\n")
    fingerprint._installed.cache_clear()
    assert code_hash(*EMBEDDING) != code_hash(*EMBEDDING, root=CORE.parent)
    assert code_hash(*PREDICTION) != code_hash(*PREDICTION, root=CORE.parent)


def test_an_edits_code_makes_labels_new_and_leaves_predictions(copy) -> None:
    (copy / "core" / "label" / "work.py").open("a").write("\nMOST = 1\n")
    fingerprint._installed.cache_clear()
    assert code_hash(*LABEL) != code_hash(*LABEL, root=CORE.parent)
    assert code_hash(*PREDICTION) == code_hash(*PREDICTION, root=CORE.parent)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MOST_MODEL_SHARE = 0.5", "MOST_MODEL_SHARE = 0.5  # half"),
        ("MOST_MODEL_SHARE = 0.5", "MOST_MODEL_SHARE   =   0.5\n\n"),
        ("Weight in the mean of a model that heeds every prompt", "Weight of a model"),
        ('"""Strategy ``apt_plus``:', '"""The strategy ``apt_plus``:'),
    ],
    ids=["comment", "layout", "text below a constant", "docstring"],
)
def test_what_does_not_run_changes_no_key(copy, before, after) -> None:
    assert changed(copy, "core/predict/apt_plus.py", before, after) == set()


def test_the_pages_change_no_key(copy) -> None:
    (copy / "ui").mkdir()
    earlier = keys()
    (copy / "ui" / "words.py").write_text("TITLE = 'Fields'\n")
    (copy / "core" / "session" / "presence.py").write_text("SECONDS = 3\n")
    fingerprint._installed.cache_clear()
    assert keys() == earlier


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f():\n    'a'\n    return 1\n", "def f():\n    return 1\n", True),
        ("class A:\n    x = 1\n    'x'\n", "class A:\n    x = 1\n", True),
        ("if a:\n    'b'\n    c\nelse:\n    'd'\n    e\n", "if a:\n    c\nelse:\n    e\n", True),
        ("x = 1\n", "x = 2\n", False),
        ("x = 'a'\n", "x = 'b'\n", False),
        ("def f():\n    return 'a'\n", "def f():\n    return 'b'\n", False),
        ("f('a')\n", "f('b')\n", False),
        ("x = 1\n", "x = 1.0\n", False),
        ("x = 0.0\n", "x = -0.0\n", False),
    ],
)
def test_only_strings_that_nobody_uses_are_left_out(tmp_path, one, other, same) -> None:
    hashes = []
    for name, source in (("one", one), ("other", other)):
        home = tmp_path / name / "core"
        home.mkdir(parents=True)
        (home / "__init__.py").touch()
        (home / "grid.py").write_text(source)
        hashes.append(code_hash("core.grid", root=tmp_path / name))
    assert (hashes[0] == hashes[1]) is same


def test_data_files_of_a_package_count_by_their_values(tmp_path) -> None:
    home = tmp_path / "core" / "landcover"
    home.mkdir(parents=True)
    (tmp_path / "core" / "__init__.py").touch()
    (home / "codes.json").write_text('{"cropland": [40]}')
    before = code_hash("core.landcover", root=tmp_path)
    (home / "codes.json").write_text('{"cropland":   [40]}\n')
    assert code_hash("core.landcover", root=tmp_path) == before
    (home / "codes.json").write_text('{"cropland": [41]}')
    assert code_hash("core.landcover", root=tmp_path) != before


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(LookupError, match=r"core\.masks"):
        code_hash("core.grid", "core.masks")


def test_modules_can_be_left_out(tmp_path) -> None:
    assert code_hash("core.landcover", without=("core.landcover.picture",)) != code_hash(
        "core.landcover"
    )


def test_without_sources_the_release_counts(tmp_path) -> None:
    (tmp_path / "core").mkdir()
    assert code_hash("core.grid", root=tmp_path) == code_hash("core.predict", root=tmp_path)


def test_another_process_finds_the_same() -> None:
    program = "from core.fingerprint import *; print(result_hash(*LABEL))"
    found = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=CORE.parent,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(CORE.parent)},
    )
    assert found.stdout.strip() == fingerprint.result_hash(*LABEL)


def test_another_version_of_a_deciding_library_makes_results_new(monkeypatch) -> None:
    def with_numpy(number: str) -> str:
        environment_hash.cache_clear()
        versions: Callable[[str], str] = lambda name: number if name == "numpy" else "1"  # noqa: E731
        monkeypatch.setattr(fingerprint, "library_version", versions)
        return environment_hash()

    try:
        assert with_numpy("2.4.6") != with_numpy("2.5.0")
        assert with_numpy("2.4.6") == with_numpy("2.4.6+cpu")
    finally:
        environment_hash.cache_clear()


def test_a_prediction_imports_nothing_that_is_not_counted() -> None:
    """The list is whole: whatever the deciding modules import is on it, or decides nothing."""
    named = _modules(PREDICTION)
    known = named | GROUND | _modules(("core.sam",))
    outside = {name for module in named for name in _imported(module)} - known
    assert outside == set()


def _modules(names: tuple[str, ...]) -> set[str]:
    found = set()
    for name in names:
        place = CORE.parent / name.replace(".", "/")
        paths = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
        for path in paths:
            parts = path.relative_to(CORE.parent).with_suffix("").parts
            found.add(".".join(parts).removesuffix(".__init__"))
    return found


def _imported(module: str) -> set[str]:
    place = CORE.parent / module.replace(".", "/")
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.")
    }


def test_a_bundle_of_other_code_says_so() -> None:
    def record(code: dict[str, str]) -> SimpleNamespace:
        nothing = dict.fromkeys(("scene", "landcover", "model"))
        return SimpleNamespace(**nothing, software=code, machine={})

    told = {d.what: d.before for d in _setup(record({"code": "a"}), record({"code": "b"}))}
    assert told == {"code": "a"}
    # A bundle made before the code was recorded still opens.
    told = {d.what: d.before for d in _setup(record({}), record({"code": "b"}))}
    assert told == {"code": "unknown"}
