"""The small project, the tile and the fake model of the annotator's tests."""

from tests.session.conftest import (  # noqa: F401
    farmland,
    project,
    scene_id,
    segmenter,
    small_tiles,
    tile,
    workspace,
    workspaces,
)
