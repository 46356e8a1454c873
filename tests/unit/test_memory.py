"""Large blocks go back to the system when they are freed."""

from __future__ import annotations

import subprocess
import sys

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


def test_freed_pictures_go_back() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "set"], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 12
