"""What is wanted of renders, and docs/benchmarks-video.md."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.machine import describe
from bench.process_cost import Cost

PEAK_MB = 500
LIMITS = {"full": 1.2, "smart": 0.25, "moved": 0.08, "third": 0.02, "part": 1 / 4.5}
NAMES = {
    "limit": "decoding and coding a file that is cut already",
    "full": "everything: cuts, title, lower third, captions burnt in",
    "smart": "cuts alone, whole groups of pictures copied",
    "moved": "everything again, one cut five frames later",
    "first": "ten minutes with everything",
    "third": "ten minutes again, another name in a lower third",
    "remotion": "Remotion, a part of the edit",
    "part": "everything, the same part",
}
BASES = {"moved": "full", "third": "first", "part": "remotion"}
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks-video.md"


def report(costs: dict[str, Cost]) -> int:
    """The table; whether all limits are kept."""
    failed = 0
    for name, cost in costs.items():
        if not cost.cpu_s:
            continue
        ratio, kept = judged(name, costs)
        failed += not kept
        sys.stdout.write(
            f"{name:8} {cost.middle:8.1f} CPU-s {ratio:7.3f} of {BASES.get(name, 'limit'):8} "
            f"{cost.peak_mb:6.0f} MB  {'' if kept else 'over the limit'}\n"
        )
    return 1 if failed else 0


def judged(name: str, costs: dict[str, Cost]) -> tuple[float, bool]:
    """A run's part of what it is compared with, and whether that and its memory are within the limits."""
    ratio = costs[name].middle / costs[BASES.get(name, "limit")].middle
    ours = name not in {"limit", "remotion"}
    return ratio, ratio <= LIMITS.get(name, ratio) and not (ours and costs[name].peak_mb > PEAK_MB)


def page(costs: dict[str, Cost], seconds: int, part: int, height: int, load: float) -> str:
    """docs/benchmarks-video.md."""
    head = (
        f"# Benchmarks of videos\nMade by `make bench-video WRITE=1`. {describe()}; runnable processes by "
        f"core when it began: {load:.1f}, where 1 is all there is.\n\nAn edit of {seconds} s from three "
        f"cameras, a cut about every four seconds, at {height} lines and 30 frames a second, H.264 veryfast, "
        "crf 18. CPU-seconds of all processes, runs in turn, their median; memory of all children together "
        "at most.\n\n"
    )
    lines = [head, "| run | runs | CPU-s | of | part | wanted | MB |\n|---|---|---|---|---|---|---|\n"]
    for name, cost in costs.items():
        if cost.cpu_s:
            ratio, _ = judged(name, costs)
            wanted = f"≤ {LIMITS[name]:.3g}" if name in LIMITS else ""
            base = BASES.get(name, "limit")
            lines.append(
                f"| {name}: {NAMES[name]} | {len(cost.cpu_s)} | {cost.middle:.1f} | {base} | {ratio:.3f} "
                f"| {wanted} | {cost.peak_mb:.0f} |\n"
            )
    if costs["remotion"].cpu_s:
        times = costs["remotion"].middle / costs["part"].middle
        lines.append(
            f"\nRemotion 4 with Chromium took {times:.1f} times our CPU-seconds (4.5 wanted) for the first "
            f"{part} s, its page bundled before; sound and file are made by us both times.\n"
        )
    return "".join(lines)
