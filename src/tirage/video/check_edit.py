"""Preflight, the edit: whether what it asks for is there, event by event, in whole frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from tirage.media.notes import Notes
from tirage.video.findings import tell
from tirage.video.session import Asset, Session
from tirage.video.timeline import CaptionTrack, Clock, Edl, Event, Graphic, MarkerKind, Range

__all__ = ["check_edit"]

LONGEST_S = 12 * 3600
FLASH_FRAMES = 3
"""Events shorter than this are hardly ever meant."""
HTML = {".html", ".htm"}


def check_edit(
    session: Session,
    edl: Edl,
    *,
    templates: frozenset[str],
    browser: bool,
    lacks: Callable[[str], str],
    notes: Notes,
) -> None:
    """Notes all about an edit in a session.

    `templates` are the built-in ones, `browser` says whether one draws the others, `lacks` tells which
    letters of a text no font has."""
    if edl.rate != session.rate:
        message = f"The edit has {edl.rate.name} frames a second, the session {session.rate.name}."
        tell(notes, "RATE_DIFFERS", "edl", message)
    if not any(event.camera for event in edl.events):
        tell(notes, "NO_EVENTS", "edl", "The edit shows no camera.")
    if edl.rate.seconds(edl.length) > LONGEST_S:
        tell(
            notes,
            "TOO_LONG",
            "edl",
            f"The programme lasts {float(edl.rate.seconds(edl.length)) / 3600:.1f} h.",
        )
    if edl.clock is Clock.SOURCE:
        if edl.rate == session.rate:
            tell(notes, "NOT_CONFORMED", "edl", "The edit's events are by the sources' timecode.")
    else:
        _check_sources(session, edl, notes)
    _check_places(edl, notes)
    _check_markers(edl, notes)
    for graphic in edl.graphics:
        _check_graphic(graphic, edl, templates, browser=browser, lacks=lacks, notes=notes)
    _check_captions(edl, lacks, notes)


def _check_sources(session: Session, edl: Edl, notes: Notes) -> None:
    """Whether recorders have what is shown of them, a dissolve's end of the event before included."""
    ends = {
        id(one): other.dissolve for one, other in pairwise(edl.events) if one.record_out == other.record_in
    }
    master = session.asset(session.master)
    for event in edl.events:
        if event.camera is None:
            continue
        where = f"camera {event.camera}, {event.where}"
        asset = session.asset(event.camera)
        if asset is None:
            there = ", ".join(asset.camera for asset in session.assets)
            tell(notes, "CAMERA_UNKNOWN", where, f"{where}: the session has {there}.")
            continue
        _check_source(session, asset, event, ends.get(id(event), 0), where, notes)
        if master is not None:
            _check_sound(session, master, event, where, notes)


def _check_source(
    session: Session, asset: Asset, event: Event, handle: int, where: str, notes: Notes
) -> None:
    """An event's frames of the media, and those that a dissolve out of it goes on with."""
    if not asset.frames:
        return
    first = asset.sync.media_frame(event.source_in, session.rate)
    last = asset.sync.media_frame(event.source_out - 1, session.rate)
    if first < 0 or last >= asset.frames:
        side = f"{-first} before its first" if first < 0 else f"{last - asset.frames + 1} after its last"
        message = f"{where} shows frames {first} to {last} of {asset.frames}: {side}."
        tell(notes, "SOURCE_OUTSIDE", where, message)
    elif handle and asset.sync.media_frame(event.source_out + handle - 1, session.rate) >= asset.frames:
        left = asset.frames - 1 - last
        tell(notes, "DISSOLVE_HANDLE", where, f"{where} has {left} frames left for a dissolve of {handle}.")


def _check_sound(session: Session, master: Asset, event: Event, where: str, notes: Notes) -> None:
    """Whether the master's sound covers an event."""
    lengths = [file.facts.audio.duration for file in master.files if file.facts and file.facts.audio]
    if len(lengths) < len(master.files):
        return
    first = master.sync.media_time(session.rate.seconds(event.source_in))
    last = master.sync.media_time(session.rate.seconds(event.source_out))
    if first < 0 or last > sum(lengths) + 1 / session.rate.fps:
        message = f"{where}: the sound of {master.camera} does not reach over it."
        tell(notes, "SOUND_OUTSIDE", where, message)


