"""OpenTimelineIO (`.otio`), both ways, through its own library; what it has no place for is metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tirage.media.fields import Fields, parse
from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.findings import tell
from tirage.video.formats.edl_json import edl_extras, edl_value
from tirage.video.formats.names import marker_of, source_name
from tirage.video.formats.track import Transition, events_of
from tirage.video.limits import MAX_EVENTS, MAX_FRAMES, MAX_MARKERS
from tirage.video.timeline import Clock, Edl, Event, Marker, MarkerKind

if TYPE_CHECKING:
    import opentimelineio as library
    from opentimelineio.opentime import RationalTime, TimeRange

__all__ = ["read", "write"]

MAX_DEPTH = 100
"""Objects in objects; the library reads them by recursion."""
OURS = "tirage"
"""Our key in its metadata."""
EXTRAS = ("graphics", "captions", "outputs", "drop")


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL by its sources' timecodes, from the file's first timeline; None after noting an error."""
    value = parse(data, where="otio", notes=notes)
    if notes.failed:
        return None
    if not _shallow(value):
        tell(notes, "JSON_WRONG", "otio", f"The file nests more than {MAX_DEPTH} objects.")
        return None
    timeline = _timeline(data, notes)
    return None if timeline is None else _Reader(notes, rate).read(timeline)


def _shallow(value: object) -> bool:
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return False
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting += [(child, depth + 1) for child in children]
    return True


def _timeline(data: bytes, notes: Notes) -> library.schema.Timeline | None:
    import opentimelineio as library

    try:
        found: Any = library.adapters.read_from_string(data.decode(), "otio_json")
    except (library.exceptions.OTIOError, ValueError, TypeError, KeyError, IndexError) as error:
        message = f"OpenTimelineIO cannot read it: {str(error).splitlines()[0][:200] if str(error) else ''}."
        tell(notes, "JSON_WRONG", "otio", message)
        return None
    if isinstance(found, library.schema.SerializableCollection):
        found = next(iter(found.find_children(descended_from_type=library.schema.Timeline)), None)
    if not isinstance(found, library.schema.Timeline):
        tell(notes, "NO_EVENTS", "otio", "There is no timeline in the file.")
        return None
    return found


