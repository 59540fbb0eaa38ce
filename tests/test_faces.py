"""Every name that a package's face hands out is there."""

import importlib
from pathlib import Path

import pytest

CORE = Path(__file__).parent.parent / "core"
PACKAGES = sorted(
    ".".join(path.parent.relative_to(CORE.parent).parts)
    for path in CORE.rglob("__init__.py")
    if "load_lazily(" in path.read_text("utf-8")
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_face_hands_out_what_it_names(package) -> None:
    face = importlib.import_module(package)
    assert face.__all__
    assert [name for name in face.__all__ if getattr(face, name, None) is None] == []
    with pytest.raises(AttributeError):
        getattr(face, "nothing_of_this_name")  # noqa: B009
