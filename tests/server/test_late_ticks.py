import asyncio
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from tests.server.test_nodelay import run
from ui.server.late_ticks import dropping_late_ticks, without_late_ticks

TICK = ClientState(fragment_id="progress", is_auto_rerun=True)
PRESSED = ClientState(fragment_id="progress")
PAGE = ClientState(page_script_hash="annotate")


def reaching(running: bool, *asked: ClientState | None) -> list[ClientState | None]:
    """Which of these requests a session hears of."""
    heard: list[ClientState | None] = []
    rerun = dropping_late_ticks(lambda _, state: heard.append(state))
    session = SimpleNamespace(_scriptrunner=object() if running else None)
    for state in asked:
        rerun(session, state)
    return heard


def test_a_tick_while_the_script_runs_is_dropped() -> None:
    assert reaching(True, TICK) == []
    assert reaching(False, TICK) == [TICK]


@pytest.mark.parametrize("running", [True, False])
def test_what_people_do_is_always_heard(running: bool) -> None:
    assert reaching(running, PRESSED, PAGE, None) == [PRESSED, PAGE, None]


def test_sessions_have_what_is_asked_of_them() -> None:
    # Without this attribute every tick would be an error.
    assert "_scriptrunner" in AppSession.__init__.__code__.co_names


def test_it_lasts_as_long_as_the_server() -> None:
    before = AppSession.request_rerun

    async def serve() -> bool:
        async with without_late_ticks(None):
            await asyncio.sleep(0)
            return AppSession.request_rerun is not before

    assert run(serve())
    assert AppSession.request_rerun is before
