"""No oddity of a header or sidecar is accepted in silence: the same map, or a word about it.

The oracle is made, not asked: ``odd_files`` knows of each file which colours it holds, where they
lie and what is known, because it stored one picture in another way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.crs import same_place
from core.errors import InputError
from core.existing.mask import MaskFileLabels, read_mask
from core.grid import Grid
from core.imagery.cog import copy_as_cog
from core.imagery.scene import open_scene, read_window
from core.landcover.alignment import align
from core.landcover.coverage import sentences_of
from core.landcover.source import open_landcover
from core.task import silent_share
from tests.imagery import odd_files, odd_pixels, odd_places
from tests.imagery.odd_files import OddFile

_AXES = (
    odd_pixels.PICTURES,
    odd_pixels.BANDS,
    odd_pixels.UNKNOWN,
    odd_places.LAYOUTS,
    odd_places.PLACES,
    odd_files.STORAGE,
)
_PLAIN = ("bytes", "plain", "all known", "north up", "in the file", "strips")


def made(choice: tuple[str, ...], axes: tuple[dict, ...] = _AXES) -> OddFile:
    """The file of one choice from each axis."""
    file = axes[0][choice[0]]()
    for axis, name in zip(axes[1:], choice[1:], strict=True):
        axis[name](file)
    return file


def expected_colours(file: OddFile, folder: Path) -> np.ndarray:
    """Red, green and blue (3, rows, columns) that must be seen.

    Of 8-bit colours they are those that were stored.  How reflectances are stretched is for other
    tests to say: here they must be seen as those of a plain file.
    """
    if file.meant.max() <= 255:
        return file.meant
    folder.mkdir()
    plain = OddFile(file.meant, file.meant.astype(np.uint16), file.valid)
    plain.profile["photometric"] = "RGB"
    plain.inside.append(lambda out: out.write_mask(file.valid))
    plain.environment["GDAL_TIFF_INTERNAL_MASK"] = True
    scene = open_scene(odd_files.write(plain, folder))
    return np.moveaxis(read_window(scene, scene.working_grid.extent).rgb, -1, 0)


def check_same_or_said(file: OddFile, path: Path) -> None:
    """Hold what the app makes of a file against what it was made of."""
    if file.refused:
        with pytest.raises(InputError, match=r"\.$"):
            open_scene(path)
        return
    scene = open_scene(path)
    told = sentences_of(scene, None)
    seen = read_window(scene, scene.working_grid.extent)
    assert told or not file.must_say
    assert file.must_say or file.may_say or not told, told
    check_place(file, scene.grid)
    assert np.array_equal(seen.valid, file.valid)
    if file.guessed and told and scene.bands != tuple(band + 1 for band in file.shows):
        return
    right = expected_colours(file, path.parent / "plain").astype(int)
    apart = np.abs(np.moveaxis(seen.rgb, -1, 0) - right)[:, file.valid]
    assert apart.max() <= 1


@pytest.mark.parametrize(
    "choice",
    [
        (*_PLAIN[:place], name, *_PLAIN[place + 1 :])
        for place, axis in enumerate(_AXES)
        for name in axis
    ],
    ids=lambda choice: ", ".join(c for c, p in zip(choice, _PLAIN, strict=True) if c != p),
)
def test_one_oddity(choice, tmp_path) -> None:
    file = made(choice)
    check_same_or_said(file, odd_files.write(file, tmp_path))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.tuples(*(st.sampled_from(list(axis)) for axis in _AXES)), st.booleans())
def test_oddities_together(tmp_path_factory, choice, copied) -> None:
    """Also of the copy that the app makes of an upload."""
    folder = tmp_path_factory.mktemp("odd")
    file = made(choice)
    path = odd_files.write(file, folder)
    if copied and not file.refused:
        copy = folder / "copy"
        copy.mkdir()
        copy_as_cog(path, copy / "copy.tif", crs=None, categorical=False, progress=silent_share)
        path = copy / "copy.tif"
    check_same_or_said(file, path)


_CODE_AXES = (
    odd_pixels.CODES,
    odd_pixels.CODE_BANDS,
    odd_pixels.UNKNOWN,
    odd_places.LAYOUTS,
    odd_places.PLACES,
    odd_files.STORAGE,
)


def check_codes(file: OddFile, path: Path, kind: str) -> None:
    """Hold what is made of a land cover or a mask against what it was made of."""
    if kind == "mask":
        _check_mask(file, path)
        return
    if file.refused:
        with pytest.raises(InputError):
            open_landcover(path, product="worldcover_v200")
        return
    landcover = open_landcover(path, product="worldcover_v200")
    tile = align(landcover, landcover.grid)
    check_place(file, landcover.grid)
    assert np.array_equal(tile.valid, file.valid)
    assert np.array_equal(tile.classes[tile.valid], file.meant[0][file.valid])


def _check_mask(file: OddFile, path: Path) -> None:
    if file.refused and file.valid.any():
        with pytest.raises(InputError):
            read_mask(path)
        return
    try:
        mask = read_mask(path)
    except InputError:
        assert file.refused  # a sentence, though nothing in it is known anyway
        return
    if file.must_say or file.refused:
        # Every value that no tag explains is listed for the person; where all is unknown, none.
        assert len(mask.values) == (3 if file.must_say else 0)
        return
    counts = Counter(file.meant[0][file.valid].tolist())
    assert (mask.values, mask.unknown) == (dict(counts), int((~file.valid).sum()))
    check_place(file, mask.grid)
    codes = MaskFileLabels(mask, frozenset({1})).codes(mask.grid)
    assert np.array_equal(codes, np.where(file.valid, file.meant[0] == 1, 255))


def check_place(file: OddFile, grid: Grid) -> None:
    """A grid must lie where the file was put."""
    assert same_place(odd_places.UTM33, grid.crs, grid.corners, 0.001)
    assert np.allclose(grid.transform, file.transform, rtol=0, atol=1e-6)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.tuples(*(st.sampled_from(list(axis)) for axis in _CODE_AXES)))
def test_oddities_of_land_cover_and_masks(tmp_path_factory, choice) -> None:
    file = made(choice, _CODE_AXES)
    kind = choice[0].split(" in ")[0]
    check_codes(file, odd_files.write(file, tmp_path_factory.mktemp("odd")), kind)
