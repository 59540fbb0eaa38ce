import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.imagery.stretch import Stretch
from core.settings import get_settings
from ui.annotate.tile_map import tile_to_show
from ui.results.overview_map import load_parcels
from ui.scenes.histogram import HEIGHT, WIDTH, draw
from ui.scenes.landcover_facts import ClassRow, legend, sources, with_source
from ui.shared import preferences
from ui.shared.preferences import Preferences
from ui.shared.settings_dialog import scene_settings
from ui.shared.text import escape_colour
from ui.shared.times import ago

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (61, "1 minute ago"), (7300, "2 hours ago"), (3 * 86400, "3 days ago")],
)
def test_how_long_ago(seconds, words) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words
    assert ago((NOW - timedelta(seconds=seconds)).replace(tzinfo=None), NOW) == words


def test_long_ago_is_a_date() -> None:
    assert ago(NOW - timedelta(days=100), NOW) == "on 2025-02-21"
    assert ago(None) == "at an unknown time"


def test_each_browser_has_its_own_preferences_for_good(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    get_settings.cache_clear()
    preferences.save("one", Preferences("Ada  Lovelace", "none", "classifier"))
    preferences.save("two", Preferences("Ben"))
    assert preferences.load("one") == Preferences("Ada Lovelace", "none", "classifier")
    assert preferences.load("three").person == ""
    for file in (tmp_path / "browsers").iterdir():
        assert "one" not in file.name
        file.write_bytes(b"broken")
    assert preferences.load("one") == Preferences()
    get_settings.cache_clear()


def test_unknown_choices_become_known_ones() -> None:
    cleaned = preferences.cleaned(Preferences("x" * 500, "gone", "gone"))
    assert len(cleaned.person) == preferences.LONGEST_NAME
    assert (cleaned.model, cleaned.strategy) == ("cropmap_small", "apt_plus")


def test_without_a_model_only_the_classifier_can_work() -> None:
    assert scene_settings("none", "apt_plus") == {"model": None, "strategy": "classifier"}


def test_a_legend_escapes_names_and_refuses_colours_that_are_none() -> None:
    rows = [ClassRow("<b>Crops</b>", '#000;"onload=', True, 3.0, 0.5)]
    assert "<b>" not in legend(rows)
    assert "onload" not in legend(rows)
    assert escape_colour("#F096ff") == "#F096ff"


def test_each_land_cover_file_is_listed_once() -> None:
    first = {"path": "/a.tif", "product": "p", "crs": None, "nodata": None}
    settings = with_source(with_source({"model": None}, first), first)
    assert sources(settings) == [first]
    assert settings["model"] is None
    assert sources({"landcovers": ["nonsense", {}]}) == []


def test_parcels_on_the_map_carry_no_markup(tmp_path) -> None:
    path = tmp_path / "parcels.geojson"
    geometry = {"type": "Point", "coordinates": [0, 0]}
    facts = {"field_id": "<img src=x>", "area_ha": 1.5, "reviewer": "${evil}`", "status": None}
    path.write_text(json.dumps({"features": [{"geometry": geometry, "properties": facts}]}))
    features = load_parcels(path)
    assert features is not None
    shown = json.dumps(features[0]["properties"])
    assert not set("<>`$") & set(shown)
    path.write_text("no json")
    assert load_parcels(path) is None
    assert load_parcels(None) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_histograms_of_any_dtype(dtype) -> None:
    values = np.random.default_rng(0).integers(0, 200, (3, 40, 40)).astype(dtype)
    valid = np.ones((40, 40), dtype=bool)
    stretch = Stretch((10.0, 20.0, 0.0), (150.0, 180.0, 199.0))
    image = draw(values, valid, stretch)
    assert image.size == (WIDTH, HEIGHT)
    assert len(image.getcolors(maxcolors=1000)) > 4
    draw(values * 0, valid, stretch)
    draw(values, ~valid, stretch)


def test_a_scene_without_tiles_has_none_to_show() -> None:
    assert tile_to_show([], "x0_y0") is None
