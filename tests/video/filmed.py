"""Recordings made by numbers: every frame carries its own number and its camera's, a flash stands where the
master clicks.  And the judge: it decodes every frame of a finished video and reads the numbers again.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.ffmpeg import find_ffmpeg
from tirage.media.media_facts import AudioFacts, MediaFacts, VideoFacts
from tirage.media.rates import RATES, Rate
from tirage.video.filters import coder_words
from tirage.video.session import Asset, MediaFile, Session, SyncMap
from tirage.video.spec import Options

WIDTH, HEIGHT = 320, 180
CELL, COLUMNS, ROWS = 16, 4, 5
"""Twenty squares in the middle: 16 bits of the frame's number, 2 of the camera's, one black, one white."""
BITS, CAMERA_BITS = 16, 2
FLASH_HEIGHT = 20
SOUND = 48_000
CLICK = 48
"""Samples of a click."""
LOOK = "setsar=1,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a decoded frame says of itself."""

    camera: int
    """-1 for black."""
    frame: int
    flash: bool


def frame_picture(camera: int, number: int, *, flash: bool) -> Grey:
    """The luma of a frame: (180, 320)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = (60 + 40 * camera + 25 * np.sin((x + 3 * number) / 23) + 20 * np.cos(y / 17)).astype(np.uint8)
    cells = [number >> bit & 1 for bit in range(BITS)]
    cells += [camera >> bit & 1 for bit in range(CAMERA_BITS)] + [0, 1]
    top, left = HEIGHT // 2 - CELL * ROWS // 2, WIDTH // 2 - CELL * COLUMNS // 2
    picture[top - 4 : top + CELL * ROWS + 4, left - 4 : left + CELL * COLUMNS + 4] = 16
    for index, value in enumerate(cells):
        row, column = divmod(index, COLUMNS)
        picture[
            top + row * CELL : top + (row + 1) * CELL, left + column * CELL : left + (column + 1) * CELL
        ] = 235 if value else 16
    below = top + CELL * ROWS + 4
    picture[below : below + FLASH_HEIGHT, left : left + CELL * COLUMNS] = 235 if flash else 16
    return picture


def film(
    folder: Path,
    camera: int,
    *,
    rate: Rate,
    session_frames: int,
    sync: SyncMap,
    gop: int | None = None,
    words: str = "",
) -> Asset:
    """A camera's recording of a session, at its own clock, as H.264 with closed GOPs."""
    frames = max(1, sync.media_frame(session_frames - 1, rate) + 1)
    flashes = {sync.media_frame(at, rate) for at in range(0, session_frames, rate.nominal)}
    gop = gop or rate.nominal
    path = folder / f"camera{camera}.mp4"
    colour = np.full(HEIGHT * WIDTH // 2, 128 + 10 * camera, np.uint8).tobytes()
    source = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv420p",
        "-s",
        f"{WIDTH}x{HEIGHT}",
        "-r",
        ratio(rate),
        "-i",
        "-",
    ]
    coding = ["-vf", LOOK, *coder_words(Options()), *words.split()]
    coding += ["-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0"]
    with subprocess.Popen([*ffmpeg(), "-y", *source, *coding, str(path)], stdin=subprocess.PIPE) as program:
        assert program.stdin is not None
        for number in range(frames):
            program.stdin.write(frame_picture(camera, number, flash=number in flashes).tobytes() + colour)
        program.stdin.close()
        assert program.wait() == 0
    facts = VideoFacts(
        codec="h264",
        pixel_format="yuv420p",
        width=WIDTH,
        height=HEIGHT,
        fps=rate.fps,
        frames=frames,
        start=Fraction(0),
        steady=True,
        primaries="bt709",
        transfer="bt709",
        matrix="bt709",
        colour_range="tv",
        keys=tuple(range(0, frames, gop)),
    )
    media = MediaFacts(container="mov,mp4,m4a,3gp,3g2,mj2", duration=frames / rate.fps, video=facts)
    file = MediaFile(path=str(path), sha256=digest(path), facts=media)
    return Asset(camera="ABCD"[camera], files=(file,), sync=sync)


