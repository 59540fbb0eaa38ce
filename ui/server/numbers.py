"""Numbers in the addresses of requests."""

from __future__ import annotations

import math

from starlette.requests import Request

from core.errors import InputError


def query_number(request: Request, name: str) -> float:
    """A finite number of the query.

    Raises
    ------
    InputError
        It is missing, or none.
    """
    try:
        value = float(request.query_params.get(name, "nan"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"The request has no {name}.", "Load the page again.")
    return value
