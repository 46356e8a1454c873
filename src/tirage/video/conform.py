"""From the timecodes of sources to the session's clock and back: which camera a name means, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tirage.media.notes import Notes
from tirage.video.findings import tell
from tirage.video.formats.cmx3600 import reel_of
from tirage.video.formats.names import source_name
from tirage.video.session import Asset, Session
from tirage.video.timecode import frames_of_day
from tirage.video.timeline import Clock, Edl, Event

__all__ = ["conform", "to_sources"]


def conform(edl: Edl, session: Session, notes: Notes) -> Edl:
    """The edit by the session's clock, cameras by the session's names; what cannot be found is noted.

    A name is a camera's, or else one of its files', or a reel's eight letters of either. An edit that has
    the session's clock already only has its cameras named.
    """
    if edl.rate != session.rate:
        message = f"The edit has {edl.rate.name} frames a second, the session {session.rate.name}."
        tell(notes, "RATE_DIFFERS", "edl", message)
        return edl
    named = _names(session)
    day = frames_of_day(edl.rate, drop=False)
    events, unknown = [], dict[str, str]()
    for event in edl.events:
        asset = named.get(_folded(event.camera)) if event.camera is not None else None
        if asset is None:
            if event.camera is not None:
                unknown.setdefault(event.camera, event.where)
            events.append(event)
        else:
            source_in = event.source_in
            if edl.clock is Clock.SOURCE:
                source_in = asset.sync.session_frame(_media_frame(source_in, asset, day), edl.rate)
            events.append(replace(event, camera=asset.camera, source_in=source_in))
    for camera, where in unknown.items():
        there = ", ".join(asset.camera for asset in session.assets)
        message = f"{where} shows {camera!r}; the session has {there}."
        tell(notes, "CAMERA_UNKNOWN", where, message)
    return replace(edl, clock=Clock.SESSION, events=tuple(events))


def to_sources(edl: Edl, session: Session) -> Edl:
    """The edit by its sources' timecodes, for other programs; the way back of `conform`."""
    if edl.clock is Clock.SOURCE:
        return edl
    return replace(edl, clock=Clock.SOURCE, events=tuple(_to_source(event, session) for event in edl.events))


def _to_source(event: Event, session: Session) -> Event:
    asset = session.asset(event.camera) if event.camera is not None else None
    if asset is None:
        return event
    return replace(
        event, source_in=(asset.start or 0) + asset.sync.media_frame(event.source_in, session.rate)
    )


def _media_frame(address: int, asset: Asset, day: int) -> int:
    """The frame of the media at a timecode; a little before its start is before midnight."""
    frame = (address - (asset.start or 0)) % day
    return frame if frame < day // 2 else frame - day


def _names(session: Session) -> Mapping[str, Asset]:
    """All that an asset may be called; where two could be meant, the exact name wins, and no reel counts."""
    names: dict[str, Asset] = {}
    reels: dict[str, Asset | None] = {}
    for asset in session.assets:
        for name in (asset.camera, *(source_name(file.path) for file in asset.files)):
            names.setdefault(_folded(name), asset)
            reel = _folded(reel_of(name))
            reels[reel] = asset if reels.get(reel, asset) is asset else None
    names |= {_folded(asset.camera): asset for asset in session.assets}
    return {reel: asset for reel, asset in reels.items() if asset} | names


def _folded(name: str | None) -> str:
    return (name or "").strip().casefold()
