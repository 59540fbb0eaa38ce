"""The files that did harm themselves, where they lie beside the project."""

import json
import os
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
import json, os, resource, sys
# Loaded once: each command is a fork of this process, under limits of its own.
import core.export.replay, core.mapping, core.study.metrics
from core.cli.main import main

statuses = {}
for name, (arguments, out, errors) in json.load(sys.stdin).items():
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
        for number, path in ((1, out), (2, errors)):
            os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), number)
        sys.argv = ["cropmap", *arguments]
        main()
        os._exit(0)
    statuses[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps(statuses))
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


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> dict[str, tuple[int, str, str]]:
    """Exit status, output and errors of every command."""
    folder = tmp_path_factory.mktemp("attack")
    orders = {
        name: (
            [*map(str, command), "--out", str(folder / name)],
            str(folder / f"{name}.out"),
            str(folder / f"{name}.err"),
        )
        for name, command in CASES.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    statuses = json.loads(done.stdout)
    return {
        name: (statuses[name], Path(out).read_text(), Path(errors).read_text())
        for name, (_, out, errors) in orders.items()
    }


@pytest.mark.skipif(not ATTACK.is_dir(), reason="the files are not beside the project")
@pytest.mark.parametrize("name", CASES)
def test_a_sentence_and_status_one(ended, name) -> None:
    status, output, errors = ended[name]
    assert status == 1, errors[-2000:]
    assert errors.startswith("Error: ")
    assert len(errors.splitlines()) <= 3
    assert "\x1b" not in output + errors
