"""Runs what was ordered: progress on a terminal, a summary or one JSON object at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tirage.cli import report
from tirage.cli.orders import Tool
from tirage.cli.templates import package_of
from tirage.mockup.cells import MatrixOrder
from tirage.mockup.matrix import CellResult, make_matrix
from tirage.mockup.model import Template
from tirage.mockup.order import MockupOrder, RendererName
from tirage.mockup.pipeline import Drawing, make_mockup
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load
from tirage.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

FAILED = 1


def mockup(order: MockupOrder | MatrixOrder, tool: Tool, *, json: bool) -> int:
    """Makes the order and reports it; the exit code."""
    start = time.perf_counter()
    settings = Settings.read()
    with (
        _bars(shown=not json and sys.stderr.isatty()) as bars,
        _renderer(tool, load(package_of(order.template, settings)), settings, bars) as renderer,
    ):
        loaded = since(start)
        if isinstance(order, MatrixOrder):
            matrix = make_matrix(order, renderer=renderer, progress=bars.cell)
            report.matrix(matrix, total=since(start), json=json)
            return FAILED if matrix.failed else 0
        result = make_mockup(order, renderer=renderer, progress=bars.stage)
    timings = {**result.timings, "template": loaded, "total": since(start)}
    report.mockup(result, timings=timings, json=json)
    return 0


@contextmanager
def _renderer(tool: Tool, template: Template, settings: Settings, bars: _Bars) -> Iterator[Drawing]:
    """The renderer that was asked for; Blender is found before anything is rendered, and ended afterwards."""
    if tool.name is RendererName.RELIGHT:
        yield Renderer(template, threads=settings.threads)
        return
    from tirage.media.blender import Blender, find_blender
    from tirage.mockup.cycles import CyclesRenderer

    program = find_blender(settings.blender)
    with Blender(program, device=settings.blender_device, threads=settings.threads) as blender:
        yield CyclesRenderer(template, blender=blender, samples=tool.samples, progress=bars.samples)


def since(start: float) -> float:
    """Milliseconds since a reading of the clock."""
    return (time.perf_counter() - start) * 1000


class _Bars:
    """Progress bars, or nothing when output is no terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def stage(self, name: str, done: int, total: int) -> None:
        """One bar for each stage that has more than one part."""
        if self._progress is None or total == 1:
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done)

    def samples(self, done: int, total: int) -> None:
        """One bar for the samples of the picture at work."""
        self.stage("samples", done, total)

    def cell(self, _result: CellResult, done: int, total: int) -> None:
        """One bar over all cells."""
        self.stage("cells", done, total)


@contextmanager
def _bars(*, shown: bool) -> Iterator[_Bars]:
    if not shown:
        yield _Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bars(progress)
