"""The lock of a revision: one hash over all that a render depends on, so that nothing changes unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from fractions import Fraction
from hashlib import sha256

from tirage.media.rates import Rate
from tirage.video.session import Asset, Session
from tirage.video.timeline import Edl

__all__ = ["Plain", "canonical", "lock_hash", "plain"]

Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None


def plain(value: object) -> Plain:
    """Frozen values as JSON values: fractions as `a/b`, rates by name, tuples as lists.

    TypeError: some other kind of value."""
    match value:
        case Rate():
            return value.name
        case Enum():
            return plain(value.value)
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(type(value).__name__)


def canonical(value: Plain) -> bytes:
    """The one way to write a JSON value: keys sorted, no blanks, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def lock_hash(session: Session, edl: Edl, *, extras: Mapping[str, str]) -> str:
    """sha256 over the edit, each used asset's content and sync, and `extras`: templates and fonts by sha256.

    Names of events, line numbers and paths are left out: a file that only moved is the same."""
    used = {event.camera for event in edl.events} | {session.master}
    assets: Plain = [_content(asset) for asset in session.assets if asset.camera in used]
    everything: Plain = {
        "rate": session.rate.name,
        "master": session.master,
        "timeline": plain(_seen(edl)),
        "assets": assets,
        "extras": dict(sorted(extras.items())),
    }
    return sha256(canonical(everything)).hexdigest()


def _seen(edl: Edl) -> Edl:
    """What can be seen or heard of an edit."""
    events = tuple(replace(event, name="", line=0) for event in edl.events)
    captions = tuple(replace(track, path="") for track in edl.captions)
    return replace(edl, name="", events=events, captions=captions)


def _content(asset: Asset) -> Plain:
    return {
        "camera": asset.camera,
        "files": [file.sha256 for file in asset.files],
        "sync": plain(asset.sync),
        "focus": plain(asset.focus),
        "lut": asset.lut_sha256,
    }
