"""Ingest: what a session's files are, found out once and kept beside the session: facts, sha256, mezzanines.
Preflight and renders read the rows; a file that changed since has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Any, Protocol

from tirage.errors import BadInput
from tirage.media.media_facts import MediaFacts, VideoFacts, facts_of
from tirage.media.probe import probe
from tirage.media.process import never
from tirage.media.rates import Rate
from tirage.video.lock import plain
from tirage.video.session import Asset, Delivery, MediaFile, Session
from tirage.video.timecode import parse_timecode

__all__ = [
    "Encode",
    "Ingested",
    "Row",
    "Scope",
    "attach",
    "delivery_words",
    "ingest",
    "read_rows",
    "same_file",
]

VERSION = 1
INDEX = "ingest.json"
MADE = "mezzanine.mp4"
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,mpegts,mxf"
KEPT_NAME = 16
"""Digits of a file's sha256 that name its mezzanine."""
GOP_S = 1
"""Seconds of a closed group of pictures: what a trim codes again at most, at each end."""


class Scope(StrEnum):
    """For which files a mezzanine is made."""

    NEEDED = "needed"
    """Those that cannot be cut frame by frame as they are."""
    ALL = "all"
    """All pictures, so that renders can copy what an edit leaves as it is."""


class Encode(Protocol):
    """Codes one file: FFmpeg's words, the folder that its output goes to, the file it reads."""

    def __call__(self, words: Sequence[str], *, folder: Path, source: Path) -> None:
        """Failed, TryAgain or Cancelled as of any child."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known of one file."""

    path: str
    size: int
    changed: int
    """Nanoseconds; a file of another size or time is another file."""
    sha256: str
    facts: MediaFacts
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """How an ingest went."""

    rows: tuple[Row, ...]
    made: int
    """Files looked into now, not before."""
    errors: tuple[tuple[str, BadInput], ...]
    """Paths that cannot be read, and why."""


def ingest(
    session: Session,
    folder: Path,
    *,
    scope: Scope,
    encode: Encode,
    coder: Sequence[str],
    progress: Callable[[str, int, int], None] = lambda _name, _done, _all: None,
    cancelled: Callable[[], bool] = never,
) -> Ingested:
    """Looks into every file that has no row yet, and makes the mezzanines; rows are kept after each file.

    `coder` are the words that say how pictures are coded, the same as for renders, whose parameter sets
    have to be the same.  Errors of the machine come out; those of files are collected.
    """
    known = {row.path: row for row in read_rows(folder)}
    rows: dict[str, Row] = {}
    errors: list[tuple[str, BadInput]] = []
    made = 0
    paths = list(dict.fromkeys(file.path for asset in session.assets for file in asset.files))
    for number, path in enumerate(paths):
        progress(Path(path).name, number, len(paths))
        row = known.get(path)
        if row is None or not same_file(row):
            try:
                row, made = _looked_into(Path(path), cancelled), made + 1
            except BadInput as error:
                errors.append((path, error))
                continue
        if wants_delivery(row, session.rate, scope):
            row = replace(row, delivery=_deliver(row, session.rate, folder, encode, coder, cancelled))
        rows[path] = row
        _write(folder, {**known, **rows})
    progress("", len(paths), len(paths))
    return Ingested(rows=tuple(rows.values()), made=made, errors=tuple(errors))


def attach(session: Session, rows: Sequence[Row]) -> Session:
    """The session with what is known of its files; without a start an asset gets its file's timecode."""
    known = {row.path: row for row in rows}
    assets = []
    for asset in session.assets:
        files = tuple(_attached(file, known.get(file.path)) for file in asset.files)
        assets.append(
            replace(asset, files=files, start=_start(asset, files[0], session.rate) if files else asset.start)
        )
    return replace(session, assets=tuple(assets))


def same_file(row: Row) -> bool:
    """Whether a row's file, and its mezzanine, are still what they were."""
    try:
        found = Path(row.path).stat()
    except OSError:
        return False
    if (found.st_size, found.st_mtime_ns) != (row.size, row.changed):
        return False
    return row.delivery is None or Path(row.delivery.path).is_file()


