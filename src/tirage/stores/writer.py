"""One thread that writes: it takes all that waits, in order, and commits it together.
A commit waits for the disk, some milliseconds; what comes meanwhile shares the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

T = TypeVar("T")
GROUP = 128
"""The most writes of one commit: a bound on what a crash of the disk would refuse at once."""


@dataclass(frozen=True, slots=True)
class _Task:
    work: Callable[[Connection], Any]
    outcome: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs writes from any thread one after the other in its own; they must not write again inside."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def write(self, work: Callable[[Connection], T]) -> T:
        """What the work returns, once it is committed; what it raises, once it is undone."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write would wait for itself")
        task = _Task(work)
        with self._lock:
            if self._closed:
                raise RuntimeError("the writer is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tirage-writer", daemon=True)
                self._thread.start()
            self._waiting.put(task)
        return task.outcome.result()  # type: ignore[no-any-return]  # of this task's work

    def close(self) -> None:
        """Waits until everything is written."""
        with self._lock:
            self._closed = True
            self._waiting.put(None)
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)

    def _next_group(self) -> list[_Task]:
        """What waits, at least one; nothing at the end."""
        group: list[_Task] = []
        task = self._waiting.get()
        while task is not None:
            group.append(task)
            try:
                task = self._waiting.get_nowait() if len(group) < GROUP else None
            except Empty:
                return group
        if len(group) < GROUP:
            self._waiting.put(None)  # closing: the next round ends
        return group

    def _commit(self, group: list[_Task]) -> None:
        """Tells every task how it went, after the commit: what was told is on disk."""
        results: list[tuple[Future[Any], Any]] = []
        try:
            with self._begin() as connection:
                if len(group) == 1:  # what it raises undoes all there is
                    results.append((group[0].outcome, group[0].work(connection)))
                else:
                    results += _beside_each_other(connection, group)
        except BaseException as error:  # noqa: BLE001 – the callers' to handle, in their threads
            for task in group:
                if not task.outcome.done():
                    task.outcome.set_exception(error)
        else:
            for outcome, result in results:
                outcome.set_result(result)


def _beside_each_other(connection: Connection, group: list[_Task]) -> Iterator[tuple[Future[Any], Any]]:
    """What each comes to; one that raises is undone and told, without the others."""
    for task in group:
        savepoint = connection.begin_nested()
        try:
            yield task.outcome, task.work(connection)
            savepoint.commit()
        except OperationalError:
            raise  # no disk, no database: SQLite may have undone the whole transaction already
        except Exception as error:  # noqa: BLE001 – the caller's to handle, in its thread
            savepoint.rollback()
            task.outcome.set_exception(error)
