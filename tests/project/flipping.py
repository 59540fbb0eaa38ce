"""Bits of a closed project's rows, flipped by other means than the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def flip_text(path: Path, table: str, column: str, where: str, bit: int) -> None:
    """Flip one bit of a stored text, which may be none any more after that."""
    with closing(sqlite3.connect(path)) as connection, connection:
        stored = connection.execute(
            f"SELECT CAST({column} AS BLOB) FROM {table} WHERE {where}"
        ).fetchone()[0]
        changed = bytearray(stored)
        changed[bit // 8 % len(changed)] ^= 1 << bit % 8
        # As a text again, whatever its bytes are.
        connection.execute(
            f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {where}", (bytes(changed),)
        )


def flip_number(path: Path, table: str, column: str, where: str, bit: int) -> None:
    """Flip one bit of a stored number."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        (stored,) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (stored ^ 1 << bit,))


def run(path: Path, *statements: str) -> None:
    """Run statements on a closed file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
