"""Preflight, the recordings: what of a session's files stands in a render's way, camera by camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tirage.media.media_facts import MediaFacts, VideoFacts
from tirage.media.notes import Notes
from tirage.video.findings import tell
from tirage.video.ingest import Row, same_file
from tirage.video.session import Asset, MediaFile, Session

__all__ = ["Disk", "check_media"]

CODECS = {
    "h264",
    "hevc",
    "prores",
    "dnxhd",
    "mpeg2video",
    "mpeg4",
    "mjpeg",
    "av1",
    "vp8",
    "vp9",
    "ffv1",
    "cfhd",
}
"""Codecs of cameras and editors; others are not decoded frame by frame everywhere."""
HDR = {"smpte2084", "arib-std-b67"}
SMALLEST = 720
"""Lines below which a picture is enlarged visibly."""
WIDE = 16 / 9
SHAPE_TOLERANCE = 0.02
SOUND_RATE = 48_000
LARGEST_DRIFT = 500
"""Parts per million: cheap crystals are within 100."""
LUT_BYTES = 64 << 20
LUT_SIZE = re.compile(rb"^\s*LUT_3D_SIZE\s+(\d{1,3})\s*$", re.MULTILINE)
LUT_STEPS = range(2, 130)


def _is_file(path: str) -> bool:
    return Path(path).is_file()


@dataclass(frozen=True, slots=True)
class Disk:
    """How recordings are looked for: usually on this machine's disk."""

    exists: Callable[[str], bool] = _is_file
    """Whether there is a file at a path."""
    same: Callable[[Row], bool] = same_file
    """Whether a row's file is still what it was."""


