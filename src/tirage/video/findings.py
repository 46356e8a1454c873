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
    "NO_TEXT": Kind(ERROR, "Export the edit again as text."),
    "TOO_LARGE": Kind(ERROR, "Split the edit; no programme needs so much."),
    "NO_EVENTS": Kind(ERROR, "Export an edit with at least one event."),
    "EVENT_WRONG": Kind(ERROR, "Correct the event, or export the edit again."),
    "EDIT_UNKNOWN": Kind(ERROR, "Use cuts and dissolves; keys and other effects are not rendered."),
    "LINE_UNKNOWN": Kind(WARNING, "Look whether the line matters; it is left out."),
    "SOUND_IGNORED": Kind(NOTE, "Nothing has to be done; gains of events change the master's sound."),
    "TRANSITION_UNKNOWN": Kind(WARNING, "Nothing has to be done where a dissolve will do."),
    "DISSOLVE_WRONG": Kind(ERROR, "Make the transition no longer than its event."),
    "NOT_IN_FORMAT": Kind(WARNING, "Write Tirage's own JSON, which holds everything."),
    "XML_WRONG": Kind(ERROR, "Export the edit again; the file is no whole XML, or more than an edit."),
    "NUMBER_WRONG": Kind(ERROR, "Correct the number, or export the edit again."),
    "SOURCE_MISSING": Kind(ERROR, "Name the camera that the clip shows."),
    "TRACK_IGNORED": Kind(WARNING, "Put the programme on the first track of pictures, flattened."),
    "JSON_WRONG": Kind(ERROR, "Export the edit again; the file is no whole JSON, or not of this kind."),
    "END_UNKNOWN": Kind(WARNING, "Let the recording go on after the last switch; that shot is left out."),
    "RATE_MISSING": Kind(ERROR, "Say the rate, with --rate for a command."),
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
