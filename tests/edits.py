"""Edits and sessions for tests, without any media: files are a few bytes, their facts are made up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

from tirage.media.media_facts import AudioFacts, MediaFacts, VideoFacts
from tirage.media.rates import RATES, Rate
from tirage.video.ingest import Row, attach
from tirage.video.session import Asset, MediaFile, Revision, Session
from tirage.video.timeline import Clock, Edl, Event, Marker, MarkerKind

CAMERAS = ("Cam A", "B", "C")


def programme(rate: Rate, *, seed: int = 0, count: int = 12) -> Edl:
    """A cut programme by sources' timecode: dissolves, a hole, a fade to black at its end, chapters."""
    random = Random(seed)  # noqa: S311 – for tests
    hour = 3600 * rate.nominal
    events: list[Event] = []
    place = 0
    for number in range(1, count + 1):
        length = random.randint(20, 200)
        dissolve = random.choice([0, 0, 8, 15]) if number > 1 and events[-1].record_out == place else 0
        event = Event(
            camera=random.choice(CAMERAS),
            source_in=hour + random.randint(0, 100_000),
            length=length,
            record_in=place,
            dissolve=dissolve,
            name=str(number),
        )
        events.append(event)
        place += length + (random.randint(10, 60) if number == count // 2 else 0)
    events.append(Event(camera=None, source_in=0, length=12, record_in=place, dissolve=12))
    chapters = [Marker(kind=MarkerKind.CHAPTER, frame=events[i].record_in, name=f"Part {i}") for i in (0, 3)]
    return Edl(
        rate=rate,
        events=tuple(events),
        name="Evening",
        clock=Clock.SOURCE,
        start=hour,
        drop=rate.drops,
        markers=tuple(chapters),
    )


def seen(edl: Edl) -> tuple[object, ...]:
    """What every format has to keep: shots, fades, start, chapters; gaps are as good as holes."""
    shots = [replace(event, name="", line=0) for event in edl.events if event.camera or event.dissolve]
    chapters = [marker for marker in edl.markers if marker.kind is MarkerKind.CHAPTER]
    return edl.rate, edl.start, edl.drop, shots, chapters


def facts(*, frames: int, rate: Rate, timecode: str = "", sound: bool = True) -> MediaFacts:
    """What a probe would find in a steady recording in full HD."""
    lasts = Fraction(frames) / rate.fps
    video = VideoFacts(
        codec="h264",
        pixel_format="yuv420p",
        width=1920,
        height=1080,
        fps=rate.fps,
        frames=frames,
        start=Fraction(0),
        steady=True,
        primaries="bt709",
        transfer="bt709",
        matrix="bt709",
        colour_range="tv",
        keys=tuple(range(0, frames, rate.nominal)),
        closed=True,
    )
    audio = AudioFacts(codec="aac", sample_rate=48_000, channels=2, start=Fraction(0), duration=lasts)
    return MediaFacts(
        container="mov", duration=lasts, video=video, audio=audio if sound else None, timecode=timecode
    )


def recorded(folder: Path, *, frames: int = 3000, rate: Rate = RATES["25"]) -> tuple[Session, list[Row]]:
    """Three cameras with rows, and an edit of three events that has nothing wrong."""
    rows, assets = [], []
    for camera in CAMERAS:
        path = folder / f"{camera}.mp4"
        path.write_bytes(b"recording of " + camera.encode())
        found = path.stat()
        row = Row(
            path=str(path),
            size=found.st_size,
            changed=found.st_mtime_ns,
            sha256=camera.encode().hex().ljust(64, "0"),
            facts=facts(frames=frames, rate=rate, timecode="00:00:00:00"),
        )
        rows.append(row)
        assets.append(Asset(camera=camera, files=(MediaFile(path=str(path)),)))
    third = frames // 3
    events = tuple(
        Event(camera=camera, source_in=i * third, length=third, record_in=i * third, name=str(i + 1))
        for i, camera in enumerate(CAMERAS)
    )
    revision = Revision(number=1, edl=Edl(rate=rate, events=events))
    session = Session(id="evening", rate=rate, assets=tuple(assets), master=CAMERAS[0], revisions=(revision,))
    return attach(session, rows), rows
