"""Memory that is given back: glibc keeps freed pictures in its heaps once it has seen a few large ones.
With a fixed threshold every large array is a mapping of its own and goes back to the system when it is freed.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -3, -1, -8
_LARGE = 4 << 20


@cache
def give_back_large_blocks() -> bool:
    """Set it for this process, once; False where the C library has no such setting."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = ((_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE), (_M_ARENA_MAX, 2))
    return all(mallopt(name, value) == 1 for name, value in settings)
