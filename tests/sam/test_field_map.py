"""At which size the network looks, and that its answer comes back on the image's pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.sam.field_map import map_fields

Colours = npt.NDArray[np.uint8]


class _Brightness:
    """Extent is red, boundary is green, depth is blue; remembers what it was shown."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, rgb: Colours) -> npt.NDArray[np.float32]:
        self.shapes.append(rgb.shape)
        assert rgb.shape[0] % 32 == rgb.shape[1] % 32 == 0
        return np.moveaxis(rgb, -1, 0).astype(np.float32) / 255


def _gradient(rows: int, columns: int) -> Colours:
    rgb = np.zeros((rows, columns, 3), dtype=np.uint8)
    rgb[..., 0] = np.linspace(0, 255, columns).astype(np.uint8)
    rgb[..., 1] = np.linspace(0, 255, rows).astype(np.uint8)[:, None]
    return rgb


@pytest.mark.parametrize(
    ("gsd_m", "shrunk", "looked"),
    [
        (0.25, 6, (96, 128, 3)),
        (0.5, 3, (160, 256, 3)),
        (1.0, 2, (256, 352, 3)),
        (2.5, 1, (480, 704, 3)),
        (4.0, 1, (480, 704, 3)),
        (10.0, 1, (1024, 1024, 3)),
    ],
)
def test_fine_imagery_is_shrunk_and_coarse_imagery_enlarged(gsd_m, shrunk, looked) -> None:
    network, rgb = _Brightness(), _gradient(479, 683)
    found = map_fields(rgb, gsd_m, network)
    assert found.shrunk == shrunk
    assert network.shapes[0] == looked
    assert found.extent.shape == (-(-479 // shrunk), -(-683 // shrunk))
    middle = rgb[shrunk // 2 :: shrunk, shrunk // 2 :: shrunk].astype(np.float32) / 255
    inside = (slice(1, middle.shape[0] - 1), slice(1, middle.shape[1] - 1))
    for band, values in enumerate((found.extent, found.boundary)):
        np.testing.assert_allclose(
            values[inside], middle[..., band][inside], atol=0.006 + 0.004 * shrunk
        )


def test_windows_of_a_large_image_meet_without_a_seam() -> None:
    network, rgb = _Brightness(), _gradient(1100, 2500)
    found = map_fields(rgb, 2.0, network)
    assert len(network.shapes) > 4
    np.testing.assert_allclose(found.extent, rgb[..., 0] / 255.0, atol=1e-6)
    np.testing.assert_allclose(found.boundary, rgb[..., 1] / 255.0, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 2)])
def test_tiny_images_have_a_field_map(shape) -> None:
    assert map_fields(_gradient(*shape), 2.0, _Brightness()).extent.shape == shape
