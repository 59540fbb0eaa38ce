import threading

import pytest

from core.errors import WeightsError
from core.sam.added import added_checkpoint, own_folder
from core.session.models import Models
from core.settings import get_settings
from tests.fakes import ColourSegmenter
from tests.sam.own_models import OWN_SHA256, own


def test_a_model_is_loaded_once_by_whoever_comes_first() -> None:
    loaded = []

    def load(key: str) -> ColourSegmenter:
        loaded.append(key)
        return ColourSegmenter()

    service = Models(load).service("cropmap_small")
    assert service.loaded is None
    threads = [threading.Thread(target=service.segmenter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["cropmap_small"]
    assert service.loaded is service.segmenter()


def test_a_model_that_cannot_be_loaded_is_tried_again() -> None:
    tries = []

    def load(key: str) -> ColourSegmenter:
        tries.append(key)
        if len(tries) == 1:
            raise WeightsError("No weights.", "Get some.")
        return ColourSegmenter()

    service = Models(load).service("cropmap_small")
    with pytest.raises(WeightsError):
        service.segmenter()
    assert service.segmenter() is not None


def test_no_model_is_a_service_too() -> None:
    assert Models().service(None).segmenter() is None


def test_another_checkpoint_under_a_name_is_loaded_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    own("fields")
    loaded = []

    def load(key: str) -> ColourSegmenter:
        loaded.append(key)
        record = added_checkpoint(key)
        assert record is not None
        return ColourSegmenter(name=key, weights_hash=record.sha256)

    service = Models(load).service("fields")
    first = service.segmenter()
    assert service.segmenter() is service.loaded is first
    path = own_folder() / "fields.json"
    path.write_text(path.read_text().replace(OWN_SHA256, "1" * 64) + " ")
    assert service.loaded is None
    second = service.segmenter()
    assert second is not None
    assert second.weights_hash == "1" * 64
    assert loaded == ["fields"] * 2
    get_settings.cache_clear()
