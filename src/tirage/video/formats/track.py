"""A track of clips and transitions, as other programs keep it, to events and back.
There a transition lies across a cut; here a dissolve lies at the beginning of the event that comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tirage.media.notes import Notes
from tirage.video.findings import tell
from tirage.video.timeline import Event

__all__ = ["Transition", "events_of"]


@dataclass(frozen=True, slots=True)
class Transition:
    """What lies across a cut: frames before it, frames after it."""

    before: int
    after: int
    where: str


def events_of(items: Sequence[Event | Transition], notes: Notes) -> tuple[Event, ...]:
    """The events of a track whose items lie one after another: gaps that nobody needs are left out."""
    events: list[Event] = []
    waiting: Transition | None = None
    for item in items:
        if isinstance(item, Transition):
            waiting = item
            continue
        events.append(_dissolved(item, waiting, events, notes) if waiting else item)
        waiting = None
    if waiting and events and waiting.before:
        last = events[-1]
        short = _shortened(events, waiting, notes)
        fade = Event(
            camera=None, source_in=0, length=short, record_in=last.record_out - short, dissolve=short
        )
        events.append(fade)
    return tuple(_without_silent_end(events))


def _dissolved(item: Event, transition: Transition, events: list[Event], notes: Notes) -> Event:
    """The event that comes, begun where its transition begins."""
    before = _shortened(events, transition, notes) if events else 0
    length = item.length + before
    frames = before + transition.after
    if frames > length:
        message = f"{transition.where}: {frames} frames of transition reach over the {length} that follow."
        tell(notes, "DISSOLVE_WRONG", transition.where, message)
        frames = length
    source_in = item.source_in - before if item.camera is not None else 0
    return replace(
        item, source_in=source_in, record_in=item.record_in - before, length=length, dissolve=frames
    )


def _shortened(events: list[Event], transition: Transition, notes: Notes) -> int:
    """Takes a transition's first part off the last event; how long it is."""
    last = events[-1]
    if transition.before >= last.length:
        message = f"{transition.where}: a transition begins before the event that it leads from."
        tell(notes, "DISSOLVE_WRONG", transition.where, message)
        return 0
    events[-1] = replace(last, length=last.length - transition.before)
    return transition.before


def _without_silent_end(events: Sequence[Event]) -> Iterator[Event]:
    """Without a gap at the very end that nothing fades into."""
    for index, event in enumerate(events):
        if index < len(events) - 1 or event.camera is not None or event.dissolve:
            yield event
