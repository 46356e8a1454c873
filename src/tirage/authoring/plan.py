"""Every bake that a package is made of: which faces, with which light, how large, how many samples.

Blender works through this list (plan.json) and knows no more of what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from tirage.mockup.model import RING

HIGH, LOW = 0.9, 0.45
"""The two albedos whose bounces give the pair; direct light is baked at the higher."""
KEPT = 0.8
"""The albedo at which the renderer sums bounces."""
BOUNCES = 6
"""At most, as in every reference."""
RING_SIDES = {"outside": (512, 64), "inside": (256, 128)}
"""Size and samples of what the ring of cameras sees."""
SAMPLES = {"outside": (2048, 16, 24, 24), "inside": (1024, 128, 128, 128), "hidden": (256, 32, 32, 32)}
"""By side: size, and samples of lamp, sky, bounce. Seen sides are baked at twice the size that ships."""
TRIMS = "trims"
"""The bake of what the template's own pictures bounce, on a black material."""
FEWEST_SAMPLES = 2
SKY = -1
"""The light that is no lamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """One bake call: which faces, at which size, with which light, how many samples."""

    name: str
    side: str
    size: int
    samples: int
    light: int | None = None
    """Index of the only burning lamp, −1 = the sky alone, None = all as they are."""
    kind: str = "direct"
    """Or bounce, full bounce (with gloss), gloss (direct, on black), normal, position."""
    cloth: str = "cloth"
    """Or rough: without sheen and gloss; matt: Lambert; smooth: without relief; trimmed: what light meets
    later is dressed in the template's own pictures."""
    albedo: float = HIGH
    azimuth: float | None = None
    """Seen from there instead of along the normal."""


def plan(
    lamps: int, quality: float, *, solid: bool = False, glazed: bool = False, trims: bool = False
) -> dict[str, object]:
    """plan.json: every bake of a package; `quality` scales the samples (1 = what ships).

    A solid has an outside alone. Of what glaze mirrors only the sky is baked: what the thing hides of that it
    hides of the lamps, whose sharp edges no ratio would stand. `trims`: what the template's own pictures
    bounce is baked, too, and apart."""
    tasks = [*light_plan(lamps), *ring_plan()]
    if glazed:
        tasks = [replace(task, light=SKY) if task.kind == "gloss" else task for task in tasks]
    if trims:
        tasks = among_trims(tasks)
    tasks = [task for task in tasks if task.side == "outside" or not solid]
    scaled = [
        replace(task, samples=max(FEWEST_SAMPLES, round(task.samples * quality))) if noisy(task) else task
        for task in tasks
    ]
    return {"bounces": BOUNCES, "bakes": [asdict(task) for task in scaled]}


def among_trims(tasks: Sequence[Bake]) -> list[Bake]:
    """The same, where bounces along the normal meet the template's own pictures; and what those bounce alone.

    They are one bake more, and smooth: all are made at the size that ships."""
    found = []
    for task in tasks:
        paired = task.name in ("bounce_high", "bounce_low")
        if not paired:
            found.append(task)
            continue
        there = replace(task, cloth="trimmed", size=task.size // 2)
        found.append(there)
        if task.name == "bounce_high":
            found.append(replace(there, name=TRIMS, albedo=0.0))
    return found


def noisy(task: Bake) -> bool:
    """Whether a bake needs samples against noise."""
    return task.kind not in ("normal", "position")


def light_plan(lamps: int) -> list[Bake]:
    """Light per lamp, of the sky, and of bounces, along the normal."""
    tasks: list[Bake] = []
    for side, (size, lamp, sky, bounce) in SAMPLES.items():
        lights = [(f"lamp{index}", lamp, index) for index in range(lamps)] + [("world", sky, SKY)]
        tasks += [
            Bake(name=name, side=side, size=size, samples=count, light=light, cloth="matt")
            for name, count, light in lights
        ]
        # The same seed for both albedos: their noise is alike and mostly cancels in the difference.
        tasks += [
            Bake(name=name, side=side, size=size, samples=bounce, kind="bounce", albedo=albedo)
            for name, albedo in (("bounce_high", HIGH), ("bounce_low", LOW))
        ]
        tasks.append(Bake(name="normal", side=side, size=size, samples=16, kind="normal"))
    return tasks


def ring_plan() -> list[Bake]:
    """Light as it leaves the cloth towards a ring of cameras, in three parts.

    What rough cloth scatters of direct light, what sheen and gloss reflect of it, and bounces in full."""
    tasks: list[Bake] = []
    for side, (size, samples) in RING_SIDES.items():
        base = Bake(name="", side=side, size=size, samples=samples)
        bounce = replace(base, cloth="smooth", albedo=KEPT)
        tasks.append(replace(bounce, name="bounce_along", kind="bounce"))
        for azimuth in RING:
            seen = [
                replace(base, name="direct", cloth="rough"),
                replace(base, name="gloss", kind="gloss"),
                replace(bounce, name="bounce", kind="full bounce"),
            ]
            tasks += [replace(row, name=f"{row.name}_from_{azimuth}", azimuth=azimuth) for row in seen]
        smooth = replace(base, cloth="smooth")
        tasks.append(replace(smooth, name="smooth_normal", samples=16, kind="normal"))
        # Blender sums positions over the samples.
        tasks.append(replace(smooth, name="smooth_position", samples=1, kind="position"))
    return tasks