def _check_places(edl: Edl, notes: Notes) -> None:
    """Holes, overlaps, transitions and slips."""
    end = 0
    before: Event | None = None
    for event in edl.events:
        where = _where(event)
        if event.record_in < end:
            other = before.where if before else "the beginning"
            tell(notes, "OVERLAP", where, f"{where} begins {end - event.record_in} frames into {other}.")
        elif event.record_in > end:
            tell(notes, "GAP", where, f"Nothing is shown for {event.record_in - end} frames before {where}.")
        if event.dissolve > event.length:
            message = f"{where}: a dissolve of {event.dissolve} frames in an event of {event.length}."
            tell(notes, "DISSOLVE_WRONG", where, message)
        if event.length < FLASH_FRAMES and event.camera is not None:
            tell(notes, "FLASH_FRAME", where, f"{where} is {event.length} frames long.")
        end, before = max(end, event.record_out), event


def _where(event: Event) -> str:
    return f"camera {event.camera}, {event.where}" if event.camera is not None else event.where


def _check_markers(edl: Edl, notes: Notes) -> None:
    for marker in edl.markers:
        if marker.frame + marker.length > edl.length or (marker.frame == edl.length and not marker.length):
            where = f"marker {marker.name or marker.frame}"
            tell(notes, "MARKER_OUTSIDE", where, f"{where} is not within the {edl.length} frames.")
    thumbnails = [marker for marker in edl.markers if marker.kind is MarkerKind.THUMBNAIL]
    if len(thumbnails) > 1:
        tell(notes, "MARKER_TWICE", "markers", f"There are {len(thumbnails)} thumbnail markers.")
    for output in edl.outputs:
        for shown in output.ranges:
            _check_range(shown, edl, f"output {output.format}", notes)


def _check_range(shown: Range, edl: Edl, where: str, notes: Notes) -> None:
    if not 0 <= shown.start < shown.end <= edl.length:
        message = f"{where} shows frames {shown.start} to {shown.end} of {edl.length}."
        tell(notes, "OUTPUT_OUTSIDE", where, message)


def _check_graphic(
    graphic: Graphic,
    edl: Edl,
    templates: frozenset[str],
    *,
    browser: bool,
    lacks: Callable[[str], str],
    notes: Notes,
) -> None:
    where = f"graphic {graphic.template} at frame {graphic.record_in}"
    if graphic.record_out > edl.length:
        tell(notes, "GRAPHIC_OUTSIDE", where, f"{where} goes on after the programme's end.")
    if 2 * graphic.fade > graphic.length:
        message = f"{where}: two fades of {graphic.fade} frames in {graphic.length}."
        tell(notes, "GRAPHIC_FADE", where, message)
    if graphic.template not in templates:
        if Path(graphic.template).suffix.lower() not in HTML or not Path(graphic.template).is_file():
            tell(notes, "GRAPHIC_UNKNOWN", where, f"There is no template {graphic.template!r}.")
        elif not browser:
            tell(notes, "BROWSER_MISSING", where, f"{where} needs a browser, and there is none.")
    elif missing := lacks("".join(text for _, text in graphic.fields)):
        tell(notes, "GLYPH_MISSING", where, f"{where}: the font has no {' '.join(missing[:20])}.")


def _check_captions(edl: Edl, lacks: Callable[[str], str], notes: Notes) -> None:
    languages = [track.language for track in edl.captions]
    for language in sorted({name for name in languages if languages.count(name) > 1}):
        where = f"captions {language}"
        tell(notes, "LANGUAGE_TWICE", where, f"There are two tracks of captions in {language}.")
    for track in edl.captions:
        where = f"captions {track.language}"
        if track.path and not _same(track):
            tell(
                notes, "CAPTIONS_MISSING", where, f"{where}: {Path(track.path).name} is gone or has changed."
            )
        _check_cues(track, edl, where, notes)
        if missing := lacks("".join(cue.text for cue in track.cues)):
            tell(notes, "GLYPH_MISSING", where, f"{where}: the font has no {' '.join(missing[:20])}.")


def _check_cues(track: CaptionTrack, edl: Edl, where: str, notes: Notes) -> None:
    end = edl.rate.seconds(edl.length) * 1000
    late: Sequence[int] = [number for number, cue in enumerate(track.cues, 1) if cue.end > end + 1]
    if late:
        message = f"{where}: {len(late)} cues from number {late[0]} on lie after the programme's end."
        tell(notes, "CAPTION_OUTSIDE", where, message)
    over = [n for n, (one, other) in enumerate(pairwise(track.cues), 2) if other.start < one.end]
    if over:
        message = f"{where}: {len(over)} cues begin before the one before has ended, first number {over[0]}."
        tell(notes, "CAPTIONS_OVERLAP", where, message)


def _same(track: CaptionTrack) -> bool:
    try:
        return sha256(Path(track.path).read_bytes()).hexdigest() == track.sha256
    except OSError:
        return False
