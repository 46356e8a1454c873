"""Large blocks go back to the system when they are freed, or are used again."""

from __future__ import annotations

import subprocess
import sys

from tirage.mockup import memory
from tirage.mockup.memory import picture

PROGRAM = """
import sys
import numpy as np
from pathlib import Path
from tirage.mockup.memory import give_back_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "set":
    assert give_back_large_blocks() and give_back_large_blocks()
np.ones(20 << 20, np.uint8)  # after freeing this, glibc by itself would keep blocks of its size in its heap
before = resident()
blocks = [np.ones(12 << 20, np.uint8) for _ in range(8)]
last = np.ones(1 << 16, np.uint8)
del blocks
print((resident() - before) >> 20)
"""


HOLES = """
from pathlib import Path
from tirage.mockup.memory import give_back_holes

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

parts = [bytes(100_000) for _ in range(1000)]
parts = parts[::50]
before = resident()
give_back_holes()
print((before - resident()) >> 20)
"""


def test_freed_pictures_go_back() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "set"], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 12


def test_holes_in_the_heap_go_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 60


def test_a_pictures_block_is_used_again_when_nobody_has_it() -> None:
    first = picture((700, 500, 3))
    address, part = first.ctypes.data, first[10:20]
    del first
    assert picture((700, 500, 3)).ctypes.data != address  # a part of it is still in use
    del part
    assert picture((500, 700, 3)).ctypes.data == address


def test_idle_blocks_stay_within_their_budget() -> None:
    pictures = [picture((2048, 2048, 3)) for _ in range(5)]
    del pictures
    assert sum(block.nbytes for block in memory._idle) <= memory._IDLE_BYTES
