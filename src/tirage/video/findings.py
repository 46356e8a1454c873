"""What can be wrong with an edit, a session or its media: a table of codes, how bad each is, and a hint."""

from __future__ import annotations

from dataclasses import dataclass

from tirage.errors import Severity
from tirage.media.notes import Notes

__all__ = ["KINDS", "Kind", "tell"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means."""

    severity: Severity
    hint: str


ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

KINDS: dict[str, Kind] = {
    # what an EDL's file can have wrong
    "RATE_UNKNOWN": Kind(ERROR, "Name one of the rates that a session can have."),
    "DROP_FRAME_RATE": Kind(ERROR, "Write the timecodes as non-drop, or the rate as 29.97 or 59.94."),
    "TIMECODE_WRONG": Kind(ERROR, "Correct the timecode at that place."),
    "REVERSED": Kind(ERROR, "Let the end come after the beginning."),
    "SPEED": Kind(ERROR, "Give the event 100 % speed; other speeds are not rendered."),
    "TEXT_TOO_LONG": Kind(ERROR, "Shorten the text."),
    "MARKER_MISSING": Kind(ERROR, "Add a marker of the kind range with that name and a length."),
}


def tell(notes: Notes, code: str, where: str, message: str) -> None:
    """Adds a finding with its code's severity and hint."""
    kind = KINDS[code]
    add = {ERROR: notes.error, WARNING: notes.warning, NOTE: notes.note}[kind.severity]
    add(code, where, message, hint=kind.hint)
