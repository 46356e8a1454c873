"""Requests that are carried out once: the claim on an Idempotency-Key is part of the first transaction that
the request writes, so that what it did and that it was done are on disk together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from tirage.access.model import Claimed
from tirage.access.store import AccessUnit

T = TypeVar("T")
U = TypeVar("U", bound=AccessUnit)


@dataclass(slots=True)
class Once:
    """One such request, while it is carried out."""

    request: Claimed
    written: bool = False
    """Whether the claim is on disk."""


_current: ContextVar[Once | None] = ContextVar("once", default=None)


@contextmanager
def once(request: Claimed) -> Iterator[Once]:
    """What the block writes first takes the claim along, in whatever thread that carries its context."""
    current = Once(request)
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)


def claiming(work: Callable[[U], T], write: Callable[[Callable[[U], T]], T]) -> T:
    """`write(work)`, with the claim of the request that is being carried out, unless it is written already.

    Conflict: an equal request was faster; nothing of the work has happened.
    """
    current = _current.get()
    if current is None or current.written:
        return write(work)

    def claimed(unit: U) -> T:
        unit.access.claim(current.request)
        return work(unit)

    result = write(claimed)
    current.written = True
    return result
