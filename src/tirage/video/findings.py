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
    # what an edit can ask for that its session does not have
    "EDL_NOT_FOUND": Kind(ERROR, "Give the session an edit, or name one with --edl."),
    "EDL_NOT_LOCKED": Kind(ERROR, "Lock the edit when it is final, or render it as a draft."),
    "LOCK_BROKEN": Kind(ERROR, "Make a new revision and lock that: a locked one never changes."),
    "NOT_CONFORMED": Kind(ERROR, "Conform the edit to the session first."),
    "RATE_DIFFERS": Kind(ERROR, "Export the edit at the session's rate."),
    "CAMERA_UNKNOWN": Kind(ERROR, "Name the source as the session names its camera, or its file."),
    "SOURCE_OUTSIDE": Kind(ERROR, "Move or shorten the event, or correct the camera's sync."),
    "SOUND_OUTSIDE": Kind(WARNING, "Move or shorten the event, or accept silence there."),
    "OVERLAP": Kind(ERROR, "Let the event begin where the one before it ends."),
    "GAP": Kind(WARNING, "Close the gap, or write it as an event without a camera when black is meant."),
    "FLASH_FRAME": Kind(WARNING, "Look whether the event is a slip; it is hardly seen."),
    "DISSOLVE_HANDLE": Kind(ERROR, "Shorten the dissolve: the event before has too little left to go on."),
    "TOO_LONG": Kind(ERROR, "Split the programme; 12 hours are possible."),
    "MARKER_OUTSIDE": Kind(WARNING, "Move the marker into the programme; it is left out."),
    "MARKER_TWICE": Kind(WARNING, "Keep one thumbnail marker; the first is taken."),
    "OUTPUT_OUTSIDE": Kind(ERROR, "Let the output's ranges lie within the programme."),
    "GRAPHIC_OUTSIDE": Kind(WARNING, "Let the graphic end before the programme does; it is cut off."),
    "GRAPHIC_FADE": Kind(WARNING, "Shorten the fade to half of the graphic."),
    "GRAPHIC_UNKNOWN": Kind(ERROR, "Use a built-in template, or name a file in HTML that there is."),
    "BROWSER_MISSING": Kind(ERROR, "Install Chromium, or use a built-in template."),
    "GLYPH_MISSING": Kind(WARNING, "Write it with letters that the font has."),
    "CAPTIONS_MISSING": Kind(WARNING, "Put the file of captions where the edit says."),
    "CAPTIONS_UNREADABLE": Kind(ERROR, "Save the captions as SRT, VTT or ASS in UTF-8."),
    "CAPTIONS_LOST": Kind(WARNING, "Correct the times of these cues; they are left out."),
    "CAPTION_REVERSED": Kind(ERROR, "Let the cue end after it begins."),
    "CAPTION_OUTSIDE": Kind(WARNING, "Shift the captions: they go on after the programme's end."),
    "CAPTIONS_OVERLAP": Kind(NOTE, "Nothing has to be done where two may be seen at a time."),
    "LANGUAGE_TWICE": Kind(ERROR, "Keep one track of captions in each language."),
    # what a session's files can have wrong
    "ASSETS_MISSING": Kind(ERROR, "Give the session at least one camera with pictures."),
    "CAMERA_TWICE": Kind(ERROR, "Give every camera a name of its own."),
    "MASTER_UNKNOWN": Kind(ERROR, "Name one of the session's recorders as the master of sound."),
    "MEZZANINE_MISSING": Kind(ERROR, "Put the file where the session says, or correct its path."),
    "MEDIA_UNREADABLE": Kind(ERROR, "Copy the file from the recorder again."),
    "MEDIA_TRUNCATED": Kind(ERROR, "Copy the file from the recorder again: its end is missing."),
    "MEDIA_UNDECODABLE": Kind(ERROR, "Copy the file again, or convert it to H.264 or ProRes."),
    "NOT_INGESTED": Kind(ERROR, "Run `tirage video ingest` on the session."),
    "MEDIA_CHANGED": Kind(ERROR, "Run `tirage video ingest` again: the file is another one now."),
    "NO_VIDEO": Kind(ERROR, "Name a file with pictures, or take the camera out of the edit."),
    "CODEC_UNKNOWN": Kind(ERROR, "Convert the file to H.264, HEVC or ProRes."),
    "VARIABLE_RATE": Kind(ERROR, "Run `tirage video ingest`: it makes a mezzanine of a steady rate."),
    "MEDIA_RATE": Kind(ERROR, "Run `tirage video ingest`: it makes a mezzanine at the session's rate."),
    "RATE_CONVERTED": Kind(NOTE, "Nothing has to be done; pictures are repeated or left out."),
    "SIZE_SMALL": Kind(WARNING, "Record larger, or accept a picture that is enlarged."),
    "SIZES_DIFFER": Kind(NOTE, "Nothing has to be done; pictures are scaled."),
    "SHAPE_DIFFERS": Kind(WARNING, "Record in 16:9, or set focus points: the picture is cut to its shape."),
    "ROTATED": Kind(NOTE, "Nothing has to be done; the picture is turned as the file says."),
    "PIXELS_OBLONG": Kind(NOTE, "Nothing has to be done; the picture is widened as the file says."),
    "FILES_DIFFER": Kind(ERROR, "Join only files of one recording: same size, rate and codec."),
    "COLOUR_UNTAGGED": Kind(NOTE, "Tag the recording; BT.709 is assumed."),
    "COLOURS_DIFFER": Kind(WARNING, "Give the cameras LUTs, or record all with the same colours."),
    "HDR": Kind(WARNING, "Give the camera a LUT to BT.709; without one it looks pale."),
    "AUDIO_MISSING": Kind(ERROR, "Name a recorder with sound as the master."),
    "AUDIO_RATE": Kind(NOTE, "Nothing has to be done; the sound is resampled to 48 kHz."),
    "AUDIO_START": Kind(NOTE, "Nothing has to be done; the difference is kept."),
    "SYNC_MISSING": Kind(WARNING, "Run `tirage video sync`: this camera has neither a sync nor a timecode."),
    "SYNC_UNSURE": Kind(ERROR, "Say the offset by hand, or give both recorders the same sound."),
    "DRIFT_LARGE": Kind(WARNING, "Look whether the sync is right: recorders drift by less."),
    "FOCUS_ORDER": Kind(ERROR, "Write the focus points by frame, each frame once."),
    "LUT_MISSING": Kind(ERROR, "Put the .cube file where the session says."),
    "LUT_WRONG": Kind(ERROR, "Export the LUT as a three-dimensional .cube of 2 to 129 steps."),
    "DISK_SPACE": Kind(ERROR, "Free some space, or render to another disk."),
}


def tell(notes: Notes, code: str, where: str, message: str) -> None:
    """Adds a finding with its code's severity and hint."""
    kind = KINDS[code]
    add = {ERROR: notes.error, WARNING: notes.warning, NOTE: notes.note}[kind.severity]
    add(code, where, message, hint=kind.hint)
