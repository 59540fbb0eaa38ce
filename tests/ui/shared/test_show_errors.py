from ui.shared.show_errors import UNEXPECTED, as_told


def test_the_unexpected_is_logged_and_told_calmly(caplog) -> None:
    assert as_told(ValueError("secret")) is UNEXPECTED
    assert "secret" in caplog.text
    assert "secret" not in str(UNEXPECTED)
