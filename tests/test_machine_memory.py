import subprocess
import sys

import pytest

from core.machine_memory import give_back_free_memory, keep_memory_small

_TEN_BLOCKS = """
import sys
import numpy as np
import psutil
from core.machine_memory import keep_memory_small

if sys.argv[1] == "small" and not keep_memory_small():
    sys.exit(3)
resident = psutil.Process().memory_info
# The first block that is freed teaches the C library to keep all of its size.
taught = np.ones(3_900_000)
del taught
blocks = []
for _ in range(10):
    blocks.append(np.ones(1_000_000))
    kept = np.ones(2_000)  # lies behind the block, where that is in the heap
    blocks.append(kept)
before = resident().rss
del blocks[::2]
print((before - resident().rss) // 1_000_000)
"""


def _given_back_mb(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _TEN_BLOCKS, how], capture_output=True, text=True, check=False
    )
    if done.returncode == 3:
        pytest.skip("another C library")
    return int(done.stdout)


def test_what_is_free_goes_back_to_the_system_although_something_behind_it_is_kept() -> None:
    assert _given_back_mb("as it is") < 40
    assert _given_back_mb("small") >= 79


def test_giving_back_asks_nothing_of_the_system_that_it_does_not_have(monkeypatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    give_back_free_memory()
    assert not keep_memory_small()
