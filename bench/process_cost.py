"""What work costs with all that it starts: CPU-seconds, and memory."""

from __future__ import annotations

import os
import resource
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Cost:
    """What one run took."""

    cpu_s: list[float] = field(default_factory=list)
    peak_mb: float = 0

    @property
    def middle(self) -> float:
        """CPU-seconds."""
        return statistics.median(self.cpu_s)


@dataclass
class Watching:
    """What looking at a run took itself: more the longer it takes by the clock, and no part of its cost."""

    cpu_s: float = 0


def measured(cost: Cost, work: Callable[[], None]) -> None:
    """CPU-seconds of this process and all that it waited for, and their memory together at most."""
    done = threading.Event()
    watching = Watching()
    watcher = threading.Thread(target=watch, args=(cost, done, watching))
    watcher.start()
    before = spent()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    cost.cpu_s.append(spent() - watching.cpu_s - before)


def spent() -> float:
    """CPU-seconds so far."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def watch(cost: Cost, done: threading.Event, watching: Watching) -> None:
    """Looks at the memory that the process tree does not share with others, four times a second."""
    while not done.wait(0.25):
        cost.peak_mb = max(cost.peak_mb, sum(map(own_memory, descendants(os.getpid()))) / 1e6)
        watching.cpu_s = time.thread_time()


def descendants(root: int) -> set[int]:
    """The processes below one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, added = {root}, {root}
    while added:
        added = {pid for pid, parent in parents.items() if parent in added} - found
        found |= added
    return found - {root}


def own_memory(pid: int) -> int:
    """Bytes of a process, each page divided by those who share it."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
