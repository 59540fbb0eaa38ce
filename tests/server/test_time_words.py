from ui.server.time_words import duration


def test_times_are_rough() -> None:
    assert duration(20) == "less than a minute"
    assert duration(61) == "about 1 minute"
    assert duration(600) == "about 10 minutes"
    assert duration(3 * 3600) == "about 3.0 hours"
