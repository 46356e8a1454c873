"""JPEG by cells, eight pixels high and up to 128 wide: those that another picture of the same ground had are
taken and not coded again.  The bytes are those of coding it all.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.still import TILE, Shared, Still, Tiles

QUALITY = 92
BLOCK = 8
"""Pixels: the side of a coded block at 4:4:4."""
WIDTHS = range(16, 7, -2)
"""Blocks that a cell may be wide, best first, where they divide a row; in other pictures a row is one cell.
At 16 the marks between cells take 4 % of a file."""
TALLEST = 1 << 15
"""Rows of pixels that are coded together."""
KEPT_BYTES = 24 << 20
CELL_BYTES = 41
"""What a kept cell costs beside its bytes."""
START_OF_FRAME, START_OF_SCAN, END = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
"""In coded data 0xff is always followed by 0 but in these markers (ITU-T T.81, B.1.1.2)."""
MARKS = [bytes((0xFF, 0xD0 + number)) for number in range(8)]
Cells = list[bytes | None]


def cell_blocks(width: int) -> int:
    """How many blocks wide the cells of a picture are; each is a restart interval, coded by itself."""
    across = -(-width // BLOCK)
    return next((n for n in WIDTHS if width % BLOCK == 0 and across % n == 0), across)


def encode_whole(pixels: NDArray[np.uint8]) -> bytes:
    """A baseline JPEG, quality 92, 4:4:4, of (height, width, 3) contiguous sRGB bytes."""
    return _coded(pixels, cell_blocks(pixels.shape[1]))


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a square picture, row by row."""

    size: int

    @property
    def blocks(self) -> int:
        """A cell's width in blocks."""
        return cell_blocks(self.size)

    @property
    def across(self) -> int:
        """Cells in a row."""
        return -(-self.size // BLOCK) // self.blocks

    @property
    def down(self) -> int:
        """Rows of cells."""
        return -(-self.size // BLOCK)

    def touched(self, tiles: Tiles) -> NDArray[np.bool_]:
        """Which cells have pixels of these tiles."""
        wide = -(-tiles.shape[1] // self.across)
        columns = np.logical_or.reduceat(tiles, range(0, tiles.shape[1], wide), axis=1)
        return np.repeat(columns, TILE // BLOCK, axis=0)[: self.down].ravel()

    def tiles(self, cells: NDArray[np.bool_]) -> Tiles:
        """The tiles that these cells have pixels of."""
        side = -(-self.size // TILE)
        rows = np.logical_or.reduceat(cells.reshape(self.down, self.across), range(0, self.down, 2), axis=0)
        return np.repeat(rows, -(-side // self.across), axis=1)[:, :side]

    def cut(self, pixels: NDArray[np.uint8], cells: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """These cells of a picture, one below the other."""
        low = self.down * BLOCK - self.size
        padded = np.pad(pixels, ((0, low), (0, 0), (0, 0)), "edge") if low else pixels
        by_cell = padded.reshape(self.down, BLOCK, self.across, self.size // self.across, 3).swapaxes(1, 2)
        found: NDArray[np.uint8] = by_cell[cells.reshape(self.down, self.across)]
        return found.reshape(-1, *found.shape[2:])


class JpegCells:
    """A JPEG encoder that remembers cells by ground, least recently used out; safe for threads."""

    def __init__(self, *, budget: int = KEPT_BYTES) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._grounds: OrderedDict[Hashable, Cells] = OrderedDict()
        self._bytes: dict[Hashable, int] = {}

    @property
    def kept_bytes(self) -> int:
        """What is remembered now."""
        return sum(self._bytes.values())

    def encode(self, still: Still) -> bytes:
        """A baseline JPEG, quality 92, 4:4:4, of a picture of three channels."""
        if still.shared is None:
            return encode_whole(np.ascontiguousarray(still.pixels))
        grid, key = Grid(still.size), (still.size, still.shared.ground)
        cells, inked = self._known(key, grid), grid.touched(still.shared.inked)
        missing = inked | np.array([cell is None for cell in cells])
        like = _like_first_blank(grid, still.shared, missing)
        fresh = missing & (like == np.arange(len(cells)))
        if fresh.any():
            sheet = grid.cut(still.draw(grid.tiles(fresh)), fresh)
            found = dict(
                zip(np.flatnonzero(fresh).tolist(), _split(_coded(sheet, grid.blocks))[1], strict=False)
            )
            for number in np.flatnonzero(missing).tolist():
                cells[number] = found[like[number]]
        self._keep(key, cells, np.flatnonzero(missing & ~inked).tolist())
        return _header(still.size) + _joined(cast("Sequence[bytes]", cells))

    def _known(self, key: Hashable, grid: Grid) -> Cells:
        """A copy of what is remembered of a ground."""
        with self._lock:
            if key not in self._grounds:
                return [None] * (grid.across * grid.down)
            self._grounds.move_to_end(key)
            return list(self._grounds[key])

    def _keep(self, key: Hashable, cells: Cells, new: Sequence[int]) -> None:
        """Remembers these cells, which show the ground."""
        if not new:
            return
        with self._lock:
            kept = self._grounds.setdefault(key, [None] * len(cells))
            for number in new:
                kept[number] = cells[number]
            different = {id(cell): len(cell) + CELL_BYTES for cell in kept if cell is not None}
            self._bytes[key] = sum(different.values()) + 8 * len(kept)
            while self.kept_bytes > self._budget:
                del self._bytes[self._grounds.popitem(last=False)[0]]


def _like_first_blank(grid: Grid, shared: Shared, missing: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each cell one that looks the same: of the missing blank ones the first, of others itself."""
    like = np.arange(len(missing))
    blank = np.flatnonzero(missing & ~grid.touched(~shared.blank | shared.inked))
    like[blank] = blank[:1]
    return like


def _cells_of(sheet: NDArray[np.uint8], blocks: int) -> list[bytes]:
    """The coded cells of a sheet that is one cell wide and may be taller than a JPEG."""
    parts = (sheet[top : top + TALLEST] for top in range(0, len(sheet), TALLEST))
    return [cell for part in parts for cell in _split(_coded(part, blocks))[1]]


def _coded(pixels: NDArray[np.uint8], interval: int) -> bytes:
    settings = {
        cv2.IMWRITE_JPEG_QUALITY: QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        cv2.IMWRITE_JPEG_RST_INTERVAL: interval,
    }
    flat = [number for setting in settings.items() for number in setting]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), flat)
    return data.tobytes()


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    """Everything before the coded data, and that by cells."""
    scan = data.index(START_OF_SCAN) + 2
    start = scan + int.from_bytes(data[scan : scan + 2], "big")
    return data[:start], RESTART.split(data[start : -len(END)])


@lru_cache(8)
def _header(size: int) -> bytes:
    """What stands before the coded data: that of one row, made as tall as the picture."""
    header, _ = _split(_coded(np.zeros((BLOCK, size, 3), np.uint8), cell_blocks(size)))
    height = header.index(START_OF_FRAME) + 5
    return header[:height] + size.to_bytes(2, "big") + header[height + 2 :]


def _joined(cells: Sequence[bytes]) -> bytes:
    parts: list[bytes] = (MARKS * (len(cells) // 4 + 1))[: 2 * len(cells)]
    parts[::2] = cells
    parts[1::2] = (MARKS * (len(cells) // 8 + 1))[: len(cells)]
    parts[-1] = END
    return b"".join(parts)
