"""Runs what was ordered: progress on a terminal, a summary or one JSON object at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tirage.cli import report
from tirage.cli.bars import Bars, bars
from tirage.cli.orders import Tool
from tirage.cli.templates import package_of
from tirage.mockup.cells import MatrixOrder
from tirage.mockup.matrix import make_matrix
from tirage.mockup.model import Template
from tirage.mockup.order import MockupOrder, RendererName
from tirage.mockup.pipeline import Drawing, make_mockup
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load
from tirage.settings import Settings

FAILED = 1


def mockup(order: MockupOrder | MatrixOrder, tool: Tool, *, json: bool) -> int:
    """Makes the order and reports it; the exit code."""
    start = time.perf_counter()
    settings = Settings.read()
    with (
        bars(shown=not json and sys.stderr.isatty()) as shown,
        _renderer(tool, load(package_of(order.template, settings)), settings, shown) as renderer,
    ):
        loaded = since(start)
        if isinstance(order, MatrixOrder):
            matrix = make_matrix(order, renderer=renderer, progress=shown.cell)
            report.matrix(matrix, total=since(start), json=json)
            return FAILED if matrix.failed else 0
        result = make_mockup(order, renderer=renderer, progress=shown.stage)
    timings = {**result.timings, "template": loaded, "total": since(start)}
    report.mockup(result, timings=timings, json=json)
    return 0


@contextmanager
def _renderer(tool: Tool, template: Template, settings: Settings, shown: Bars) -> Iterator[Drawing]:
    """The renderer that was asked for; Blender is found before anything is rendered, and ended afterwards."""
    if tool.name is RendererName.RELIGHT:
        yield Renderer(template, threads=settings.threads)
        return
    from tirage.media.blender import Blender, find_blender
    from tirage.mockup.cycles import CyclesRenderer

    program = find_blender(settings.blender)
    with Blender(program, device=settings.blender_device, threads=settings.threads) as blender:
        yield CyclesRenderer(template, blender=blender, samples=tool.samples, progress=shown.samples)


def since(start: float) -> float:
    """Milliseconds since a reading of the clock."""
    return (time.perf_counter() - start) * 1000
