"""Whole processes: how long a command takes from nothing to its end, its memory, what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import targets
from bench.clock import Spent, typical
from bench.targets import Measured
from tirage.media.process import child_environment

COMMAND = Path(sys.executable).with_name("tirage")


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that ended well: its time, and its highest resident size in MB."""

    spent: Spent
    megabytes: float


def run(arguments: Sequence[str], home: Path) -> Ended:
    """Runs `tirage` with a home folder of its own."""
    environment = {**child_environment(os.environ), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    quiet = subprocess.DEVNULL
    start = time.perf_counter()
    child = subprocess.Popen([COMMAND, *arguments], env=environment, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"tirage {' '.join(arguments)} ended with {child.returncode}")
    return Ended(Spent(seconds, usage.ru_utime + usage.ru_stime), usage.ru_maxrss * 1024 / 1e6)


def measure(template: str, design: Path, *, runs: int) -> Iterator[Measured]:
    """The command's help, six pictures, everything; and what stays on disk when they are done."""
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(folder) / "home", Path(folder) / "out"
        home.mkdir()
        order = ("mockup", str(design), "--template", template, "--out", str(out))
        pictures = (*order, "--mode", "images-only", "--format", "jpeg")
        yield typical(targets.HELP, [run(["--help"], home).spent for _ in range(runs + 2)])
        ended = [run(pictures, home) for _ in range(runs)]
        yield typical(targets.COLD, [each.spent for each in ended])
        peak = max(each.megabytes for each in ended)
        yield Measured("peak memory of six JPEG views", "MB", peak, "a process of its own")
        everything = run(order, home)
        yield Measured("whole cold process, everything", "s", everything.spent.wall, "PNG and turntable")
        yield Measured("peak memory of everything", "MB", everything.megabytes, "a process of its own")
        kept = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
        yield Measured(targets.DISK.what, targets.DISK.unit, kept / 1e6, "a fresh home folder afterwards")