def record(folder: Path, *, rate: Rate, session_frames: int, sync: SyncMap) -> Asset:
    """The master: a click whenever the session's frame is a whole second's, over a quiet tone."""
    length = round((session_frames / rate.fps * sync.speed + sync.offset) * SOUND) + SOUND
    samples = 0.05 * np.sin(np.arange(length) * 2 * np.pi * 220 / SOUND)
    for at in range(0, session_frames, rate.nominal):
        first = round(sync.media_time(at / rate.fps) * SOUND)
        if 0 <= first < length - CLICK:
            samples[first : first + CLICK] = 0.7 * np.sign(np.sin(np.arange(CLICK) * np.pi / 6 + 0.1))
    path = folder / "master.wav"
    raw = (np.repeat(samples[:, None], 2, 1) * 32767).astype("<i2").tobytes()
    words = ["-f", "s16le", "-ar", str(SOUND), "-ac", "2", "-i", "-", "-c:a", "pcm_s16le", str(path)]
    subprocess.run([*ffmpeg(), "-y", *words], input=raw, check=True)
    audio = AudioFacts(
        codec="pcm_s16le", sample_rate=SOUND, channels=2, start=Fraction(0), duration=Fraction(length, SOUND)
    )
    facts = MediaFacts(container="wav", duration=Fraction(length, SOUND), audio=audio)
    return Asset(
        camera="master", files=(MediaFile(path=str(path), sha256=digest(path), facts=facts),), sync=sync
    )


def a_session(
    folder: Path,
    *,
    rate: str = "30",
    seconds: int = 6,
    offsets: Sequence[int] = (0, 15, 37),
    drifts: Sequence[int] = (0, 0, 0),
    gop: int | None = None,
) -> Session:
    """Three cameras that began some frames before the session did, and a master, a third of a second."""
    speed = RATES[rate]
    frames = seconds * speed.nominal
    cameras = tuple(
        film(
            folder,
            index,
            rate=speed,
            session_frames=frames,
            sync=SyncMap(offset=offset / speed.fps, drift=Fraction(drift)),
            gop=gop,
        )
        for index, (offset, drift) in enumerate(zip(offsets, drifts, strict=True))
    )
    master = record(folder, rate=speed, session_frames=frames, sync=SyncMap(offset=Fraction(1, 3)))
    return Session(id="filmed", rate=speed, assets=(*cameras, master), master="master")


def look(path: Path, *, width: int, height: int) -> list[Seen]:
    """What every frame of a video says, decoded one by one."""
    return [read_picture(picture) for picture in luma(path, width=width, height=height)]


def luma(path: Path, *, width: int, height: int) -> NDArray[np.uint8]:
    """Every frame of a video: (frames, height, width)."""
    words = [
        "-i",
        str(path),
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "-",
    ]
    raw = subprocess.run([*ffmpeg(), *words], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def clicks(path: Path) -> list[Fraction]:
    """When the clicks of a video's sound begin, in seconds of the player's clock."""
    words = ["-i", str(path), "-map", "0:a:0", "-af", "aresample=48000:async=1:first_pts=0", "-ac", "1"]
    raw = subprocess.run([*ffmpeg(), *words, "-f", "f32le", "-"], check=True, capture_output=True).stdout
    samples = np.abs(np.frombuffer(raw, np.float32))
    loud = np.flatnonzero(samples > 0.5 * samples.max())
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-SOUND) > SOUND // 4)]
    return [Fraction(int(at), SOUND) for at in begins]


def read_picture(picture: Grey) -> Seen:
    """What a decoded picture says of itself."""
    scale = picture.shape[0] / HEIGHT
    middle = picture.shape[1] / 2

    def level(x: float, y: float) -> float:
        column, row = round(middle + x * scale), round((HEIGHT / 2 + y) * scale)
        reach = max(2, round(CELL * scale / 4))
        return float(picture[row - reach : row + reach, column - reach : column + reach].mean())

    places = [divmod(index, COLUMNS) for index in range(COLUMNS * ROWS)]
    levels = [
        level((column + 0.5 - COLUMNS / 2) * CELL, (row + 0.5 - ROWS / 2) * CELL) for row, column in places
    ]
    if levels[-1] - levels[-2] < 60:
        return Seen(-1, 0, False)
    bits = [value > (levels[-1] + levels[-2]) / 2 for value in levels]
    frame = sum(1 << bit for bit in range(BITS) if bits[bit])
    camera = sum(1 << bit for bit in range(CAMERA_BITS) if bits[BITS + bit])
    flash = level(0, ROWS * CELL / 2 + 4 + FLASH_HEIGHT / 2) > 128
    return Seen(camera, frame, flash)


def with_facts(asset: Asset, **changes: object) -> Asset:
    """An asset whose first file's picture is said to be otherwise."""
    file = asset.files[0]
    assert file.facts is not None
    assert file.facts.video is not None
    video = replace(file.facts.video, **changes)
    return replace(asset, files=(replace(file, facts=replace(file.facts, video=video)),))


def ffmpeg() -> list[str]:
    return [str(find_ffmpeg().program), "-v", "error", "-nostdin"]


def ratio(rate: Rate) -> str:
    return f"{rate.fps.numerator}/{rate.fps.denominator}"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
