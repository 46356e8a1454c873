"""JPEG by rows of blocks: a row that was encoded before, in whatever picture, is taken and not encoded again.
In a catalogue most rows of a picture show background or plain cloth; the bytes are those of encoding it all.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from secrets import randbits
from typing import cast

import numpy as np
import pyvips
import xxhash
from numpy.typing import NDArray

QUALITY = 92
ROW = 8
"""Pixels: the height of a block at 4:4:4."""
KEPT_BYTES = 24 << 20
ENTRY_BYTES = 250
"""What an entry costs beside its bytes."""
START_OF_FRAME, START_OF_SCAN, END = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
"""In coded data 0xff is always followed by 0 but in these markers (ITU-T T.81, B.1.1.2)."""
JFIF = bytes.fromhex("ffe0 0010 4a46494600 0101 00 0001 0001 0000")
"""The header that libjpeg leaves out with the other metadata; some readers want it to know YCbCr from RGB."""


class JpegRows:
    """A JPEG encoder that remembers coded rows within a budget, least recently used out; safe for threads.

    Each row of blocks is a restart interval, so it is coded without regard to the others.
    """

    def __init__(self, *, budget: int = KEPT_BYTES) -> None:
        self._budget = budget
        self._seed = randbits(64)
        """Nobody can prepare two rows that this process takes for the same."""
        self._lock = threading.Lock()
        self._coded: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    @property
    def kept_bytes(self) -> int:
        """What is remembered now."""
        return self._bytes

    def encode(self, pixels: NDArray[np.uint8]) -> bytes:
        """A baseline JPEG, quality 92, 4:4:4, of (height, width, 3) contiguous sRGB bytes."""
        keys = [self._key(pixels[top : top + ROW]) for top in range(0, len(pixels), ROW)]
        rows = self._known(keys)
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and rows[end] is None:
                end += 1
            if end > start:
                rows[start:end] = _split(_coded(pixels[start * ROW : end * ROW]))[1]
                self._keep(keys[start:end], cast("Sequence[bytes]", rows[start:end]))
            start = end + 1
        return _header(pixels) + _joined(cast("Sequence[bytes]", rows))

    def _key(self, row: NDArray[np.uint8]) -> bytes:
        return xxhash.xxh3_128_digest(row.data, seed=self._seed) + len(row[0]).to_bytes(2, "big")

    def _known(self, keys: Sequence[bytes]) -> list[bytes | None]:
        with self._lock:
            for key in keys:
                if key in self._coded:
                    self._coded.move_to_end(key)
            return [self._coded.get(key) for key in keys]

    def _keep(self, keys: Sequence[bytes], rows: Sequence[bytes]) -> None:
        with self._lock:
            for key, row in zip(keys, rows, strict=True):
                if key not in self._coded:
                    self._coded[key] = row
                    self._bytes += len(row) + ENTRY_BYTES
            while self._bytes > self._budget:
                self._bytes -= len(self._coded.popitem(last=False)[1]) + ENTRY_BYTES


def _coded(pixels: NDArray[np.uint8]) -> bytes:
    height, width, channels = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.data, width, height, channels, "uchar")
    data = image.copy(interpretation="srgb").jpegsave_buffer(
        Q=QUALITY, subsample_mode="off", keep="none", restart_interval=-(-width // ROW)
    )
    return cast("bytes", data)


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    """Everything before the coded data, and that by rows."""
    scan = data.index(START_OF_SCAN) + 2
    start = scan + int.from_bytes(data[scan : scan + 2], "big")
    return data[:start], RESTART.split(data[start : -len(END)])


def _header(pixels: NDArray[np.uint8]) -> bytes:
    """What stands before the coded data: the header of the first row, made as tall as the picture."""
    header, _ = _split(_coded(pixels[:ROW]))
    height = header.index(START_OF_FRAME) + 5
    return header[:2] + JFIF + header[2:height] + len(pixels).to_bytes(2, "big") + header[height + 2 :]


def _joined(rows: Sequence[bytes]) -> bytes:
    parts = []
    for number, row in enumerate(rows):
        parts += [row, bytes((0xFF, 0xD0 + number % 8))]
    return b"".join(parts[:-1]) + END
