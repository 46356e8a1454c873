"""Reads every file of a folder as a design and prints verdict, CPU seconds and growth of memory as JSON.
Run as a child of its own, so that peaks are its own (test_intake_hostile.py).
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from tirage.errors import BadInput
from tirage.media.intake import read_design


def peak_mebibytes() -> float:
    """The highest resident size since the last reset."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def judge(path: Path) -> dict[str, object]:
    """Verdict and cost of one file."""
    Path("/proc/self/clear_refs").write_text("5")
    base, start = peak_mebibytes(), time.process_time()
    try:
        verdict = f"{read_design(path).pixels.shape}"
    except BadInput as error:
        verdict = error.code
    return {"verdict": verdict, "seconds": time.process_time() - start, "mebibytes": peak_mebibytes() - base}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    judge(folder / "warm.png")
    print(json.dumps({path.name: judge(path) for path in sorted(folder.iterdir())}))
