"""One warm process, timed: the pictures, the turntable, the catalogue, what is kept in memory.
Run as a child of its own (`python -m bench.speed`), so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from bench import targets
from bench.clock import timed, typical
from bench.inputs import designs
from bench.orders import Bench, Job
from bench.stages import stages
from bench.targets import Measured
from tirage.media.encode import ImageFormat
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.cells import MatrixOrder
from tirage.mockup.matrix import make_matrix
from tirage.mockup.model import Template
from tirage.mockup.order import Mode
from tirage.mockup.relight import Renderer, still_samples
from tirage.mockup.scene import Workspace, build_scene
from tirage.mockup.template import load
from tirage.mockup.view import build_view


@dataclass(frozen=True, slots=True)
class Effort:
    """How often everything is done."""

    loads: int = 9
    runs: int = 9
    firsts: int = 3
    films: int = 4
    designs: int = 20
    colours: int = 5


FULL = Effort()
SMOKE = Effort(loads=3, runs=3, firsts=1, films=2, designs=3, colours=2)


def measure(package: str | Path, effort: Effort, folder: Path) -> Iterator[Measured]:
    """Everything in order; each number as it comes."""
    paths = designs(max(effort.designs, effort.runs + 1), folder)
    yield typical(targets.LOAD, [timed(lambda: load(package)) for _ in range(effort.loads)])
    bench = Bench(Renderer(load(package)), folder / "out")
    yield from _pictures(bench, effort, paths)
    yield Measured("peak memory after pictures", "MB", peak_megabytes())
    yield from _films(bench, effort, paths)
    yield Measured("peak memory after turntables", "MB", peak_megabytes())
    yield from _catalogue(bench, effort, paths, folder)
    yield Measured("peak memory after the catalogue", "MB", peak_megabytes())
    yield _largest_view(bench.renderer.template)
    yield from stages(package, paths[:3])


def shapes(effort: Effort, folder: Path) -> Iterator[Measured]:
    """The same pictures of the other templates that ship, in short."""
    paths = designs(effort.firsts + 1, folder)
    for name in targets.SHAPES:
        bench, (first, again, film) = Bench(Renderer(load(name)), folder / name), targets.of_shape(name)
        job = Job(colour=next(iter(bench.renderer.template.colours)))
        yield typical(first, [bench.views(paths[0], job)])
        yield typical(again, [bench.views(path, job) for path in paths[1:]])
        yield typical(film, [bench.film(paths[0], job)])


def _pictures(bench: Bench, effort: Effort, paths: list[Path]) -> Iterator[Measured]:
    colours = list(bench.renderer.template.colours)[1:]
    job = Job()
    yield Measured("six views, first of the process", "s", bench.views(paths[0], job).wall)
    sizes = [2048 - 16 * (1 + number) for number in range(effort.firsts)]
    yield typical(targets.NEW_SIZE, [bench.views(paths[0], Job(size=size)) for size in sizes])
    bench.views(paths[0], job)
    chosen = [colours[number % len(colours)] for number in range(effort.firsts)]
    yield typical(targets.NEW_COLOUR, [bench.views(paths[0], Job(colour=colour)) for colour in chosen])
    bench.views(paths[0], job)
    for target, kind in ((targets.JPEG_VIEWS, ImageFormat.JPEG), (targets.PNG_VIEWS, ImageFormat.PNG)):
        yield typical(target, [bench.views(path, Job(format=kind)) for path in paths[1 : effort.runs + 1]])
    webp = [bench.views(path, Job(format=ImageFormat.WEBP)).wall for path in paths[1 : effort.firsts + 1]]
    yield Measured("six views, 2048² WebP", "s", sorted(webp)[len(webp) // 2])


def _films(bench: Bench, effort: Effort, paths: list[Path]) -> Iterator[Measured]:
    import_module("av")  # a warm process has it; the cold one pays its .14 s elsewhere
    yield typical(targets.FILM, [bench.film(paths[0], Job())])
    again = [bench.film(path, Job()) for path in paths[1 : effort.films]]
    yield typical(targets.FILM_AGAIN, again)


def _catalogue(bench: Bench, effort: Effort, paths: list[Path], folder: Path) -> Iterator[Measured]:
    colours = list(bench.renderer.template.colours)[: effort.colours]
    chosen = paths[: effort.designs]
    pictures = len(chosen) * len(colours) * 6
    note = f"{len(chosen)} designs × {len(colours)} colours × 6 views"
    target, spent = targets.CATALOGUE, timed(lambda: bench.catalogue(chosen, colours, Job()))
    best = pictures / spent.cpu * target.cores
    yield Measured(target.what, target.unit, pictures / spent.wall, note, undisturbed=best)
    order = MatrixOrder(
        designs=chosen,
        out=folder / "matrix",
        colours=colours,
        mode=Mode.IMAGES_ONLY,
        format=ImageFormat.JPEG,
    )
    result = make_matrix(order, renderer=bench.renderer)
    assert not result.failed
    whole = pictures / (result.milliseconds / 1000)
    yield Measured("the same with composited and print files", "pictures/s", whole, note)


def _largest_view(template: Template) -> Measured:
    """Megabytes that the largest of the six views takes between orders."""
    scene = build_scene(template)
    work = Workspace(scene.light)
    sizes = [
        build_view(scene, work, azimuth=view.azimuth, size=2048, k=still_samples(2048))[0].nbytes / 1e6
        for view in VIEWS
    ]
    note = f"the six views: {min(sizes):.1f}–{max(sizes):.1f}"
    return Measured(targets.VIEW_KEPT.what, targets.VIEW_KEPT.unit, max(sizes), note)


def peak_megabytes() -> float:
    """The highest resident size of this process so far."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else float("nan")


def main() -> None:
    """Prints one JSON line for each number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", default="tee", help="id, or the path of a package")
    parser.add_argument("--smoke", action="store_true", help="a short run")
    parser.add_argument("--shapes", action="store_true", help="the other templates that ship, and no more")
    options = parser.parse_args()
    effort = SMOKE if options.smoke else FULL
    package = Path(options.template) if "/" in options.template else options.template
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for measured in shapes(effort, home) if options.shapes else measure(package, effort, home):
            print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main()
