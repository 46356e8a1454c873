"""Results kept within a budget of bytes, least recently used out; threads that want the same one share it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from typing import Generic, Protocol, TypeVar

import numpy as np


class Sized(Protocol):
    """Whatever knows how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """A record whose size is that of its arrays."""

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        values = (getattr(self, field.name) for field in fields(self))
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """A cache by key; the newest result is kept even when it alone is over the budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._bytes: dict[Hashable, int] = {}
        """What each takes; of those being made, what was expected."""

    def get(self, key: Hashable, make: Callable[[], T], *, expected: int = 0) -> T:
        """The result for a key, made now if it is not kept; an error of `make` is raised and not kept.

        expected: about how many bytes it will take; room for them is made before.
        """
        mine: Future[T] = Future()
        try:
            with self._lock:
                found = self._found.setdefault(key, mine)
                self._found.move_to_end(key)
                if found is mine:
                    self._count(key, expected)
            if found is mine:
                self._keep(key, mine, make())
        except BaseException as error:  # whatever it is, nobody may wait for a result that never comes
            self._forget(key, mine, error)
            raise
        return found.result()

    def __contains__(self, key: Hashable) -> bool:
        """Whether a result is kept or being made."""
        with self._lock:
            return key in self._found

    def has_room(self, size: int) -> bool:
        """Whether a result of that size would push nothing out."""
        with self._lock:
            return sum(self._bytes.values()) + size <= self._budget

    def refresh(self, keys: Iterable[Hashable]) -> None:
        """Counts those that are kept as used just now."""
        with self._lock:
            for key in keys:
                if key in self._found:
                    self._found.move_to_end(key)

    def clear(self) -> None:
        """Drops what is kept."""
        with self._lock:
            for key in [key for key, future in self._found.items() if future.done()]:
                del self._found[key], self._bytes[key]

    @property
    def nbytes(self) -> int:
        """Bytes kept now, with those that are expected of what is being made."""
        with self._lock:
            return sum(self._bytes.values())

    def _keep(self, key: Hashable, mine: Future[T], result: T) -> None:
        with self._lock:
            mine.set_result(result)
            self._count(key, result.nbytes)

    def _forget(self, key: Hashable, mine: Future[T], error: BaseException) -> None:
        with self._lock:
            if self._found.get(key) is not mine or mine.done():
                return
            del self._found[key]
            self._bytes.pop(key, None)
        mine.set_exception(error)

    def _count(self, key: Hashable, size: int) -> None:
        """Notes what one takes, and drops what has no room beside it."""
        self._bytes[key] = size
        total = sum(self._bytes.values())
        for old in list(self._found)[:-1]:
            if total <= self._budget:
                return
            if self._found[old].done():
                total -= self._bytes.pop(old)
                del self._found[old]
