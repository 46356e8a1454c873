"""`make bench` and `make bench-smoke`: measures everything, prints it, keeps it in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import cold, machine, targets
from bench.against import path_traced
from bench.colours import Kept, kept_colours
from bench.inputs import designs
from bench.quality import (
    LOCAL,
    Score,
    faults,
    read_references,
    references_of,
    scene,
    score,
    write_side_by_side,
)
from bench.report import Results, missed, page, smoke_page
from bench.targets import Measured, Target
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SCENE = ROOT / "templates" / "tee" / "build" / "shell.npz"
"""What Blender builds its scene from; it is there where the template was made."""
LOOK = ROOT / "out" / "side_by_side"


@dataclass(frozen=True, slots=True)
class Quality:
    """Scores, and what is wrong with the references themselves."""

    scores: list[Score]
    notes: list[str]


def quality(renderer: Renderer, *, large: bool) -> Quality:
    """Scores all references there are, and leaves side-by-side pictures to look at."""
    name = renderer.template.info.id
    folder = references_of(name)
    shipped = read_references(folder)
    local = read_references(references_of(name, LOCAL)) if large else []
    notes = (
        [f"References: {fault}." for fault in faults(folder, shipped, renderer.template)] if shipped else []
    )
    if not shipped:
        notes.append("There are no references, so quality is not scored.")
    if large and not local:
        notes.append("The large references are not on this machine (`make references`).")
    scores = []
    for reference in [*shipped, *local]:
        found = scene(renderer, reference)
        write_side_by_side(found, LOOK)
        scores.append(score(found))
    return Quality(scores, notes)


def of_quality(scores: Sequence[Score]) -> Iterator[Measured]:
    """The worst of every kind."""
    pairs = [found for found in scores if found.reference.role in {"pair", "large"}]
    turns = [found for found in scores if found.reference.role == "turntable"]
    if pairs:
        yield _worst(targets.WORST_PAIR, {found.reference.name: found.whole for found in pairs})
        yield _worst(targets.WORST_OUTSIDE, {found.reference.name: found.outside for found in pairs})
        yield _worst(targets.WORST_SSIM, {found.reference.name: found.ssim for found in pairs})
    if turns:
        yield _worst(targets.WORST_TURN, {found.reference.name: found.whole for found in turns})


def of_colours(colours: Sequence[Kept]) -> Iterator[Measured]:
    """The hue that turned most, and the least chroma kept."""
    strong = [kept for kept in colours if kept.judged and not kept.grey]
    most = max(strong, key=lambda kept: kept.turned)
    least = min(strong, key=lambda kept: kept.share)
    yield Measured(targets.HUE.what, targets.HUE.unit, most.turned, f"{most.name}, {most.material}")
    yield Measured(targets.CHROMA.what, targets.CHROMA.unit, least.share, f"{least.name}, {least.material}")


def _worst(target: Target, values: dict[str, float]) -> Measured:
    name = min(values, key=lambda key: values[key])
    return Measured(target.what, target.unit, values[name], name)


def warm_process(template: str, *, smoke: bool) -> list[Measured]:
    """The numbers of one warm process, a child of this one."""
    return _speed(["--template", template, *(["--smoke"] if smoke else [])])


def other_templates(*, smoke: bool) -> list[Measured]:
    """The same in short of the other templates that ship, in a child of their own."""
    return _speed(["--shapes", *(["--smoke"] if smoke else [])])


def _speed(arguments: Sequence[str]) -> list[Measured]:
    argv = [sys.executable, "-m", "bench.speed", *arguments]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return [Measured(**json.loads(line)) for line in done.stdout.splitlines()]


def whole_processes(template: str, *, smoke: bool) -> list[Measured]:
    """The numbers of the command."""
    with tempfile.TemporaryDirectory() as folder:
        (design,) = designs(1, Path(folder))
        return list(cold.measure(template, design, runs=1 if smoke else 5))


def memory(measured: Sequence[Measured]) -> Measured:
    """The highest of all peaks."""
    peaks = [found for found in measured if found.what.startswith("peak memory")]
    highest = max(peaks, key=lambda found: found.value)
    return Measured(targets.MEMORY.what, targets.MEMORY.unit, highest.value, highest.what)


def measure(template: str, *, smoke: bool, blender: Path | None) -> Results:
    """Everything; a smoke run leaves out the large references and does the rest less often."""
    load_before = machine.busy()
    timed = [*whole_processes(template, smoke=smoke), *warm_process(template, smoke=smoke)]
    views = next(each for each in timed if each.what == targets.JPEG_VIEWS.what)
    looks = measure_looks(template, large=not smoke)
    others = other_templates(smoke=smoke) if template == "tee" else []
    return replace(
        looks,
        load=max(load_before, looks.load),
        measured=[*timed, memory(timed), *others, *looks.measured],
        cycles=list(path_traced(blender, views)) if blender and SCENE.is_file() else [],
    )


def measure_looks(template: str, *, large: bool) -> Results:
    """Quality and colours alone."""
    renderer = Renderer(load(Path(template) if "/" in template else template))
    found, colours = quality(renderer, large=large), list(kept_colours(renderer))
    return Results(
        machine=machine.describe(),
        load=machine.busy(),
        measured=[*of_quality(found.scores), *of_colours(colours)],
        scores=found.scores,
        colours=colours,
        notes=found.notes,
    )


def main() -> int:
    """Prints the page; 1 when a target is missed (a smoke run's bounds are loose, and it writes nothing)."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--template", default="tee", help="id, or the path of a package")
    parser.add_argument("--smoke", action="store_true", help="a short run with loose bounds, for CI")
    parser.add_argument("--quality", action="store_true", help="quality and colours alone, and no page")
    parser.add_argument("--blender", type=Path, help="Python of Blender's environment: times Cycles as well")
    options = parser.parse_args()
    if options.quality:
        results = measure_looks(options.template, large=True)
    else:
        results = measure(options.template, smoke=options.smoke, blender=options.blender)
    text = page(results)
    print(smoke_page(results) if options.smoke else text)
    if not options.smoke and not options.quality:
        PAGE.write_text(text)
    failed = missed(results, smoke=options.smoke)
    for sentence in failed:
        print(f"missed: {sentence}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
