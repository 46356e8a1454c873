"""Caption files (SRT, VTT, ASS) as cues in milliseconds of the programme, through pysubs2."""

from __future__ import annotations

from pathlib import Path

from tirage.media.notes import Notes
from tirage.video.findings import tell
from tirage.video.formats.text import decode
from tirage.video.limits import MAX_BYTES, MAX_CUES
from tirage.video.timeline import Cue

__all__ = ["ENDINGS", "read_cues"]

ENDINGS = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ass"}
"""Endings and pysubs2's names of what they say."""
ARROW = "-->"
"""What stands between times in SRT and VTT."""


def read_cues(name: str, data: bytes, notes: Notes) -> tuple[Cue, ...]:
    """The cues of a file by its name's ending, by start; none after noting that it has none."""
    where = f"captions {Path(name).name}"
    form = ENDINGS.get(Path(name).suffix.lower())
    text = decode(data, notes) if form and len(data) <= MAX_BYTES else None
    if form is None or text is None:
        tell(notes, "CAPTIONS_UNREADABLE", where, f"{where} are no file of SRT, VTT or ASS.")
        return ()
    import pysubs2

    try:
        found = pysubs2.SSAFile.from_string(text, format_=form)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, KeyError, IndexError) as error:
        tell(notes, "CAPTIONS_UNREADABLE", where, f"{where} cannot be read: {str(error)[:200]}.")
        return ()
    cues = [
        Cue(start=event.start, end=event.end, text=event.plaintext.strip())
        for event in found.events
        if not event.is_comment and event.plaintext.strip()
    ]
    _check(cues, text if form != "ass" else "", where, notes)
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end)))


def _check(cues: list[Cue], text: str, where: str, notes: Notes) -> None:
    """What a lenient reader passes over."""
    if not cues or len(cues) > MAX_CUES:
        tell(notes, "CAPTIONS_UNREADABLE", where, f"{where} have {len(cues)} cues.")
    lost = text.count(ARROW) - len(cues)
    if cues and lost > 0:
        tell(notes, "CAPTIONS_LOST", where, f"{lost} cues of {where} have no time or no text.")
    for number, cue in enumerate(cues, 1):
        if cue.end <= cue.start:
            message = f"Cue {number} of {where} ends before it begins, at {cue.start / 1000:.3f} s."
            tell(notes, "CAPTION_REVERSED", f"{where}, cue {number}", message)
