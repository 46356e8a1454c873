"""The sync of a whole session: each recorder's sound against the master's."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from tirage.errors import TirageError
from tirage.media.process import own_folder
from tirage.video.ingest import CONTAINERS, Encode
from tirage.video.session import Asset, Session, SyncMap
from tirage.video.sync import RATE, RAW, Found, Sound, find_sync, sound_words

__all__ = ["sync_session"]

UNHEARD = Found(SyncMap(), 0.0, 0.0, 0)


def sync_session(session: Session, encode: Encode) -> Mapping[str, Found]:
    """What was found for each recorder but the master, by its name; the master's clock is the session's.

    A recorder without sound comes out as unsure.  TryAgain, Cancelled as of any child."""
    master = session.asset(session.master)
    others = [asset for asset in session.assets if asset is not master]
    heard = _sound(master, encode) if master else np.empty(0, np.float32)
    return {
        asset.camera: find_sync(heard, sound) if len(sound := _sound(asset, encode)) else UNHEARD
        for asset in others
    }


def _sound(asset: Asset, encode: Encode) -> Sound:
    """All that a recorder heard, by its pictures' clock: file after file, each as long as its pictures."""
    parts = [_file_sound(Path(file.path), encode) for file in asset.files]
    placed = []
    for file, part in zip(asset.files, parts, strict=True):
        video = file.facts.video if file.facts else None
        audio = file.facts.audio if file.facts else None
        if video is not None and audio is not None:
            late = round((audio.start - video.start) * RATE)
            part = np.pad(part, (late, 0)) if late > 0 else part[-late:]
            if len(asset.files) > 1 and video.fps:
                part = _as_long(part, round(Fraction(video.frames) / video.fps * RATE))
        placed.append(part)
    return np.concatenate(placed)


def _as_long(sound: Sound, length: int) -> Sound:
    return np.pad(sound, (0, length - len(sound))) if len(sound) < length else sound[:length]


def _file_sound(path: Path, encode: Encode) -> Sound:
    """One file's sound; nothing where it has none."""
    with own_folder() as folder:
        try:
            encode(sound_words(str(path), CONTAINERS), folder=folder, source=path)
        except TirageError as error:
            if error.retryable:
                raise
            return np.empty(0, np.float32)
        return np.fromfile(folder / RAW, "<i2").astype(np.float32) / np.float32(1 << 15)
