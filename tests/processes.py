"""Processes that tests start, and finding them by a word of their command line."""

from __future__ import annotations

import os
import time
from pathlib import Path


def unmeasured() -> dict[str, str]:
    """The environment without measuring coverage: it costs time, and what a signal breaks off inside its lock
    never ends."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


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


def below_with(word: str) -> set[int]:
    """Those of them that descend from this process: other runs on the machine do not count."""
    found = set()
    for pid in processes_with(word):
        above = pid
        while above > 1 and above != os.getpid():
            above = parent(above)
        if above == os.getpid():
            found.add(pid)
    return found


def parent(pid: int) -> int:
    """0 for one that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def none_left(pids: set[int]) -> bool:
    """Whether all of these have gone."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)
