import os
import subprocess
import sys

import pytest

from core.machine_memory import give_back_free_memory, keep_memory_small

_TEN_BLOCKS = """
import sys
import numpy as np
import psutil
from core.machine_memory import keep_memory_small

if not keep_memory_small():
    sys.exit(3)
resident = psutil.Process().memory_info
blocks = []
for _ in range(10):
    blocks.append(np.ones(1_000_000))
    kept = np.ones(2_000)  # lies behind the block, where that is in the heap
    blocks.append(kept)
before = resident().rss
del blocks[::2]
print((before - resident().rss) // 1_000_000)
"""


def test_what_is_free_goes_back_to_the_system_although_something_behind_it_is_kept() -> None:
    # The C library starts with what it learns from the first array of 32 MB that is freed.
    learned = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024)}
    done = subprocess.run(
        [sys.executable, "-c", _TEN_BLOCKS],
        env=learned,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 3:
        pytest.skip("another C library")
    assert int(done.stdout) >= 79


def test_giving_back_asks_nothing_of_the_system_that_it_does_not_have(monkeypatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    give_back_free_memory()
    assert not keep_memory_small()
