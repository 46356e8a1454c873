"""What the numbers were measured on, without names of hosts or people."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("numpy", "pyvips", "opencv-python-headless", "av")


def describe() -> str:
    """Processor, cores, memory, system, Python and libraries in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {_gibibytes():.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, {libraries}"
    )


def busy() -> float:
    """Runnable processes over the last minute, by core: 1 is a machine with nothing left to give."""
    return os.getloadavg()[0] / len(os.sched_getaffinity(0))


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", _text("/proc/cpuinfo"))
    return found[1].strip() if found else platform.processor() or platform.machine()


def _gibibytes() -> float:
    found = re.search(r"MemTotal:\s+(\d+)", _text("/proc/meminfo"))
    return int(found[1]) / 2**20 if found else float("nan")


def _text(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
