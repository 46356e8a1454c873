"""SESSION.json: a session as written by hand, its files beside it; docs/video-session.md describes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

from tirage.errors import BadInput
from tirage.media.fields import Fields, parse
from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.captions import read_cues
from tirage.video.findings import tell
from tirage.video.formats.edl_json import CAMERA, CAMERA_MEANING, edl_fields, read_rate, with_extras
from tirage.video.formats.registry import format_of
from tirage.video.limits import (
    MAX_ASSETS,
    MAX_BYTES,
    MAX_FILES,
    MAX_FOCUS,
    MAX_FRAMES,
    MAX_REVISIONS,
)
from tirage.video.session import Asset, FocusPoint, MediaFile, Revision, Session, SyncMap
from tirage.video.timecode import parse_timecode
from tirage.video.timeline import CaptionTrack, Edl

__all__ = ["load_session", "read_edl"]

VERSION = 1
IDENTIFIER, IDENTIFIER_MEANING = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", "1 to 80 of A-Z, a-z, 0-9, ., _ and -"
FILE, FILE_MEANING = r"[^\x00]{1,1000}", "a file"
NUMBER = re.compile(r"-?[0-9]{1,12}(/[0-9]{1,12}|\.[0-9]{1,12})?")
LONGEST_OFFSET = 24 * 3600
LARGEST_DRIFT = 10_000
"""Parts per million: a percent is no drift but another speed."""


def load_session(path: Path, notes: Notes) -> Session | None:
    """The session of a file; None after noting an error.  BadInput: the file cannot be read at all."""
    value = parse(read_bytes(path), where="session", notes=notes)
    if value is None and notes.failed:
        return None
    return session_fields(Fields(value, "session", notes), path.absolute().parent)


def read_bytes(path: Path) -> bytes:
    """The bytes of a description; BadInput where there are none, or too many."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        code = "MISSING_FILE" if isinstance(error, FileNotFoundError) else "UNREADABLE_FILE"
        message = f"{path.name} cannot be read: {error.strerror}."
        raise BadInput(code, message, hint="Give the path of a file that this user may read.") from error
    if len(data) > MAX_BYTES:
        message = f"{path.name} has more than {MAX_BYTES >> 20} MiB."
        raise BadInput("FILE_TOO_LARGE", message, hint="Split it; no programme needs so much.")
    return data


def session_fields(fields: Fields, folder: Path) -> Session | None:
    """A session from a JSON object; paths begin in `folder`."""
    fields.integer("tirage_session", VERSION, VERSION)
    rate = read_rate(fields, "rate")
    assets = tuple(_asset(item, rate, folder) for item in fields.items("assets", 1, MAX_ASSETS))
    master = fields.text("master", CAMERA, CAMERA_MEANING)
    edl = _edl(fields, rate, folder) if fields.has("edl") else None
    number = fields.integer("revision", 1, MAX_REVISIONS) if fields.has("revision") else 1
    locked = fields.text("locked", "[0-9a-f]{64}", "a sha256") if fields.has("locked") else ""
    session = Session(
        id=fields.text("id", IDENTIFIER, IDENTIFIER_MEANING),
        rate=rate,
        assets=assets,
        master=master,
        revisions=(Revision(number=number, edl=edl, lock=locked),) if edl else (),
    )
    fields.close()
    return None if fields.notes.failed else session


def read_edl(path: Path, rate: Rate | None, notes: Notes) -> Edl | None:
    """An edit in any format, its captions read; None after noting an error.  BadInput: no such file."""
    edl = format_of(path).read(read_bytes(path), notes, rate)
    return edl and _with_captions(edl, path.absolute().parent, notes)


def _edl(fields: Fields, rate: Rate, folder: Path) -> Edl | None:
    """The edit: an object in place, or another file, with what stands beside it."""
    if not fields.holds("edl", str):
        edl = edl_fields(fields.fields("edl"), rate)
    else:
        edl = read_edl(folder / fields.text("edl", FILE, FILE_MEANING), rate, fields.notes)
    return edl and _with_captions(with_extras(fields, edl), folder, fields.notes)


