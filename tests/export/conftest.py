"""What projects that are exported have in common."""

import pytest

from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter


@pytest.fixture(scope="module")
def workspaces() -> Workspaces:
    """With a model that answers by colour."""
    return Workspaces(Models(lambda _key: ColourSegmenter()))
