"""The plan of a render: a pure function of a locked edit, its assets, a format and options.
Exact frames, on the sources' grids; what is heard when; chapters; and the keys by which results are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from tirage.media.rates import Rate
from tirage.video.cells import pieces, place_of
from tirage.video.copying import may_copy, whole
from tirage.video.framing import framing
from tirage.video.lock import Plain, plain
from tirage.video.segment import Layer, Picture, Run, Segment, Shot, Source, digest, key_of
from tirage.video.session import Asset, Session
from tirage.video.spec import ENCODERS, Options, Spec, spec_of
from tirage.video.subtitles import Subtitles, in_frames, slice_of
from tirage.video.timeline import Edl, Event, Format, Graphic, MarkerKind, Range

__all__ = [
    "VERSION",
    "Chapter",
    "Placed",
    "Plan",
    "SoundRun",
    "artifact_key",
    "make_plan",
    "replace_segments",
]

INDEXED = "mov"
"""The kind of container whose tables say when each frame is shown; others are read from a little before."""
VERSION = 2
"""Of what the renderer makes of a plan: raised whenever its pixels or samples change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRun:
    """What is heard for some frames of the output: a stretch of the master's sound."""

    start: int
    """The output's frame."""
    length: int
    session: int
    """The frame of the session's clock that is heard first."""
    gain: float
    """Decibels."""
    overlap: int = 0
    """Frames at the beginning in which the run before goes on and fades into this one."""
    joined: bool = False
    """Whether the run before ends where this one begins, on the session's clock too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A named place of the output."""

    frame: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A segment and where it stands."""

    start: int
    """The output's frame."""
    segment: Segment
    key: str
    """Names its coded frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a render makes."""

    format: Format
    spec: Spec
    options: Options
    rate: Rate
    length: int
    """Frames of the output."""
    ranges: tuple[Range, ...]
    """What is shown of the programme, one after another."""
    segments: tuple[Placed, ...]
    sound: tuple[SoundRun, ...]
    chapters: tuple[Chapter, ...]
    pictures: tuple[Picture, ...]
    """Graphics that segments need, each once."""
    key: str
    """Names the artifact: the same key is the same video."""


def make_plan(
    session: Session,
    edl: Edl,
    format: Format,  # noqa: A002 – what it is called everywhere
    options: Options,
    *,
    lock: str,
    program: str,
    subtitles: Subtitles | None = None,
    templates: Mapping[str, str] | None = None,
) -> Plan:
    """What has to be rendered, for an edit that preflight has found no fault with.

    `lock` is the hash that the edit was locked with, `program` names what codes and its version,
    `subtitles` are to be burnt in, `templates` are users' own by path, with their sha256.
    IndexError or KeyError: an asset has no such frame, a camera no asset: preflight was left out.
    """
    spec = spec_of(format, options)
    builder = _Builder(session, edl, options, subtitles, templates or {}, spec=spec)
    how = coding(options, spec, session.rate, program)
    placed: list[Placed] = []
    at = 0
    for segment in builder.segments(edl.ranges(format)):
        placed.append(Placed(start=at, segment=segment, key=key_of(segment, how=how)))
        at += segment.length
    return Plan(
        format=format,
        spec=spec,
        options=options,
        rate=session.rate,
        length=at,
        ranges=edl.ranges(format),
        segments=tuple(placed),
        sound=tuple(_sound(edl, edl.ranges(format))),
        chapters=tuple(_chapters(edl, edl.ranges(format))),
        pictures=tuple(builder.pictures.values()),
        key=artifact_key(lock, format, options, session.rate, program),
    )


def replace_segments(plan: Plan, segments: tuple[Placed, ...]) -> Plan:
    """The plan with its pictures in other parts."""
    return replace(plan, segments=segments)


def artifact_key(
    lock: str,
    format: Format,  # noqa: A002 – what it is called everywhere
    options: Options,
    rate: Rate,
    program: str,
) -> str:
    """Names what a locked edit becomes: the same key is the same video."""
    how = coding(options, spec_of(format, options), rate, program)
    return digest({"lock": lock, "format": format.value, "options": plain(options), "how": how})


def coding(options: Options, spec: Spec, rate: Rate, program: str) -> Plain:
    """What coded frames depend on beside what they show."""
    row = ENCODERS[options.coder]
    return {
        "version": VERSION,
        "program": program,
        "encoder": options.coder,
        "crf": row.crf if options.crf is None else options.crf,
        "preset": options.preset or row.preset,
        "bitrate": options.bitrate,
        "size": [spec.width, spec.height],
        "rate": rate.name,
    }


