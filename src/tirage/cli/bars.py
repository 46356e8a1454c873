"""Progress bars on a terminal's standard error, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bars", "bars"]


class Bars:
    """Progress bars, or nothing when output is no terminal; may be told of progress from several threads."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def stage(self, name: str, done: int, total: int) -> None:
        """One bar for each stage that has more than one part."""
        if self._progress is None or total == 1:
            return
        with self._lock:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=total)
            self._progress.update(self._tasks[name], completed=done)

    def samples(self, done: int, total: int) -> None:
        """One bar for the samples of the picture at work."""
        self.stage("samples", done, total)

    def cell(self, _result: object, done: int, total: int) -> None:
        """One bar over all cells."""
        self.stage("cells", done, total)


@contextmanager
def bars(*, shown: bool) -> Iterator[Bars]:
    """Bars that go when the block ends."""
    if not shown:
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)
