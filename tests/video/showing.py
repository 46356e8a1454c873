"""Edits for tests, and the judge of what comes out: every frame and every click against the edit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from tirage.media.files import staged
from tirage.video.pipeline import Artifact, VideoOrder, make_artifacts
from tirage.video.session import Session
from tirage.video.spec import CaptionStyle, Options, spec_of
from tirage.video.timeline import Edl, Event, Format
from tirage.video.workshop import Workshop
from video.filmed import clicks, look

SMALL = Options(short_side=180, captions=CaptionStyle.NONE, smart=False)
LOCK = "0" * 64


def cuts(session: Session, *lengths: int, start: int = 0) -> Edl:
    """An edit that goes through the cameras in turn, each shot so many frames long."""
    at, events = 0, []
    for index, length in enumerate(lengths):
        events.append(
            Event(
                camera="ABC"[index % 3],
                source_in=start + at,
                length=length,
                record_in=at,
                name=str(index + 1),
            )
        )
        at += length
    return Edl(rate=session.rate, events=tuple(events))


def order(
    session: Session, edl: Edl, kind: Format = Format.FULL, options: Options = SMALL, lock: str = LOCK
) -> VideoOrder:
    return VideoOrder(session=session, edl=edl, lock=lock, format=kind, options=options, templates={})


def made(asked: VideoOrder, workshop: Workshop, folder: Path) -> list[Artifact]:
    """Renders into a folder."""
    with staged(folder, durable=False) as stage:
        return make_artifacts(asked, workshop=workshop, stage=stage)


def wanted(asked: VideoOrder) -> list[tuple[str, int] | None]:
    """The camera and its frame that each frame of the output shows; None in gaps, worked out naively."""
    session, edl = asked.session, asked.edl
    frames: list[tuple[str, int] | None] = []
    for stretch in edl.ranges(asked.format):
        for record in range(stretch.start, stretch.end):
            event = next((e for e in edl.events if e.record_in <= record < e.record_out), None)
            if event is None or event.camera is None:
                frames.append(None)
                continue
            asset = session.asset(event.camera)
            assert asset is not None
            at = event.source_in + record - event.record_in
            exact = at * (1 + asset.sync.drift / 1_000_000) + asset.sync.offset * session.rate.fps
            frames.append((event.camera, (exact + Fraction(1, 2)).__floor__()))
    return frames


def assert_as_edited(asked: VideoOrder, video: Path) -> None:
    """Every decoded frame is the one that the edit names, and every click begins with its flash."""
    spec = spec_of(asked.format, asked.options)
    seen = look(video, width=spec.width, height=spec.height)
    shown = [("ABC"[frame.camera], frame.frame) if frame.camera >= 0 else None for frame in seen]
    assert shown == wanted(asked)
    flashes = [index / asked.session.rate.fps for index, frame in enumerate(seen) if frame.flash]
    heard = clicks(video)
    assert len(flashes) == len(heard) > 0
    assert max(abs(flash - click) for flash, click in zip(flashes, heard, strict=True)) <= Fraction(1, 1000)


def smart(options: Options = SMALL) -> Options:
    return replace(options, smart=True)
