"""A timer of the page that is left does not empty the page that is opened.

Streamlit's fragments with ``run_every`` are run again by a timer in the browser, which names the
page that it is on.  A tick that was sent just before the browser heard of another page reaches the
server while that page's script runs.  Streamlit 1.67 keeps it and runs it afterwards as a run of
the *old* page: the browser takes this for a change of pages, empties the screen, and nothing is
drawn, because the fragment is gone.  Or it is put together with the waiting run of the new page,
which then never comes.  The slower the browser, the likelier.

So a tick that comes while a script runs is dropped.  If its fragment lives, the next comes soon.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streamlit.runtime.app_session import AppSession

if TYPE_CHECKING:
    from streamlit.proto.ClientState_pb2 import ClientState

Rerun = Callable[[Any, "ClientState | None"], None]


@asynccontextmanager
async def without_late_ticks(_app: object) -> AsyncIterator[None]:
    """A lifespan during which Streamlit's sessions drop late ticks."""
    rerun = AppSession.request_rerun
    AppSession.request_rerun = dropping_late_ticks(rerun)  # type: ignore[method-assign]
    try:
        yield
    finally:
        AppSession.request_rerun = rerun  # type: ignore[method-assign]


def dropping_late_ticks(rerun: Rerun) -> Rerun:
    """``AppSession.request_rerun``, but for ticks while the session's script runs."""

    def request_rerun(session: Any, client_state: ClientState | None) -> None:
        tick = client_state is not None and client_state.fragment_id and client_state.is_auto_rerun
        # A session has a runner as long as a script runs, or is about to.
        if tick and session._scriptrunner is not None:
            return
        rerun(session, client_state)

    return request_rerun
