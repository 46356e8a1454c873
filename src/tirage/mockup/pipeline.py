"""From a MockupOrder to a folder of files, in the order of the flow: read this first.
template, read → place → check → views → flat pictures and turntable side by side → manifest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput, Finding, Severity, TryAgain
from tirage.media.encode import ImageFormat, encode_image, encode_still, encode_video
from tirage.media.files import Stage, staged
from tirage.media.intake import Design, read_design
from tirage.media.still import Still
from tirage.media.values import Colour
from tirage.mockup.catalogue import TURNTABLE
from tirage.mockup.compose import composited, print_file
from tirage.mockup.findings import check_prints
from tirage.mockup.kept import Kept
from tirage.mockup.manifest import MANIFEST_NAME, FileEntry, Manifest, Role, print_name
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.model_file import model_file
from tirage.mockup.order import Art, Look, MockupOrder, resolve_look
from tirage.mockup.placement import Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

FILM_SIZE = 1024
FILM_NAME = "animation.mp4"
MODEL_NAME = "model.glb"
PRINT_BYTES = 16 << 20
WORKERS = 2
"""Threads that encode and write, beside the renderer's own."""
T = TypeVar("T")
Picture = NDArray[np.uint8]
Progress = Callable[[str, int, int], None]
"""Told a stage's name, how much of it is done, and of how much; always in the calling thread."""


class Drawing(Protocol):
    """What the pipeline needs of a renderer."""

    @property
    def template(self) -> Template:
        """What it draws."""

    @property
    def renderer(self) -> RendererInfo:
        """What it is, for the manifest; asked when the pictures are made."""

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths; four channels without a background."""

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """One turn, frame by frame."""


@runtime_checkable
class Sketching(Drawing, Protocol):
    """A renderer that can say what its pictures have in common, and finish them as far as they are wanted."""

    def sketches(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Still]:
        """The same as `stills`."""


@dataclass(frozen=True, slots=True)
class MockupResult:
    """A finished order: its folder, what is in it, and milliseconds by stage."""

    folder: Path
    manifest: Manifest
    timings: Mapping[str, float]


@dataclass(slots=True)
class Run:
    """One run's progress and timings."""

    progress: Progress | None = None
    timings: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, stage: str, done: int, total: int) -> None:
        """Passes progress on."""
        if self.progress:
            self.progress(stage, done, total)

    @contextmanager
    def stage(self, name: str, total: int = 1) -> Iterator[None]:
        """Times a block, and tells its begin and its end."""
        self.tell(name, 0, total)
        start = time.perf_counter()
        yield
        self.timings[name] = (time.perf_counter() - start) * 1000
        self.tell(name, total, total)

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """Adds a block's time to a stage whose parts run in other threads."""
        start = time.perf_counter()
        yield
        spent = (time.perf_counter() - start) * 1000
        with self._lock:
            self.timings[name] = self.timings.get(name, 0.0) + spent

    def collect(self, name: str, futures: Sequence[Future[T]]) -> list[T]:
        """The results in order, telling each as it comes; the first error as soon as it comes."""
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            self.tell(name, done, len(futures))
        return [future.result() for future in futures]


@dataclass(frozen=True, slots=True)
class PrintPng:
    """An encoded print file."""

    data: bytes
    width: int
    height: int

    @property
    def nbytes(self) -> int:
        """Its size, for those who keep some."""
        return len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What orders share: the renderer, the threads that encode and write, the print files."""

    renderer: Drawing
    pool: Executor
    print_pngs: Kept[PrintPng] = field(default_factory=lambda: Kept(PRINT_BYTES))
    """Print files do not depend on the fabric: made once for all colours of a design."""
    rendering: threading.Lock = field(default_factory=threading.Lock)
    """One order's pictures are rendered at a time: twice as many would only wait in memory."""
    flattening: threading.Lock = field(default_factory=threading.Lock)
    """One flat picture, print file or model at a time: an enlarged design takes 150 MB on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An order on its way: what was resolved, and where its files are staged."""

    order: MockupOrder
    look: Look
    prints: Sequence[Print]
    stage: Stage
    studio: Studio
    run: Run
    started: list[Future[FileEntry]] = field(default_factory=list)

    def start(self, make: Callable[..., FileEntry], *args: object) -> Future[FileEntry]:
        """Has a file made by one of the studio's threads."""
        future = self.studio.pool.submit(make, self, *args)
        self.started.append(future)
        return future

    def settle(self) -> None:
        """Drops what has not begun and waits for the rest: nobody may write into a stage that is gone."""
        for future in self.started:
            future.cancel()
        wait(self.started)


