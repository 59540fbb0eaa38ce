"""What a comparison of methods amounts to."""

import numpy as np
import pytest

from core.errors import InputError
from core.study.metrics.pixels import Confusion
from core.study.projects.findings import read_findings

HEAD = "region,method,seed,image,tile,true_positive,false_positive,false_negative,true_negative"


def table(path, methods: dict[str, list[tuple[int, int, int, int]]], region: str = "Hills"):
    lines = [HEAD]
    for method, tiles in methods.items():
        for number, counts in enumerate(tiles):
            lines.append(f"{region},{method},0,North,t{number},{','.join(map(str, counts))}")
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


def noisy(right: float, tiles: int, seed: int) -> list[tuple[int, int, int, int]]:
    """Tiles of 1,000 pixels, of which about this share is right."""
    chosen = np.random.default_rng(seed)
    shares = np.clip(right + chosen.normal(0, 0.02, tiles), 0, 1)
    return [(round(500 * s), 500 - round(500 * s), 500 - round(500 * s), round(500 * s))
            for s in shares]  # fmt: skip


def test_the_best_is_named_with_its_gain_and_those_that_are_as_good(tmp_path) -> None:
    path = table(
        tmp_path / "tiles.csv",
        {"land cover": noisy(0.8, 8, 1), "classifier": noisy(0.95, 8, 2),
         "apt_plus": noisy(0.95, 8, 3), "joint": noisy(0.6, 8, 4)},
    )  # fmt: skip
    (found,) = read_findings(path, seed=0)
    assert found.tiles == 8
    assert {found.best, *found.undecided} == {"classifier", "apt_plus"}
    assert found.gain is not None
    assert found.gain.low is not None
    assert 0 < found.gain.low < found.gain.value < found.gain.high
    whole = sum((Confusion(*counts) for counts in noisy(0.95, 8, 2)), Confusion())
    if found.best == "classifier":
        assert found.mean_iou == pytest.approx(whole.mean_iou)


def test_few_tiles_decide_nothing(tmp_path) -> None:
    path = table(tmp_path / "t.csv", {"land cover": noisy(0.5, 3, 1), "joint": noisy(0.9, 3, 2)})
    (found,) = read_findings(path, seed=0)
    assert not found.decided
    assert found.undecided == ("land cover",)


def test_tiles_that_one_method_lacks_or_that_are_not_known_do_not_count(tmp_path) -> None:
    tiles = noisy(0.9, 6, 1)
    path = table(
        tmp_path / "t.csv", {"land cover": [*tiles, (0, 0, 0, 0)], "joint": noisy(0.8, 5, 2)}
    )
    (found,) = read_findings(path, seed=0)
    assert (found.tiles, found.best, found.gain) == (5, "land cover", None)


def test_regions_are_apart_and_a_damaged_table_is_one_sentence(tmp_path) -> None:
    one = table(tmp_path / "a.csv", {"joint": noisy(0.9, 2, 1)})
    two = table(tmp_path / "b.csv", {"joint": noisy(0.9, 2, 1)}, "Plain")
    both = tmp_path / "t.csv"
    rest = two.read_text(encoding="utf-8-sig").split("\n", 1)[1]
    both.write_text(one.read_text(encoding="utf-8-sig") + "\n" + rest, encoding="utf-8")
    assert [found.region for found in read_findings(both, seed=0)] == ["Hills", "Plain"]
    both.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_findings(both, seed=0)
    with pytest.raises(InputError, match="cannot be read"):
        read_findings(tmp_path / "none.csv", seed=0)
