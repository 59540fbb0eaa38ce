"""Fixtures that every part shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real imagery, land cover and field polygons; skips where it is absent."""
    folder = Path(os.environ.get("CROPMAP_TEST_DATA", _BESIDE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"the real test data is not at {folder} (set CROPMAP_TEST_DATA)")
    return folder
