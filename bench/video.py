"""What rendering costs against the least it could: decoding and coding one file that is cut already.

CPU-seconds of all processes, on the same edit, runs in turn; the median of them, and ratios, are printed.
`--long` adds ten minutes with one lower third changed; `--write` writes docs/benchmarks-video.md.
A browser that draws every frame (Remotion) renders a part of the edit, and so do we, where it is installed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from bench.machine import busy
from bench.process_cost import Cost, measured
from bench.video_page import NAMES, PAGE, page, report
from tirage.errors import UsageError
from tirage.media.browser import find_browser
from tirage.media.ffmpeg import find_ffmpeg
from tirage.media.files import staged
from tirage.media.probe import probe
from tirage.media.rates import RATES
from tirage.media.remotion import Remotion, find_remotion
from tirage.video.filters import coder_words
from tirage.video.pipeline import VideoOrder, make_artifacts
from tirage.video.session import Asset, MediaFile, Session
from tirage.video.shelf import Shelf
from tirage.video.spec import CaptionStyle, Options, spec_of
from tirage.video.timeline import CaptionTrack, Cue, Edl, Event, Format, Graphic
from tirage.video.workshop import Workshop

RATE = RATES["30"]
SHOTS = (113, 127, 120, 101, 139, 120, 97, 143, 120, 119, 121, 120, 110, 130, 120)
"""Frames of the shots of a minute, over and over."""
SOURCES = ("testsrc2", "gradients=n=6:speed=0.03:seed=7", "mandelbrot=end_scale=0.02")
NOISE = (7, 3, 5)
PROJECT = Path(__file__).parent / "remotion"


def main() -> int:
    """Measures and prints; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of the edit")
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--part", type=int, default=10, help="seconds that Remotion renders; 0: none")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--media", type=Path, default=Path("out/bench-video"))
    given = parser.parse_args()
    given.media = given.media.resolve()  # children work elsewhere
    options = Options(short_side=None if given.height == 1080 else given.height, captions=CaptionStyle.BURNT)
    length = 600 if given.long else given.seconds
    session = cameras(given.media, length + 2, options)
    costs = {name: Cost() for name in NAMES}
    remotion = other_renderer() if given.part else None
    began = busy()
    folder = Path(mkdtemp(dir=given.media))
    try:
        for _ in range(given.runs):
            one_round(session, given.seconds, options, folder, costs)
        if remotion is not None:
            for _ in range(min(given.runs, 3)):
                beside(session, given.part, options, folder, costs, remotion)
        if given.long:
            third(session, length, options, folder, costs)
    finally:
        rmtree(folder)
    if given.write:
        PAGE.write_text(page(costs, given.seconds, given.part, given.height, began), encoding="utf-8")
    return report(costs)


def other_renderer() -> Remotion | None:
    """Remotion, or none and the reason why."""
    try:
        return find_remotion(PROJECT, browser=find_browser())
    except UsageError as error:
        sys.stdout.write(f"Remotion is not measured: {error.message} `make bench-remotion` brings it.\n")
        return None


def one_round(session: Session, seconds: int, options: Options, folder: Path, costs: dict[str, Cost]) -> None:
    """The limit, then renders with everything, of cuts alone, and of a cut that moved."""
    edl = edit(session, seconds)
    cut = folder / f"cut-{seconds}.mp4"
    if not cut.exists():
        render(session, plain(edl), replace(options, smart=False), folder / "cut", Shelf(folder / "cuts"))
        (folder / "cut" / "full_16_9.mp4").rename(cut)
    measured(costs["limit"], lambda: code(cut, options, folder))
    shelf = Shelf(folder / f"shelf-{time.monotonic_ns()}")
    measured(costs["full"], lambda: render(session, edl, options, folder / "out", shelf))
    measured(costs["moved"], lambda: render(session, moved(edl), options, folder / "out", shelf))
    other = Shelf(folder / f"shelf-{time.monotonic_ns()}")
    measured(costs["smart"], lambda: render(session, plain(edl), options, folder / "out", other))


def beside(
    session: Session, seconds: int, options: Options, folder: Path, costs: dict[str, Cost], remotion: Remotion
) -> None:
    """The first seconds of the edit by Remotion, and by us."""
    edl = edit(session, seconds)
    for name, renderer in (("remotion", remotion), ("part", None)):
        shelf = Shelf(folder / f"shelf-{time.monotonic_ns()}")
        measured(
            costs[name],
            partial(render, session, edl, options, folder / "out", shelf, remotion=renderer),
        )


def third(session: Session, seconds: int, options: Options, folder: Path, costs: dict[str, Cost]) -> None:
    """A long programme, and again with another name in one lower third."""
    edl, shelf = edit(session, seconds), Shelf(folder / "long")
    measured(costs["first"], lambda: render(session, edl, options, folder / "out", shelf))
    graphics = (edl.graphics[0], replace(edl.graphics[1], fields=(("name", "Grace Hopper"),)))
    changed = replace(edl, graphics=graphics)
    measured(costs["third"], lambda: render(session, changed, options, folder / "out", shelf))


