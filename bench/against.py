"""Relighting against path tracing, timed in one run on one machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.targets import Measured

ROOT = Path(__file__).resolve().parent.parent
SIZE, SAMPLES, VIEWS = 2048, 256, 6


def path_traced(python: Path, relighted: Measured) -> Iterator[Measured]:
    """Cycles' time for two short renders, and what it would take for the six views that were relighted.

    Linear in samples and pixels, with what does not depend on samples (denoiser, set-up) counted by pixels.
    """
    argv = [str(python), "-m", "bench.tracing"]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    few, more = json.loads(done.stdout.splitlines()[-1])
    for run in (few, more):
        what = f"Cycles, one view at {run['size']}² × {run['samples']} samples"
        yield Measured(what, "s", run["wall"], f"{run['cpu']:.1f} CPU-s")
    each = (more["wall"] - few["wall"]) / (more["samples"] - few["samples"])
    fixed = few["wall"] - each * few["samples"]
    six = VIEWS * (SIZE / few["size"]) ** 2 * (fixed + SAMPLES * each)
    yield Measured(
        f"Cycles, six views at {SIZE}² × {SAMPLES} samples", "s", six, "extrapolated from these two"
    )
    yield Measured("Tirage, the same with decoding and encoding", "s", relighted.value, relighted.note)
    yield Measured("how many times faster", "×", six / relighted.value, "")
