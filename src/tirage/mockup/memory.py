"""Large blocks of memory: given back when they are freed; those of pictures are used again.
glibc would keep freed ones in its heaps; as mappings of their own they go, but new ones cost their zeroing.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -3, -1, -8
_LARGE = 512 << 10
"""At 4 MB, what turntables keep per frame left 150 MB of holes in the heaps when it was dropped."""
_IDLE_BYTES = 40 << 20
"""What may wait to be used again: three pictures of 2048², as many as are on their way at a time."""

_idle: list[NDArray[np.uint8]] = []
_lock = threading.RLock()
"""Reentrant: an array may be freed, and its block come back, at any moment."""


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


def give_back_holes() -> None:
    """Free pages within the heaps go back, too: what a turntable keeps is many small arrays.  Takes 1 ms."""
    if give_back_large_blocks():
        ctypes.CDLL(None).malloc_trim(0)


def picture(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An array of bytes whose contents are whatever was there; its block is used again when nobody has it."""
    size = prod(shape)
    with _lock:
        fitting = [number for number, block in enumerate(_idle) if block.nbytes == size]
        if not fitting:
            del _idle[:1]  # other sizes are wanted now
        block = _idle.pop(fitting[-1]) if fitting else np.empty(size, np.uint8)
    return np.asarray(_Lease(block)).reshape(shape)


class _Lease:
    """Lends a block to an array and all that is made of it, by numpy's protocol."""

    def __init__(self, block: NDArray[np.uint8]) -> None:
        self._block = block

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The block's."""
        return self._block.__array_interface__

    def __del__(self) -> None:
        with _lock:
            _idle.append(self._block)
            while sum(block.nbytes for block in _idle) > _IDLE_BYTES:
                del _idle[0]