def make_mockup(
    order: MockupOrder, *, renderer: Drawing | None = None, progress: Progress | None = None
) -> MockupResult:
    """Makes all files of an order in `order.out`, or none.

    A `renderer` that is passed stays warm for the next order, and its template is the order's.
    BadInput: the order or a design is wrong.  TryAgain: no memory or space.  Failed: a defect.
    """
    run = Run(progress)
    with enough_memory(), workers() as pool:
        paths = tuple(dict.fromkeys(art.design for art in order.arts))
        reading = [pool.submit(read_design, path) for path in paths]
        with run.stage("template"):
            renderer = renderer or Renderer(load(order.template), keep=False)
        with run.stage("read", len(reading)):
            designs = dict(zip(paths, [future.result() for future in reading], strict=True))
        return produce(order, designs=designs, studio=Studio(renderer=renderer, pool=pool), run=run)


def produce(order: MockupOrder, *, designs: Mapping[Path, Design], studio: Studio, run: Run) -> MockupResult:
    """The order's files from designs that were read; errors as `make_mockup`."""
    template = studio.renderer.template
    with run.stage("place"):
        look = resolve_look(order, template)
        prints = [place(art, designs[art.design], template) for art in order.arts]
    with run.stage("check"):
        findings = check(prints, look, template)
    with staged(order.out) as stage:
        work = Work(order=order, look=look, prints=prints, stage=stage, studio=studio, run=run)
        try:
            files = make_files(work)
        finally:
            work.settle()
        spare_designs(order, files)
        manifest = Manifest.of(
            order=order,
            look=look,
            renderer=studio.renderer.renderer,
            template=template,
            prints=prints,
            files=files,
            findings=findings,
        )
        with run.stage("manifest"):
            stage.write(MANIFEST_NAME, manifest.to_json())
    return MockupResult(order.out, manifest, run.timings)


def spare_designs(order: MockupOrder, files: Sequence[FileEntry]) -> None:
    """Refuses to put a file in the place of a design; BadInput: OUTPUT_UNWRITABLE."""
    designs = {art.design.resolve() for art in order.arts}
    for file in files:
        if (order.out / file.name).resolve() in designs:
            message = f"{order.out / file.name} is a design of this order, and would be overwritten."
            raise BadInput("OUTPUT_UNWRITABLE", message, hint="Name another folder for the output.")


def place(art: Art, design: Design, template: Template) -> Print:
    """One design at its place, in centimetres."""
    lies = resolve(width=design.width, height=design.height, where=art.where, template=template)
    return Print(art=lies, design=design)


def check(prints: Sequence[Print], look: Look, template: Template) -> list[Finding]:
    """What a careful printer would say about the order; BadInput when a finding is an error."""
    read = [
        Finding(found.code, found.severity, found.message, found.hint, design.name)
        for design in {print_.design.sha256: print_.design for print_ in prints}.values()
        for found in design.findings
    ]
    findings = [*read, *check_prints(prints=prints, colour=look.colour, template=template), *look.findings]
    errors = [found for found in findings if found.severity is Severity.ERROR]
    if errors:
        raise BadInput(errors[0].code, errors[0].message, hint=errors[0].hint, findings=findings)
    return findings


def make_files(work: Work) -> list[FileEntry]:
    """All files of the order but the manifest, in the manifest's order."""
    views = make_views(work) if work.order.mode.images else []
    flats = start_flats(work)
    animation = [make_animation(work)] if work.order.mode.animation else []
    return [*views, *animation, *work.run.collect("prints", flats)]


def make_views(work: Work) -> list[FileEntry]:
    """The pictures: rendered one after another, each encoded while the next are rendered."""
    look = work.look
    with work.run.stage("views", len(look.views)):
        with work.studio.rendering:
            pictures = sketched(work)
            encoding: list[Future[FileEntry]] = []
            for view, picture in zip(look.views, pictures, strict=True):
                wait(encoding[-WORKERS:][:1])  # no more than the threads take wait in memory
                encoding.append(work.start(write_view, view.name, picture))
        return work.run.collect("views", encoding)


