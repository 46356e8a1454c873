"""How many requests a key may make: a bucket of tokens for each, refilled steadily (G-11)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60
"""Seconds in which a bucket fills up."""
KEPT = 10_000
"""Buckets; the fullest go first, since a full one says nothing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a request may be made, and what is left."""

    allowed: bool
    left: int
    wait: int
    """Whole seconds until the next one may be made; 0 when it may be made at once."""


class Rates:
    """The buckets of one server; thread-safe."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        """Tokens at a time."""

    def take(self, who: str) -> Turn:
        """One token of theirs, if there is one."""
        with self._lock:
            now = self._clock()
            tokens = self._tokens(who, now)
            allowed = tokens >= 1
            tokens -= allowed
            if len(self._buckets) >= KEPT and who not in self._buckets:
                self._forget(now)
            self._buckets[who] = (tokens, now)
        missing = max(1 - tokens, 0) * WINDOW / self.per_minute
        return Turn(allowed, int(tokens), math.ceil(missing))

    def _tokens(self, who: str, now: float) -> float:
        tokens, since = self._buckets.get(who, (float(self.per_minute), now))
        return min(tokens + (now - since) * self.per_minute / WINDOW, float(self.per_minute))

    def _forget(self, now: float) -> None:
        fullest = sorted(self._buckets, key=lambda who: -self._tokens(who, now))
        for who in fullest[: KEPT // 2]:
            del self._buckets[who]
