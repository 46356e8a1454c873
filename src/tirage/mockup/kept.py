"""Results kept within a budget of bytes, least recently used out; threads that want the same one share it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Whatever knows how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""


T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """A cache by key; the newest result is kept even when it alone is over the budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Future[T]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for a key, made now if it is not kept; an error of `make` is raised and not kept."""
        with self._lock:
            future = self._found.get(key)
            mine = future is None
            if future is None:
                future = self._found[key] = Future()
            self._found.move_to_end(key)
        if mine:
            self._make(key, future, make)
        return future.result()

    def __contains__(self, key: Hashable) -> bool:
        """Whether a result is kept or being made."""
        with self._lock:
            return key in self._found

    def _make(self, key: Hashable, future: Future[T], make: Callable[[], T]) -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            with self._lock:
                self._found.pop(key, None)
            future.set_exception(error)
            raise
        with self._lock:
            self._shrink()

    def _shrink(self) -> None:
        done = {key: future.result().nbytes for key, future in self._found.items() if _is_made(future)}
        total = sum(done.values())
        for key, size in list(done.items())[:-1]:
            if total <= self._budget:
                return
            total -= size
            del self._found[key]

    @property
    def nbytes(self) -> int:
        """Bytes kept now."""
        with self._lock:
            return sum(future.result().nbytes for future in self._found.values() if _is_made(future))


def _is_made(future: Future[T]) -> bool:
    return future.done() and future.exception() is None
