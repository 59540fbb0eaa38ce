"""The files that did harm themselves, where they lie beside the project."""

import subprocess
import sys
from pathlib import Path

import pytest

ATTACK = Path(__file__).parents[3] / "shared" / "cases" / "attack"
BASE = ATTACK / "base"
LANDCOVER = BASE / "landcover_simulated.tif"
PLAIN = ("--model", "none", "--strategy", "classifier")
REPLAY = ("--scene", BASE / "scene.tif", "--landcover", LANDCOVER)
BUNDLES = ("wkb_nested", "edit_nested500", "id_int", "at_year1", "flipped_byte", "kind_esc")
_LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
from core.cli.main import main
main()
"""
"""Address space is more than memory: the libraries alone reserve over a gigabyte."""

CASES = {
    "lcwide": ("map", BASE / "scene.tif", "--landcover", ATTACK / "lcwide.tif",
               "--product", "dynamic_world", *PLAIN),
    "maskwide": ("evaluate", "--prediction", ATTACK / "maskwide.tif",
                 "--truth", BASE / "mask.tif"),
    "square_1e11": ("evaluate", "--prediction", BASE / "mask.tif",
                    "--truth", ATTACK / "square_1e11.geojson"),
    **{name: ("map", ATTACK / f"{name}.tif", "--landcover", LANDCOVER, *PLAIN)
       for name in ("scene190k", "scene20k")},
    **{name: ("replay", ATTACK / f"bundle_{name}.zip", *REPLAY) for name in BUNDLES},
    "zero": ("replay", "/dev/zero", *REPLAY),
    "gsd0": ("map", BASE / "scene.tif", "--landcover", ATTACK / "gsd0_worldcover.tif", *PLAIN),
}  # fmt: skip


@pytest.mark.skipif(not ATTACK.is_dir(), reason="the files are not beside the project")
@pytest.mark.parametrize("name", CASES)
def test_a_sentence_and_status_one(tmp_path, name) -> None:
    command = [sys.executable, "-c", _LIMITED, *map(str, CASES[name]), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr[-2000:]
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) <= 3
    assert "\x1b" not in done.stdout + done.stderr