class _Builder:
    """Walks the programme's ranges and cuts them into segments."""

    def __init__(
        self,
        session: Session,
        edl: Edl,
        options: Options,
        subtitles: Subtitles | None,
        templates: Mapping[str, str],
        *,
        spec: Spec,
    ) -> None:
        self.session, self.edl, self.spec, self.templates = session, edl, spec, templates
        self.subtitles = subtitles and in_frames(subtitles, session.rate)
        self.pictures: dict[str, Picture] = {}
        self._copies = may_copy(options)
        self._layers = [(graphic, self._picture(graphic)) for graphic in edl.graphics]

    def segments(self, ranges: tuple[Range, ...]) -> Iterator[Segment]:
        """The segments of all ranges, in order."""
        for stretch in ranges:
            for event, before, start, end in spans(self.edl, stretch):
                if event is None or (event.camera is None and not _dissolves(event, start)):
                    for begin, after in _cut(start, end, self.session.rate.nominal):
                        yield self._segment(None, begin, after, stretch)
                elif _dissolves(event, start):
                    for begin, after in _cut(start, end, self.session.rate.nominal):
                        yield self._segment(event, begin, after, stretch, under=before, mixed=True)
                else:
                    for begin, after in self._together(event, start, end, stretch):
                        yield self._segment(event, begin, after, stretch)

    def _segment(
        self,
        event: Event | None,
        start: int,
        end: int,
        stretch: Range,
        *,
        under: Event | None = None,
        mixed: bool = False,
    ) -> Segment:
        """What is shown from one frame of the programme until before another."""
        length = end - start
        return Segment(
            length=length,
            shot=self._stretch(event, start, length),
            under=self._stretch(under, start, length),
            mix=(start - event.record_in, event.dissolve) if mixed and event else (0, 0),
            layers=tuple(self._over(start, length, stretch)),
            captions=slice_of(self.subtitles, start, length) if self.subtitles else "",
        )

    def _together(self, event: Event, start: int, end: int, stretch: Range) -> Iterator[tuple[int, int]]:
        """The segments of a camera's stretch: cells that are copied one by one, others some at a time."""
        begin = at = start
        last: tuple[str, int] | None = None
        for shot in self._pieces(event, start, end - start):
            after = at + shot.length
            place = place_of(shot.source.facts, self.session.rate, shot.runs[0].start)
            here = None if self._copied(event, at, after, stretch) else (shot.source.path, place)
            if at > begin and (here is None or here != last):
                yield begin, at
                begin = at
            last, at = here, after
        yield begin, at

    def _copied(self, event: Event, start: int, end: int, stretch: Range) -> bool:
        return self._copies and whole(
            self._segment(event, start, end, stretch), spec=self.spec, rate=self.session.rate
        )

    def _stretch(self, event: Event | None, start: int, length: int) -> Shot | None:
        """One camera's frames as one shot, across the grid; the first file's where a card was full."""
        if event is None or event.camera is None:
            return None
        shots = list(self._pieces(event, start, length))
        runs: list[Run] = []
        for shot in shots:
            for run in shot.runs:
                if runs and runs[-1].end == run.start:
                    runs[-1] = Run(start=runs[-1].start, length=runs[-1].length + run.length)
                else:
                    runs.append(run)
        asset = self._asset(event)
        place = event.source_in + start - event.record_in
        frame = framing(shots[0].source.facts, asset.focus, self.spec, start=place, length=length)
        return Shot(source=shots[0].source, runs=tuple(runs), framing=frame)

    def _pieces(self, event: Event, start: int, length: int) -> Iterator[Shot]:
        asset = self._asset(event)
        place = event.source_in + start - event.record_in
        for file, runs in pieces(asset, self.session.rate, start=place, length=length):
            source = _source(asset, file)
            frames = sum(run.length for run in runs)
            seen = framing(source.facts, asset.focus, self.spec, start=place, length=frames)
            yield Shot(source=source, runs=runs, framing=seen)
            place += frames

    def _asset(self, event: Event) -> Asset:
        asset = self.session.asset(event.camera or "")
        if asset is None:
            raise KeyError(event.camera)
        return asset

    def _over(self, at: int, length: int, stretch: Range) -> Iterator[Layer]:
        """The graphics over frames of the programme, as far as they lie in the range."""
        for graphic, picture in self._layers:
            first = max(graphic.record_in, stretch.start)
            after = min(graphic.record_out, stretch.end)
            begin, end = max(first, at), min(after, at + length)
            if begin >= end:
                continue
            total, done = after - first, begin - first
            fade = min(graphic.fade, total // 2)
            yield _layer(picture, begin - at, end - begin, done, total, fade)

    def _picture(self, graphic: Graphic) -> str:
        """The key of a graphic's picture, which is drawn once whatever the number of times it is seen."""
        picture = Picture(
            template=graphic.template,
            fields=graphic.fields,
            width=self.spec.width,
            height=self.spec.height,
            sha256=self.templates.get(graphic.template, ""),
        )
        self.pictures.setdefault(picture.key, picture)
        return picture.key


def _layer(picture: str, at: int, length: int, done: int, total: int, fade: int) -> Layer:
    """A graphic's part in a segment; how long it has simply stood there is left out, as nobody sees it."""
    if done >= fade and done + length <= total - fade:
        return Layer(picture=picture, at=at, length=length)
    stood = max(0, done - fade)
    waits = max(0, total - fade - done - length) if not stood else 0
    return Layer(
        picture=picture, at=at, length=length, done=done - stood, total=total - stood - waits, fade=fade
    )


def spans(edl: Edl, stretch: Range) -> Iterator[tuple[Event | None, Event | None, int, int]]:
    """A range as stretches of one event each: the event, the one before it, first frame, frame after.

    A dissolve is a stretch of its own; what no event covers is a gap (None).
    """
    at, before = stretch.start, None
    for event in edl.events:
        if event.record_in > stretch.end:
            break
        if event.record_in > at:
            yield None, None, at, min(event.record_in, stretch.end)
            before = None
        dissolved = min(event.record_in + event.dissolve, event.record_out)
        for begin, end in pairwise((event.record_in, dissolved, event.record_out)):
            begin, end = max(begin, at), min(end, stretch.end)
            if begin < end:
                yield event, before, begin, end
        at, before = max(at, min(event.record_out, stretch.end)), event
    if at < stretch.end:
        yield None, None, at, stretch.end


def _dissolves(event: Event, frame: int) -> bool:
    return frame < event.record_in + event.dissolve


def _cut(start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """A stretch in equal steps from its beginning."""
    for begin in range(start, end, most):
        yield begin, min(begin + most, end)


def _source(asset: Asset, file: int) -> Source:
    played = asset.files[file]
    facts = played.played_facts
    if facts is None or facts.video is None:
        raise IndexError
    return Source(
        path=played.played,
        sha256=played.delivery.sha256 if played.delivery else played.sha256,
        facts=facts.video,
        indexed=facts.container.startswith(INDEXED),
        lut=asset.lut,
        lut_sha256=asset.lut_sha256,
    )


def _sound(edl: Edl, ranges: tuple[Range, ...]) -> Iterator[SoundRun]:
    """What is heard: neighbours that go on from one another are one run."""
    held: SoundRun | None = None
    at = 0
    for stretch in ranges:
        for start, end, session, gain, overlap in _heard(edl, stretch):
            run = SoundRun(
                start=at,
                length=end - start,
                session=session,
                gain=gain,
                overlap=overlap if held else 0,
                joined=held is not None and held.session + held.length == session,
            )
            at += run.length
            if held is not None and run.joined and run.gain == held.gain:
                held = _longer(held, run.length)
                continue
            if held is not None:
                yield held
            held = run
    if held is not None:
        yield held


def _longer(run: SoundRun, frames: int) -> SoundRun:
    return replace(run, length=run.length + frames)


def _heard(edl: Edl, stretch: Range) -> Iterator[tuple[int, int, int, float, int]]:
    """First frame, frame after, the session's frame, gain and dissolve of each event of a range.

    Under a gap the master goes on from the event before; before the first event, up to it.
    """
    first = next((event for event in edl.events if event.camera is not None), None)
    offset = first.source_in - first.record_in if first else 0
    known = {id(event): event.source_in - event.record_in for event in edl.events if event.camera is not None}
    last: Event | None = None
    for earlier in edl.events:
        if earlier.record_in <= stretch.start:
            offset = known.get(id(earlier), offset)
    for event, _, start, end in spans(edl, stretch):
        if event is None:
            yield start, end, start + offset, 0.0, 0
            last = None
            continue
        offset = known.get(id(event), offset)
        begins = event is not last and start == event.record_in
        yield start, end, start + offset, event.gain, event.dissolve if begins else 0
        last = event


def _chapters(edl: Edl, ranges: tuple[Range, ...]) -> Iterator[Chapter]:
    at = 0
    for stretch in ranges:
        for marker in sorted(edl.markers, key=lambda marker: marker.frame):
            if marker.kind is MarkerKind.CHAPTER and stretch.start <= marker.frame < stretch.end:
                yield Chapter(frame=at + marker.frame - stretch.start, name=marker.name)
        at += stretch.length