def sketched(work: Work) -> Iterator[Still]:
    """The pictures as the renderer makes them: finished, or as far as they differ from others."""
    order, look, renderer = work.order, work.look, work.studio.renderer
    draw: Callable[..., Iterator[Still | Picture]]
    draw = renderer.sketches if isinstance(renderer, Sketching) else renderer.stills
    found = draw(
        prints=work.prints,
        colour=look.colour,
        azimuths=[view.azimuth for view in look.views],
        size=order.size,
        background=look.background,
    )
    return (picture if isinstance(picture, Still) else Still.of(picture) for picture in found)


def write_view(work: Work, name: str, picture: Still) -> FileEntry:
    """One picture's file."""
    kind = work.order.format
    written = work.stage.write(f"{name}{kind.extension}", encode_still(still=picture, kind=kind))
    return FileEntry.of(written, Role.VIEW, width=picture.size, height=picture.size, view=name)


def start_flats(work: Work) -> list[Future[FileEntry]]:
    """The flat picture, the print files and the model, on their way."""
    return [
        work.start(write_composited),
        *(work.start(write_print, number, print_) for number, print_ in enumerate(work.prints, start=1)),
        *([work.start(write_model)] if work.order.glb else []),
    ]


def write_composited(work: Work) -> FileEntry:
    """Garment colour and art on the flat panels that carry art."""
    with work.run.busy("composited"):
        with work.studio.flattening:
            pixels = composited(
                template=work.studio.renderer.template, prints=work.prints, colour=work.look.colour
            )
        written = work.stage.write("composited.png", encode_image(pixels=pixels, kind=ImageFormat.PNG))
    return FileEntry.of(written, Role.COMPOSITED, width=pixels.shape[1], height=pixels.shape[0])


def write_print(work: Work, number: int, print_: Print) -> FileEntry:
    """The file a print shop gets for the placement that counts as `number`."""
    with work.run.busy("print"):
        key = (print_.design.sha256, print_.art.width, print_.art.height)
        png = work.studio.print_pngs.get(key, lambda: encode_print(work.studio, print_))
        written = work.stage.write(print_name(number), png.data)
    return FileEntry.of(written, Role.PRINT, width=png.width, height=png.height, placement=number)


def encode_print(studio: Studio, print_: Print) -> PrintPng:
    """The art alone at print size, as PNG with its resolution."""
    with studio.flattening:
        file = print_file(print_)
    height, width = file.pixels.shape[:2]
    return PrintPng(encode_image(pixels=file.pixels, kind=ImageFormat.PNG, dpi=file.dpi), width, height)


def write_model(work: Work) -> FileEntry:
    """The decorated garment for web viewers and AR."""
    with work.run.busy("model"):
        with work.studio.flattening:
            data = model_file(
                template=work.studio.renderer.template, prints=work.prints, colour=work.look.colour
            )
        written = work.stage.write(MODEL_NAME, data)
    return FileEntry.of(written, Role.MODEL)


def make_animation(work: Work) -> FileEntry:
    """The turntable: encoded in this thread while the renderer works ahead."""
    total = TURNTABLE.frames
    with work.run.stage("animation", total):
        frames = work.studio.renderer.turntable(
            prints=work.prints,
            colour=work.look.colour,
            size=FILM_SIZE,
            frames=total,
            background=work.look.film_background,
        )
        encode_video(
            frames=told(frames, lambda done: work.run.tell("animation", done, total)),
            path=work.stage.path(FILM_NAME),
            size=FILM_SIZE,
            rate=TURNTABLE.frames_per_second,
        )
        written = work.stage.seal(FILM_NAME)
    return FileEntry.of(written, Role.ANIMATION, width=FILM_SIZE, height=FILM_SIZE, frames=total)


def told(items: Iterable[T], tell: Callable[[int], None]) -> Iterator[T]:
    """The same items, counted after each was used."""
    for done, item in enumerate(items, start=1):
        yield item
        tell(done)


@contextmanager
def workers() -> Iterator[Executor]:
    """Threads for encoding and writing; what they have not begun is dropped when the block fails."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="encode")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def enough_memory() -> Iterator[None]:
    """Says OUT_OF_MEMORY for a MemoryError of the block."""
    try:
        yield
    except MemoryError as error:
        raise TryAgain("OUT_OF_MEMORY", "There is not enough memory for this order.") from error
