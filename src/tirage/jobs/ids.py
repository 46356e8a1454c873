"""Ids that sort by when they were made: a prefix, 48 bits of time, 80 bits that rise within a process.
The form is ULID's (Crockford base 32, 26 characters), so that a list by id is a list by age.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
RANDOM_BITS = 80
JOB = "rjob"
PATTERN = re.compile(rf"{JOB}_[0-7][{ALPHABET}]{{{LENGTH - 1}}}")
"""128 bits, so the first character is at most 7."""


class Ids:
    """Makes ids; each is greater than the one before, also when the clock is set back.  Thread-safe."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def new(self, prefix: str = JOB) -> str:
        """Such as `rjob_01J9ZQ4…`."""
        time = int(self._clock().timestamp() * 1000) << RANDOM_BITS
        with self._lock:
            # One bit less than there is room for: counting up from it does not run over.
            self._last = max(time | secrets.randbits(RANDOM_BITS - 1), self._last + 1)
            return f"{prefix}_{_text(self._last)}"


def is_job_id(text: object) -> bool:
    """Whether it looks like one of ours; what does not is no question to a store."""
    return isinstance(text, str) and PATTERN.fullmatch(text) is not None


def _text(number: int) -> str:
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
