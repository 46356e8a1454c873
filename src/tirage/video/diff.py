"""What one revision of an edit changes of another: events, and how many frames show something else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise

from tirage.video.timecode import format_timecode
from tirage.video.timeline import Edl, Event

__all__ = ["Change", "ChangeKind", "Difference", "diff"]


class ChangeKind(StrEnum):
    """What happened to a part of an edit."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One part that is not as it was."""

    kind: ChangeKind
    what: str
    """An event, a marker …, with its place in the programme."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed."""

    changes: tuple[Change, ...]
    frames: int
    """Frames of the new programme that show another frame of a camera, or another camera."""


def diff(old: Edl, new: Edl) -> Difference:
    """What `new` changes; events that only moved because others grew or went are no change."""
    changes = [*_events(old, new)]
    for what, one, two in (
        ("marker", old.markers, new.markers),
        ("graphic", old.graphics, new.graphics),
        ("captions", old.captions, new.captions),
        ("output", old.outputs, new.outputs),
    ):
        before, after = {str(item): item for item in one}, {str(item): item for item in two}
        for kind, here, there in ((ChangeKind.REMOVED, before, after), (ChangeKind.ADDED, after, before)):
            changes += [Change(kind, f"{what} {_name(here[key])}") for key in here if key not in there]
    return Difference(tuple(changes), _frames(old, new))


def _events(old: Edl, new: Edl) -> Iterator[Change]:
    shown, wanted = _parts(old), _parts(new)
    before, after = _plain(shown), _plain(wanted)
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for step, first, last, start, end in steps:
        if step == "equal":
            continue
        pairs = min(last - first, end - start)
        for index in range(pairs):
            yield Change(ChangeKind.CHANGED, _told(new, wanted[start + index]))
        for event in shown[first + pairs : last]:
            yield Change(ChangeKind.REMOVED, _told(old, event))
        for event in wanted[start + pairs : end]:
            yield Change(ChangeKind.ADDED, _told(new, event))


def _parts(edl: Edl) -> Sequence[Event]:
    """The events that are more than a hole."""
    return [event for event in edl.events if event.camera is not None or event.dissolve or event.gain]


def _plain(events: Sequence[Event]) -> Sequence[Event]:
    """Events without their names and places, so that what only moved is the same."""
    return [replace(event, record_in=0, name="", line=0) for event in events]


def _told(edl: Edl, event: Event) -> str:
    """An event as people find it: place, camera, source."""
    at = format_timecode(edl.start + event.record_in, edl.rate, drop=edl.drop)
    shown = f"{event.camera} {event.source_in}–{event.source_out}" if event.camera else "black"
    return f"event at {at}: {shown}, {event.length} frames"


def _name(item: object) -> str:
    for key in ("name", "template", "language", "format"):
        if found := getattr(item, key, ""):
            return str(found)
    return str(getattr(item, "frame", ""))


def _frames(old: Edl, new: Edl) -> int:
    """Frames of the new programme that the old one did not show at that place."""
    edges = sorted({0, new.length, *_edges(old), *_edges(new)})
    begins = [[event.record_in for event in edl.events] for edl in (old, new)]
    return sum(
        min(end, new.length) - start
        for start, end in pairwise(edges)
        if start < new.length and _shown(old, begins[0], start) != _shown(new, begins[1], start)
    )


def _edges(edl: Edl) -> set[int]:
    places = {event.record_in + event.dissolve for event in edl.events if event.dissolve}
    return places | {place for event in edl.events for place in (event.record_in, event.record_out)}


def _shown(edl: Edl, begins: Sequence[int], frame: int) -> object:
    """What is seen from a frame on: the offset between programme and source does not change with it."""
    index = bisect_right(begins, frame) - 1
    if index < 0 or frame >= edl.events[index].record_out:
        return None
    event = edl.events[index]
    if event.camera is None and not event.dissolve:
        return None
    mixed = event.record_in if frame < event.record_in + event.dissolve else None
    under = edl.events[index - 1] if mixed is not None and index else None
    return event.camera, _offset(event), mixed, event.dissolve if under else 0, under and _offset(under)


def _offset(event: Event) -> int | None:
    return event.source_in - event.record_in if event.camera else None