def wants_delivery(row: Row, rate: Rate, scope: Scope) -> bool:
    """Whether a mezzanine has to be made; pictures that do not keep the rate can be cut in no other way."""
    video = row.facts.video
    if video is None or row.delivery is not None or not video.frames:
        return False
    return scope is Scope.ALL or not video.steady or video.fps != rate.fps


def delivery_words(source: str, video: VideoFacts, rate: Rate, coder: Sequence[str]) -> list[str]:
    """FFmpeg's words for a mezzanine at a rate: pictures are repeated or left out, colours become BT.709."""
    ratio = f"{rate.fps.numerator}/{rate.fps.denominator}"
    group = str(rate.nominal * GOP_S)
    filters = [] if video.matrix else ["setparams=colorspace=bt709"]
    filters += [f"fps={ratio}", "scale=out_color_matrix=bt709:out_range=tv", "format=yuv420p"]
    filters += ["setsar=1"] if video.aspect == 1 else []
    filters += ["setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"]
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
        *("-i", f"file:{source}", "-map", "0:v:0", "-an", "-sn", "-dn"),
        *("-vf", ",".join(filters), "-fps_mode", "cfr", "-r", ratio),
        *coder,
        *("-g", group, "-keyint_min", group, "-sc_threshold", "0"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-f", "mp4", MADE),
    ]


def read_rows(folder: Path) -> list[Row]:
    """The rows that were kept; none where there is no index, or one of another version."""
    try:
        value = json.loads((folder / INDEX).read_bytes())
        if value["tirage_ingest"] != VERSION:
            return []
        return [_row(item) for item in value["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _row(value: Mapping[str, Any]) -> Row:
    delivery = value["delivery"]
    kept = Delivery(**{**delivery, "facts": facts_of(delivery["facts"])}) if delivery else None
    return Row(**{**value, "facts": facts_of(value["facts"]), "delivery": kept})


def _write(folder: Path, rows: Mapping[str, Row]) -> None:
    value = {"tirage_ingest": VERSION, "files": [plain(rows[path]) for path in sorted(rows)]}
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f".{INDEX}"
    written.write_text(json.dumps(value), encoding="utf-8")
    written.replace(folder / INDEX)


def _looked_into(path: Path, cancelled: Callable[[], bool]) -> Row:
    facts = probe(path, cancelled=cancelled)
    found = path.stat()  # before it is read: a file that grows meanwhile is another file next time
    return Row(
        path=str(path), size=found.st_size, changed=found.st_mtime_ns, sha256=_sha256(path), facts=facts
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _deliver(
    row: Row, rate: Rate, folder: Path, encode: Encode, coder: Sequence[str], cancelled: Callable[[], bool]
) -> Delivery:
    room = folder / f".{row.sha256[:KEPT_NAME]}"
    room.mkdir(parents=True, exist_ok=True)
    source = Path(row.path)
    assert row.facts.video is not None  # noqa: S101 – wants_delivery has looked
    encode(delivery_words(row.path, row.facts.video, rate, coder), folder=room, source=source)
    made, kept = room / MADE, folder / f"{row.sha256[:KEPT_NAME]}-{rate.name}.mp4"
    facts = probe(made, cancelled=cancelled)
    made.replace(kept)
    room.rmdir()
    return Delivery(path=str(kept), sha256=_sha256(kept), facts=facts)


def _attached(file: MediaFile, row: Row | None) -> MediaFile:
    if row is None:
        return file
    return replace(file, sha256=row.sha256, facts=row.facts, delivery=row.delivery)


def _start(asset: Asset, first: MediaFile, rate: Rate) -> int | None:
    if asset.start is not None or first.facts is None or not first.facts.timecode:
        return asset.start
    try:
        return parse_timecode(first.facts.timecode, rate)
    except ValueError:
        return None