def render(
    session: Session,
    edl: Edl,
    options: Options,
    out: Path,
    shelf: Shelf,
    *,
    remotion: Remotion | None = None,
) -> None:
    """A video in a folder of its own."""
    rmtree(out, ignore_errors=True)
    order = VideoOrder(
        session=session, edl=edl, lock="0" * 64, format=Format.FULL, options=options, templates={}
    )
    with staged(out, durable=False) as stage:
        workshop = Workshop(ffmpeg=find_ffmpeg(), shelf=shelf, remotion=remotion)
        make_artifacts(order, workshop=workshop, stage=stage)


def code(cut: Path, options: Options, folder: Path) -> None:
    """Decodes one file and codes it with the same options: what no renderer that codes can go below."""
    words = [word for word in coder_words(options) if not word.startswith("stitchable=")]
    words.remove("-x264-params")
    sound = ["-c:a", "aac", "-b:a", "192k"]
    program = [str(find_ffmpeg().program), "-v", "error", "-nostdin", "-y"]
    subprocess.run([*program, "-i", str(cut), *words, *sound, str(folder / "limit.mp4")], check=True)


def edit(session: Session, seconds: int) -> Edl:
    """Shots of all cameras in turn, a title, a lower third, captions."""
    at, events = 0, list[Event]()
    while at < seconds * RATE.nominal:
        length = min(SHOTS[len(events) % len(SHOTS)], seconds * RATE.nominal - at)
        events.append(
            Event(camera="ABC"[len(events) % 3], source_in=at, length=length, record_in=at, name=str(at))
        )
        at += length
    cues = tuple(
        Cue(start=2000 * k + 166, end=2000 * k + 1833, text=f"Caption number {k + 1}: the quick brown fox")
        for k in range(seconds // 2)
    )
    graphics = (
        Graphic(template="title", fields=(("title", "Evening Session"),), record_in=0, length=75, fade=8),
        Graphic(
            template="lower-third",
            fields=(("name", "Ada Lovelace"), ("role", "Keynote speaker")),
            record_in=130,
            length=100,
            fade=8,
        ),
    )
    captions = (CaptionTrack(language="en", cues=cues),)
    return Edl(rate=session.rate, events=tuple(events), graphics=graphics, captions=captions)


def plain(edl: Edl) -> Edl:
    """The cuts alone."""
    return replace(edl, graphics=(), captions=())


def moved(edl: Edl) -> Edl:
    """One cut five frames later."""
    events = list(edl.events)
    first, second = events[1], events[2]
    events[1] = replace(first, length=first.length + 5)
    events[2] = replace(
        second, source_in=second.source_in + 5, record_in=second.record_in + 5, length=second.length - 5
    )
    return replace(edl, events=tuple(events))


def cameras(folder: Path, seconds: int, options: Options) -> Session:
    """Three cameras and a master, as ingest leaves them; made once."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = spec_of(Format.FULL, options)
    assets = []
    for name, source, noise in zip("ABC", SOURCES, NOISE, strict=True):
        path = folder / f"{name}-{spec.height}-{seconds}.mp4"
        if not path.exists():
            size = f"{':' if '=' in source else '='}s={spec.width}x{spec.height}:r=30"
            look = "setsar=1,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
            words = ["-vf", f"format=yuv420p,noise=alls={noise}:allf=t,{look}", *coder_words(options)]
            words += ["-g", "30", "-keyint_min", "30", "-sc_threshold", "0"]
            make(
                f"{source}{size}",
                [*words, *(["-g", "30", "-keyint_min", "30", "-sc_threshold", "0"])],
                seconds,
                path,
            )
        assets.append(known(name, path))
    sound = folder / f"master-{seconds}.wav"
    if not sound.exists():
        make("sine=220:r=48000", ["-ac", "2"], seconds, sound)
    return Session(id="bench", rate=RATE, assets=(*assets, known("master", sound)), master="master")


def make(source: str, words: list[str], seconds: int, path: Path) -> None:
    """A file of so many seconds, there whole or not at all."""
    part = path.with_name(f"part-{path.name}")
    program = [str(find_ffmpeg().program), "-v", "error", "-nostdin", "-y", "-f", "lavfi"]
    subprocess.run([*program, "-i", source, "-t", str(Fraction(seconds)), *words, str(part)], check=True)
    part.rename(path)


def known(name: str, path: Path) -> Asset:
    """An asset with its facts."""
    file = MediaFile(
        path=str(path.absolute()), sha256=f"{path.name}-{path.stat().st_size}", facts=probe(path)
    )
    return Asset(camera=name, files=(file,))


if __name__ == "__main__":
    sys.exit(main())
