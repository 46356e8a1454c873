"""Makes designs × presets × colours, each combination a folder of its own, whole or not there.
What can be shared is: a design is read once, the renderer stays warm; one bad cell does not stop the others.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tirage.errors import Failed, TirageError
from tirage.log import Logger
from tirage.media.intake import Design, read_design
from tirage.mockup.cells import Cell, MatrixOrder, cells_of
from tirage.mockup.order import resolve_look
from tirage.mockup.pipeline import Drawing, MockupResult, Run, Studio, enough_memory, produce, workers
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

log = Logger("matrix")
IN_FLIGHT = 2
"""Cells worked on at a time: one writes its last files while the next one renders."""
CellProgress = Callable[["CellResult", int, int], None]
"""Told each finished cell, how many are done, and of how many; in the calling thread."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """What became of a cell: exactly one of `result` and `error` is there."""

    cell: Cell
    result: MockupResult | None = None
    error: TirageError | None = None


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """All cells in the order of the matrix, and the milliseconds they took together."""

    cells: tuple[CellResult, ...]
    milliseconds: float

    @property
    def failed(self) -> tuple[CellResult, ...]:
        """The cells that were not made."""
        return tuple(cell for cell in self.cells if cell.error is not None)


def make_matrix(
    order: MatrixOrder, *, renderer: Drawing | None = None, progress: CellProgress | None = None
) -> MatrixResult:
    """Makes every cell that can be made; errors of single cells are in the result.

    BadInput, before anything is made: a colour, size or the template is wrong.
    """
    start = time.perf_counter()
    renderer = renderer or Renderer(load(order.template))
    cells = cells_of(order)
    for cell in {cell.colour: cell for cell in cells}.values():
        resolve_look(cell.order, renderer.template)
    done: dict[Cell, CellResult] = {}
    stop = threading.Event()
    with workers() as pool, cell_threads(stop) as threads:
        studio = Studio(renderer=renderer, pool=pool)
        for result in _run(cells, studio, threads, stop):
            done[result.cell] = result
            if progress:
                progress(result, len(done), len(cells))
    return MatrixResult(tuple(done[cell] for cell in cells), (time.perf_counter() - start) * 1000)


class Stopped(BaseException):
    """Ends a cell whose matrix was interrupted; never leaves this module."""


@contextmanager
def cell_threads(stop: threading.Event) -> Iterator[Executor]:
    """Threads that make cells; leaving the block makes the ones at work stop at their next step."""
    threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="cell")
    try:
        yield threads
    finally:
        stop.set()
        threads.shutdown(cancel_futures=True)


def _run(
    cells: Sequence[Cell], studio: Studio, threads: Executor, stop: threading.Event
) -> Iterator[CellResult]:
    """Finished cells as they come; a design is in memory only while its cells are at work."""
    left = Counter(cell.path for cell in cells)
    reading: dict[Path, Future[Design]] = {}
    flying: set[Future[CellResult]] = set()
    waiting = list(reversed(cells))
    while waiting or flying:
        while waiting and len(flying) < IN_FLIGHT + 1:
            cell = waiting.pop()
            if cell.path not in reading:
                reading[cell.path] = studio.pool.submit(read_design, cell.path)
            flying.add(threads.submit(_make, cell, reading[cell.path], studio, stop))
        landed, flying = wait(flying, return_when=FIRST_COMPLETED)
        for future in landed:
            result = future.result()
            left[result.cell.path] -= 1
            if not left[result.cell.path]:
                del reading[result.cell.path]
            yield result


def _make(cell: Cell, reading: Future[Design], studio: Studio, stop: threading.Event) -> CellResult:
    def check(_stage: str, _done: int, _total: int) -> None:
        if stop.is_set():
            raise Stopped

    try:
        with enough_memory():
            designs = {cell.path: reading.result()}
            return CellResult(cell, produce(cell.order, designs=designs, studio=studio, run=Run(check)))
    except TirageError as error:
        return CellResult(cell, error=error)
    except Exception:  # a border: a defect that one design shows must not cost the others
        log.error("cell failed", folder=str(cell.order.out), exc_info=True)
        return CellResult(cell, error=Failed("INTERNAL", f"{cell.order.out} failed by a defect."))
