"""A process that maps tiles for another: ``python -m core.mapping.engines.tile_worker FD PARENT``.

It gets one :class:`TileOrder` and then tiles on the connection FD, and answers each of them.  What
is heavy to import comes with the order: the limits on threads, which are in the environment, and
the bond to the parent hold before that.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from core.errors import CropMapError
from core.machine_memory import keep_memory_small
from core.parent_process import end_with


def main() -> None:
    """Serve until nobody asks any more."""
    keep_memory_small()
    line, parent = (int(argument) for argument in sys.argv[1:])
    end_with(parent)
    with Connection(line) as connection:
        try:
            _serve(connection)
        except (EOFError, ConnectionError):
            return  # whoever asked has what it wanted, or is gone


def _serve(connection: Connection) -> None:
    from core.mapping.engines.tile_order import answer, sendable  # noqa: PLC0415

    wrong: Exception | None = None
    try:
        run = connection.recv().begin()
    except (EOFError, ConnectionError):
        raise
    except CropMapError as error:
        wrong = error
    except Exception as error:  # noqa: BLE001  (it is raised where the run began)
        wrong = sendable(error)
    while True:
        tile = connection.recv()
        connection.send(answer(run, tile) if wrong is None else wrong)


if __name__ == "__main__":
    main()