class _Reader:
    """One timeline being read."""

    def __init__(self, notes: Notes, rate: Rate | None) -> None:
        self.notes = notes
        self.given = rate

    def read(self, timeline: library.schema.Timeline) -> Edl | None:
        tracks = timeline.video_tracks()
        if not tracks or len(tracks[0]) > MAX_EVENTS:
            code = "TOO_LARGE" if tracks else "NO_EVENTS"
            tell(self.notes, code, "tracks", f"There is no track of pictures with up to {MAX_EVENTS} items.")
            return None
        if any(len(track) for track in tracks[1:]):
            tell(self.notes, "TRACK_IGNORED", "tracks[1]", "Only the first track of pictures is read.")
        rate = self._rate(timeline, tracks[0])
        if rate is None:
            return None
        events = events_of(list(self._items(tracks[0], rate)), self.notes)
        if not any(event.camera for event in events):
            tell(self.notes, "NO_EVENTS", "tracks[0]", "The track shows no clip.")
        markers = [*timeline.tracks.markers, *tracks[0].markers][:MAX_MARKERS]
        start = timeline.global_start_time
        edl = Edl(
            rate=rate,
            name=timeline.name[:200],
            clock=Clock.SOURCE,
            start=self._frames(start, rate, "global_start_time") if start else 0,
            events=events,
            markers=tuple(self._markers(markers, rate)),
        )
        ours = timeline.metadata.get(OURS)
        if ours is not None:
            extras = json.loads(json.dumps(_plain(ours)))
            edl = edl_extras(Fields(extras, f"metadata.{OURS}", self.notes), edl)
        return None if self.notes.failed else edl

    def _items(self, track: library.schema.Track, rate: Rate) -> Iterator[Event | Transition]:
        import opentimelineio as library

        place = 0
        for index, item in enumerate(track):
            where = f"tracks[0][{index}]"
            if isinstance(item, library.schema.Transition):
                if item.transition_type not in {"", "SMPTE_Dissolve"}:
                    message = f"{where}: the transition {item.transition_type[:40]!r} becomes a dissolve."
                    tell(self.notes, "TRANSITION_UNKNOWN", where, message)
                before = self._frames(item.in_offset, rate, where)
                yield Transition(before, self._frames(item.out_offset, rate, where), where)
                continue
            shown = self._range(item, where)
            length = self._frames(shown.duration, rate, where) if shown else 0
            if shown is None or length < 1:
                tell(self.notes, "REVERSED", where, f"{where} has no length.")
                continue
            yield self._event(item, shown, place, length, rate, where)
            place += length

    def _event(
        self, item: library.core.Item, shown: TimeRange, place: int, length: int, rate: Rate, where: str
    ) -> Event:
        ours = _plain(item.metadata.get(OURS, {}))
        camera = self._camera(item, ours, where)
        self._check_speed(item, where)
        gain = ours.get("gain", 0.0)
        return Event(
            camera=camera,
            source_in=self._frames(shown.start_time, rate, where) if camera is not None else 0,
            length=length,
            record_in=place,
            gain=float(gain) if isinstance(gain, int | float) and -120 <= gain <= 24 else 0.0,
            name=item.name[:200],
        )

    def _range(self, item: library.core.Item, where: str) -> TimeRange | None:
        """What is shown of an item; None where it does not say."""
        import opentimelineio as library

        try:
            return item.trimmed_range()
        except (library.exceptions.OTIOError, ValueError, NotImplementedError):
            tell(self.notes, "SOURCE_MISSING", where, f"{where} does not say what it shows.")
            return None

    def _camera(self, item: library.core.Item, ours: dict[str, Any], where: str) -> str | None:
        import opentimelineio as library

        if isinstance(item, library.schema.Gap) or not item.enabled:
            return None
        if not isinstance(item, library.schema.Clip):
            tell(self.notes, "EDIT_UNKNOWN", where, f"{where} is a nested timeline, which is not rendered.")
            return None
        media = item.media_reference
        url = media.target_url if isinstance(media, library.schema.ExternalReference) else ""
        camera = str(ours.get("camera") or source_name(url) or source_name(media.name) or item.name)[:100]
        if not camera:
            tell(self.notes, "SOURCE_MISSING", where, f"{where} names no media.")
        return camera or None

    def _check_speed(self, item: library.core.Item, where: str) -> None:
        import opentimelineio as library

        for effect in item.effects:
            if isinstance(effect, library.schema.TimeEffect) and getattr(effect, "time_scalar", 0) != 1:
                tell(self.notes, "SPEED", where, f"{where} does not run at 100 % speed.")

    def _markers(self, markers: list[library.schema.Marker], rate: Rate) -> Iterator[Marker]:
        for index, marker in enumerate(markers):
            where = f"markers[{index}]"
            frame = self._frames(marker.marked_range.start_time, rate, where)
            length = self._frames(marker.marked_range.duration, rate, where)
            found = marker_of(max(frame, 0), max(length, 0), marker.name)
            kind = _plain(marker.metadata.get(OURS, {})).get("kind")
            yield replace(found, kind=MarkerKind(kind)) if kind in [*MarkerKind] else found

    def _rate(self, timeline: library.schema.Timeline, track: library.schema.Track) -> Rate | None:
        """The timeline's, or that of the first item."""
        times = [timeline.global_start_time] if timeline.global_start_time else []
        times += [item.source_range.duration for item in list(track)[:1] if getattr(item, "source_range", 0)]
        for time in times:
            try:
                return Rate.of(Fraction(str(time.rate)))
            except (ValueError, ZeroDivisionError):
                message = f"There is no rate of {time.rate:g} frames a second."
                tell(self.notes, "RATE_UNKNOWN", "tracks[0]", message)
                return None
        if self.given is None:
            tell(self.notes, "RATE_MISSING", "tracks[0]", "The timeline does not say its rate.")
        return self.given

    def _frames(self, time: RationalTime, rate: Rate, where: str) -> int:
        """A time in whole frames of a rate; 0 after noting that it is none."""
        try:
            value, ticks = Fraction(str(time.value)), Fraction(str(time.rate))
            own = Rate.of(ticks).fps if abs(ticks - rate.fps) < 1 else ticks
            frames = rate.frame_at(value / own)
        except (ValueError, ZeroDivisionError, OverflowError):
            frames = MAX_FRAMES + 1
        if abs(frames) > MAX_FRAMES:
            message = f"{where}: {time.value:g} at {time.rate:g} is no time of a programme."
            tell(self.notes, "NUMBER_WRONG", where, message)
            return 0
        return frames


def _plain(value: Any) -> Any:  # noqa: ANN401 – the library types it no better
    """The library's own mappings and lists as Python's."""
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


def write(edl: Edl, notes: Notes) -> bytes:
    """A timeline; nothing of an EDL is lost, and `notes` gets nothing."""
    import opentimelineio as library

    del notes
    fps = float(edl.rate.fps)

    def at(frame: int) -> RationalTime:
        return library.opentime.RationalTime(frame, fps)

    def span(frame: int, length: int) -> TimeRange:
        return library.opentime.TimeRange(at(frame), at(length))

    track = library.schema.Track(name="V1", kind=library.schema.TrackKind.Video)
    place = 0
    for event in edl.events:
        if event.record_in > place:
            track.append(library.schema.Gap(source_range=span(0, event.record_in - place)))
        if event.dissolve:
            track.append(
                library.schema.Transition(
                    transition_type="SMPTE_Dissolve", in_offset=at(0), out_offset=at(event.dissolve)
                )
            )
        if event.camera is None:
            item: Any = library.schema.Gap(source_range=span(0, event.length))
        else:
            media = library.schema.MissingReference(name=event.camera)
            item = library.schema.Clip(
                name=event.name, media_reference=media, source_range=span(event.source_in, event.length)
            )
        ours = {"camera": event.camera} if event.camera else {}
        item.metadata[OURS] = ours | ({"gain": event.gain} if event.gain else {})
        track.append(item)
        place = event.record_out
    timeline = library.schema.Timeline(name=edl.name, global_start_time=at(edl.start))
    for marker in edl.markers:
        timeline.tracks.markers.append(
            library.schema.Marker(
                name=marker.name,
                marked_range=span(marker.frame, marker.length),
                metadata={OURS: {"kind": marker.kind.value}},
            )
        )
    value = edl_value(edl)
    timeline.metadata[OURS] = {key: value[key] for key in EXTRAS if key in value}
    timeline.tracks.append(track)
    text: str = library.adapters.write_to_string(timeline, "otio_json")
    return (text + "\n").encode()