def _with_captions(edl: Edl, folder: Path, notes: Notes) -> Edl:
    """The edit with the cues of its files of captions; paths of files begin in `folder`."""
    graphics = tuple(
        replace(graphic, template=str(folder / graphic.template))
        if Path(graphic.template).suffix
        else graphic
        for graphic in edl.graphics
    )
    captions = tuple(_read_captions(track, folder, notes) for track in edl.captions)
    return replace(edl, graphics=graphics, captions=captions)


def _read_captions(track: CaptionTrack, folder: Path, notes: Notes) -> CaptionTrack:
    if not track.path or track.cues:
        return track
    path = folder / track.path
    try:
        data = read_bytes(path)
    except BadInput:
        where = f"captions {track.language}"
        tell(notes, "CAPTIONS_MISSING", where, f"{where}: {path.name} cannot be read.")
        return replace(track, path=str(path))
    return replace(
        track, path=str(path), sha256=sha256(data).hexdigest(), cues=read_cues(path.name, data, notes)
    )


def _asset(fields: Fields, rate: Rate, folder: Path) -> Asset:
    files = fields.words("files") if fields.has("files") else [fields.text("file", FILE, FILE_MEANING)]
    if not 1 <= len(files) <= MAX_FILES:
        message = f"{fields.path} names {len(files)} files; 1 to {MAX_FILES} are possible."
        fields.notes.error("OUT_OF_RANGE", fields.at("files"), message)
    asset = Asset(
        camera=fields.text("camera", CAMERA, CAMERA_MEANING),
        files=tuple(MediaFile(path=str(folder / name)) for name in files[:MAX_FILES]),
        sync=_optional(fields, "sync", _sync) or SyncMap(),
        start=_start(fields, rate) if fields.has("start") else None,
        focus=tuple(map(_focus, fields.items("focus", 0, MAX_FOCUS) if fields.has("focus") else ())),
        lut=str(folder / fields.text("lut", FILE, FILE_MEANING)) if fields.has("lut") else "",
    )
    fields.close()
    return asset


def _optional(fields: Fields, key: str, read: Callable[[Fields], SyncMap]) -> SyncMap | None:
    return read(fields.fields(key)) if fields.has(key) else None


def _start(fields: Fields, rate: Rate) -> int:
    try:
        return parse_timecode(fields.text("start"), rate)
    except ValueError as error:
        tell(fields.notes, "TIMECODE_WRONG", fields.at("start"), f"{fields.at('start')}: {error}.")
        return 0


def _sync(fields: Fields) -> SyncMap:
    sync = SyncMap(
        offset=_fraction(fields, "offset", LONGEST_OFFSET),
        drift=_fraction(fields, "drift", LARGEST_DRIFT) if fields.has("drift") else Fraction(0),
    )
    fields.close()
    return sync


def _fraction(fields: Fields, key: str, most: int) -> Fraction:
    """A number, or an exact one as text: `1/60`, `0.5`."""
    if not fields.holds(key, str):
        return Fraction(str(fields.number(key, -most, most)))
    text = fields.text(key)
    try:
        value = Fraction(text) if NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        value = None
    if value is None or abs(value) > most:
        message = f"{fields.at(key)} must be a number from {-most} to {most}, not {text[:40]!r}."
        fields.notes.error("OUT_OF_RANGE", fields.at(key), message)
        return Fraction(0)
    return value


def _focus(fields: Fields) -> FocusPoint:
    point = FocusPoint(
        frame=fields.integer("frame", 0, MAX_FRAMES) if fields.has("frame") else 0,
        x=fields.number("x", 0, 1),
        y=fields.number("y", 0, 1),
    )
    fields.close()
    return point
