"""Finding processes by a word of their command line."""

from __future__ import annotations

import os
import time
from pathlib import Path


def processes_with(word: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def gone(word: str, *, within_s: float = 2) -> bool:
    until = time.monotonic() + within_s
    while processes_with(word):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