def check_media(
    session: Session, used: set[str], rows: Sequence[Row], notes: Notes, disk: Disk | None = None
) -> None:
    """Notes all about the session's recorders; `used` are those that the edit shows."""
    disk = disk or Disk()
    known = {row.path: row for row in rows}
    if not session.assets:
        tell(notes, "ASSETS_MISSING", "session", "The session has no recorder.")
    names = [asset.camera for asset in session.assets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        tell(notes, "CAMERA_TWICE", f"camera {name}", f"Two recorders are called {name}.")
    for asset in session.assets:
        where = f"camera {asset.camera}"
        if not asset.files:
            tell(notes, "MEZZANINE_MISSING", where, f"{where} has no recording yet.")
        facts = [_file(file, where, known, disk, notes) for file in asset.files]
        whole = [found for found in facts if found is not None]
        if asset.camera in used:
            _check_pictures(session, asset, whole, where, notes)
        _check_asset(asset, where, notes)
    _check_master(session, notes)
    _check_together(session, used, notes)


def _file(
    file: MediaFile, where: str, known: Mapping[str, Row], disk: Disk, notes: Notes
) -> MediaFacts | None:
    """A file's facts; None after noting why there are none."""
    name, row = Path(file.path).name, known.get(file.path)
    if not disk.exists(file.path):
        tell(notes, "MEZZANINE_MISSING", where, f"{where}: there is no file {name}.")
        return None
    if row is None:
        tell(notes, "NOT_INGESTED", where, f"{where}: {name} has not been looked into yet.")
        return None
    if not disk.same(row):
        tell(
            notes, "MEDIA_CHANGED", where, f"{where}: {name}, or its mezzanine, has changed since its ingest."
        )
        return None
    if not row.facts.complete:
        tell(notes, "MEDIA_TRUNCATED", where, f"{where}: {name} ends before its last frame.")
    return row.facts


def _check_pictures(
    session: Session, asset: Asset, facts: Sequence[MediaFacts], where: str, notes: Notes
) -> None:
    for file, found in zip(asset.files, facts, strict=False):
        name, video = Path(file.path).name, found.video
        if video is None or not video.frames:
            tell(notes, "NO_VIDEO", where, f"{where}: {name} has no pictures, and the edit shows it.")
            continue
        if video.codec not in CODECS:
            tell(notes, "CODEC_UNKNOWN", where, f"{where}: {name} is coded in {video.codec}.")
        elif not video.decodes:
            tell(notes, "MEDIA_UNDECODABLE", where, f"{where}: no frame of {name} can be decoded.")
        _check_rate(session, file, video, f"{where}: {name}", where, notes)
        _check_shape(video, f"{where}: {name}", where, notes)
        if video.transfer in HDR and not asset.lut:
            tell(notes, "HDR", where, f"{where}: {name} is recorded in {video.transfer}.")
        elif not video.matrix and video.height >= SMALLEST:
            tell(notes, "COLOUR_UNTAGGED", where, f"{where}: {name} does not say its colours.")
    shapes = {(v.codec, v.width, v.height, v.fps, v.rotation) for v in (found.video for found in facts) if v}
    if len(shapes) > 1:
        tell(notes, "FILES_DIFFER", where, f"{where}: its files are not of one recording.")


def _check_rate(
    session: Session, file: MediaFile, video: VideoFacts, name: str, where: str, notes: Notes
) -> None:
    """A mezzanine has the session's rate; a file without one must have it, steadily."""
    if video.steady and video.fps == session.rate.fps:
        return
    told = f"{float(video.fps):.5g} frames a second" if video.steady else "frames of different lengths"
    if file.delivery is not None:
        message = f"{name} has {told}; its mezzanine has {session.rate.name}."
        tell(notes, "RATE_CONVERTED", where, message)
    elif not video.steady:
        tell(notes, "VARIABLE_RATE", where, f"{name} has {told}.")
    else:
        tell(notes, "MEDIA_RATE", where, f"{name} has {told}, the session {session.rate.name}.")


def _check_shape(video: VideoFacts, name: str, where: str, notes: Notes) -> None:
    width, height = video.width * float(video.aspect), float(video.height)
    if video.rotation % 180:
        width, height = height, width
    if video.rotation:
        tell(notes, "ROTATED", where, f"{name} is turned by {video.rotation}°.")
    if video.aspect != 1:
        tell(notes, "PIXELS_OBLONG", where, f"{name} has pixels of {video.aspect}.")
    if min(video.width, video.height) < SMALLEST:
        tell(notes, "SIZE_SMALL", where, f"{name} has {video.width} × {video.height} pixels.")
    if abs(width / height - WIDE) > SHAPE_TOLERANCE:
        tell(notes, "SHAPE_DIFFERS", where, f"{name} is {width:.0f} × {height:.0f}, not 16:9.")


def _check_asset(asset: Asset, where: str, notes: Notes) -> None:
    if abs(asset.sync.drift) > LARGEST_DRIFT:
        tell(notes, "DRIFT_LARGE", where, f"{where} drifts by {float(asset.sync.drift):.0f} ppm.")
    frames = [point.frame for point in asset.focus]
    if frames != sorted(set(frames)):
        tell(notes, "FOCUS_ORDER", where, f"{where}: its focus points are not in the order of frames.")
    if asset.lut:
        _check_lut(Path(asset.lut), where, notes)


def _check_lut(path: Path, where: str, notes: Notes) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(LUT_BYTES + 1)
    except OSError:
        tell(notes, "LUT_MISSING", where, f"{where}: there is no LUT {path.name}.")
        return
    size = LUT_SIZE.search(head)
    steps = int(size[1]) if size else 0
    lines = sum(line[:1] in b"-.0123456789" for line in head.split(b"\n") if line)
    if len(head) > LUT_BYTES or steps not in LUT_STEPS or lines != steps**3:
        tell(notes, "LUT_WRONG", where, f"{where}: {path.name} is no whole three-dimensional LUT.")


def _check_master(session: Session, notes: Notes) -> None:
    master = session.asset(session.master)
    if master is None:
        there = ", ".join(asset.camera for asset in session.assets)
        tell(notes, "MASTER_UNKNOWN", "session", f"There is no {session.master}; there are {there}.")
        return
    where = f"camera {master.camera}"
    for file in master.files:
        name, audio = Path(file.path).name, file.facts.audio if file.facts else None
        if file.facts and audio is None:
            tell(notes, "AUDIO_MISSING", where, f"{where}: {name} has no sound, and is the master.")
        elif audio and audio.sample_rate != SOUND_RATE:
            tell(notes, "AUDIO_RATE", where, f"{where}: {name} has {audio.sample_rate} samples a second.")


def _check_together(session: Session, used: set[str], notes: Notes) -> None:
    """What only shows beside the other cameras."""
    shown = [asset for asset in session.assets if asset.camera in used]
    videos = {
        asset.camera: facts.video
        for asset in shown
        if asset.files and (facts := asset.files[0].facts) is not None and facts.video is not None
    }
    sizes = {camera: (video.width, video.height) for camera, video in videos.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{camera} {width}×{height}" for camera, (width, height) in sizes.items())
        tell(notes, "SIZES_DIFFER", "session", f"The cameras differ in size: {told}.")
    colours = {camera: (video.primaries, video.transfer) for camera, video in videos.items()}
    graded = {asset.camera for asset in shown if asset.lut}
    tagged = {colour for camera, colour in colours.items() if all(colour) and camera not in graded}
    if len(tagged) > 1:
        tell(notes, "COLOURS_DIFFER", "session", "The cameras are recorded in different colours.")
    for asset in shown:
        apart = asset.camera != session.master and len(session.assets) > 1
        if apart and asset.start is None and asset.sync == type(asset.sync)():
            where = f"camera {asset.camera}"
            tell(notes, "SYNC_MISSING", where, f"{where} is taken as begun together with the master.")
