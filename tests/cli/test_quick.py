"""Nothing heavy is imported before it is needed: help and refusals come at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("torch", "onnxruntime", "sklearn", "pandas", "geopandas", "matplotlib", "streamlit")

COMMANDS = (
    "map", "demo", "app", "replay", "evaluate", "landcovers", "version",
    "weights list", "weights fetch", "weights add", "weights verify",
    "project new", "project add", "project map", "project export",
    "experiment prompts", "experiment methods", "experiment robustness", "experiment ablation",
    "experiment training", "experiment adaptation",
)  # fmt: skip

REFUSED = {
    "map missing.tif --landcover worldcover --out out": "There is no file missing.tif",
    "map missing.tif --landcover worldcover --out out --strategy none": "no strategy 'none'",
    "project map missing": "There is no project at",
    "project add missing a.tif": "There is no project at",
    "project export missing --format gpkg --out fields.gpkg": "There is no project at",
    "project export missing --format dxf --out fields.dxf": "There is no format 'dxf'",
    "weights verify mobile_sam": "The weights of MobileSAM",
    "weights add missing.pth --architecture vit_b": "There is no file missing.pth",
    "weights add missing.pth --architecture x": "There is no architecture 'x'",
    "weights fetch nothing": "There is no model 'nothing'",
    "replay missing.zip --scene a.tif --out out": "There is no file missing.zip",
    "evaluate --prediction missing.tif --truth b.tif --out out": "There is no file missing.tif",
}

SCRIPT = f"""
import json, sys
from typer.testing import CliRunner
from core.cli import app

def heavy():
    return [name for name in {HEAVY!r} if name in sys.modules]

run = CliRunner().invoke
found = {{"import": heavy()}}
for command in ("", *{COMMANDS!r}):
    done = run(app, [*command.split(), "--help"])
    assert done.exit_code == 0, (command, done.output)
    found["help " + command] = heavy()
for command in {tuple(REFUSED)!r}:
    done = run(app, command.split())
    found[command] = [done.exit_code, done.stderr, heavy()]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a fresh interpreter has imported, step by step; all steps in one process."""
    folder = tmp_path_factory.mktemp("empty")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "CROPMAP_WEIGHTS_DIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_help_imports_what_is_heavy(found) -> None:
    assert found["import"] == []
    assert {key: value for key, value in found.items() if key.startswith("help ") and value} == {}


@pytest.mark.parametrize("command", REFUSED)
def test_what_cannot_be_done_is_refused_before_anything_heavy_is_imported(found, command) -> None:
    status, errors, heavy = found[command]
    assert status == 1
    assert REFUSED[command] in errors
    assert len(errors.splitlines()) == 2
    assert heavy == []


def test_the_program_itself_says_what_is_wrong(tmp_path) -> None:
    command = [sys.executable, "-m", "core", "map", "missing.tif"]
    done = subprocess.run(
        [*command, "--landcover", "worldcover", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Error: There is no file missing.tif to take the scene from.",
        "Check the path for a typing error.",
    ]
