"""What a session and its recorders may be: each check yields its findings, so that all are told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tirage.errors import BadInput, Finding, Severity
from tirage.jobs import checks
from tirage.media.fetch import check_target
from tirage.media.rates import RATES
from tirage.sessions.model import NewAsset, StoredAsset, StoredSession
from tirage.video.limits import MAX_ASSETS, MAX_FILES, MAX_FOCUS, MAX_FRAMES
from tirage.video.timecode import parse_timecode

CAMERA = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
NAME = re.compile(r"[^\x00-\x1f\x7f]{0,200}")
NUMBER = re.compile(r"-?[0-9]{1,12}(/[0-9]{1,12}|\.[0-9]{1,12})?")
LONGEST_OFFSET, LARGEST_DRIFT = 24 * 3600, 10_000
"""Seconds, and parts per million: a percent is no drift but another speed."""


def session_findings(session: StoredSession) -> Iterable[Finding]:
    """What is wrong with a session."""
    yield from checks.key("id", session.id)
    if session.rate not in RATES:
        yield _wrong("rate", f"There is no rate {session.rate[:20]!r}; there are {', '.join(RATES)}.")
    if not CAMERA.fullmatch(session.master):
        yield _wrong("master", "master names a recorder with 1 to 100 characters.")
    if not NAME.fullmatch(session.name):
        yield _wrong("name", "name has up to 200 characters.")
    yield from checks.json_object("metadata", session.metadata)


def recorder_findings(
    session: StoredSession, new: Sequence[NewAsset], there: Sequence[StoredAsset] = ()
) -> Iterable[Finding]:
    """What is wrong with recorders beside those that are there."""
    taken = {each.camera for each in there}
    if len(there) + len(new) > MAX_ASSETS:
        yield _wrong("assets", f"A session has at most {MAX_ASSETS} recorders.")
    for each in new:
        if each.camera in taken:
            yield _wrong("camera", f"There is a recorder {each.camera[:60]!r} already.")
        taken.add(each.camera)
        yield from _asset_findings(session, each)


def _asset_findings(session: StoredSession, new: NewAsset) -> Iterable[Finding]:
    if not CAMERA.fullmatch(new.camera):
        yield _wrong("camera", "camera has 1 to 100 characters.")
    for name, text, most in (("offset", new.offset, LONGEST_OFFSET), ("drift", new.drift, LARGEST_DRIFT)):
        if not _is_number(text, most):
            yield _wrong(name, f"{name} is a number from {-most} to {most}, also as 1/3.")
    try:
        start_of(new.start, session)
    except ValueError as error:
        yield _wrong("start", f"start: {error}.")
    if len(new.focus) > MAX_FOCUS or not all(_is_point(point) for point in new.focus):
        yield _wrong("focus", "focus has points of a frame, and x and y from 0 to 1.")
    if len(new.urls) > MAX_FILES:
        yield _wrong("urls", f"A recorder has at most {MAX_FILES} files.")
    for url in new.urls:
        try:
            check_target(url)
        except BadInput as fault:
            yield Finding(fault.code, Severity.ERROR, fault.message, fault.hint, "urls")


def _is_number(text: str, most: int) -> bool:
    try:
        return NUMBER.fullmatch(text) is not None and abs(Fraction(text)) <= most
    except ZeroDivisionError:
        return False


def _is_point(point: tuple[int, float, float]) -> bool:
    frame, x, y = point
    return 0 <= frame <= MAX_FRAMES and 0 <= x <= 1 and 0 <= y <= 1


def start_of(text: str | None, session: StoredSession) -> int | None:
    """The number of a timecode at the session's rate.  ValueError: it is none."""
    if text is None:
        return None
    return parse_timecode(text, RATES.get(session.rate, RATES["25"]))


def _wrong(where: str, message: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, message, where=where)
