"""The cookie by which a browser is known again."""

import pytest

from ui.server.browser_cookie import COOKIE, new_id

FIRST = "/app/_stcore/health"


def test_a_browser_without_a_cookie_gets_one_that_no_script_and_no_site_can_use(client) -> None:
    given = client.get(FIRST).headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    assert "Secure" not in given
    client.base_url = "https://localhost"
    client.cookies.clear()
    client.headers["Origin"] = "https://localhost"
    assert client.get(FIRST).headers["set-cookie"].endswith("; Secure")


def test_it_is_kept_and_only_asked_for_where_it_is_always_sent(client) -> None:
    client.get(FIRST)
    assert "set-cookie" not in client.get(FIRST).headers
    client.cookies.clear()
    # Whoever follows a link of another site comes without the cookie, but has one.
    assert "set-cookie" not in client.get("/annotate").headers


@pytest.mark.parametrize("made_up", ["", "short", "a" * 44, "é" * 43])
def test_what_is_no_such_number_is_replaced(client, made_up) -> None:
    headers = {"Cookie": f"{COOKIE}={made_up}".encode()}
    assert "set-cookie" in client.get(FIRST, headers=headers).headers
    headers = {"Cookie": f"other=1; {COOKIE}={new_id()}"}
    assert "set-cookie" not in client.get(FIRST, headers=headers).headers


def test_another_site_gets_none(client) -> None:
    answer = client.get(FIRST, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
