"""Makes what examples/session.json speaks of: three cameras that began at different times, and a recorder.

    python examples/record_session.py out/demo-video

writes the recordings and a copy of the session there.  Nobody is filmed: a lamp wanders over a stage, and
what is heard is noise in the rhythm of speech, which is all that finding the cameras' offsets needs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.ffmpeg import find_ffmpeg

RATE, SECONDS, SOUND = 25, 13, 48_000
WIDTH, HEIGHT = 1280, 720
CAMERAS = {
    "wide": (0.0, 0.09, (66, 92, 140)),
    "close": (0.52, 0.26, (140, 84, 70)),
    "side": (1.24, 0.15, (70, 120, 96)),
}
"""Seconds before the recorder that each began, the lamp's size, the stage's colour."""


def main(folder: Path) -> None:
    """Writes everything."""
    folder.mkdir(parents=True, exist_ok=True)
    speech = rhythm()
    write_sound(folder / "recorder.wav", speech)
    for seed, (name, (early, size, colour)) in enumerate(CAMERAS.items()):
        heard = np.concatenate([np.zeros(round(early * SOUND)), speech])[: SECONDS * SOUND]
        noise = np.random.default_rng(seed).normal(0, 0.02, len(heard))
        write_sound(folder / f"{name}.wav", 0.4 * heard + noise)
        film(folder / f"{name}.mp4", folder / f"{name}.wav", early, size, colour)
        (folder / f"{name}.wav").unlink()
    shutil.copyfile(Path(__file__).with_name("session.json"), folder / "session.json")


def rhythm() -> NDArray[np.float64]:
    """Noise in syllables."""
    random = np.random.default_rng(7)
    at = np.arange(SECONDS * SOUND) / SOUND
    syllables = np.interp(at * 5, np.arange(SECONDS * 5 + 1), random.uniform(0, 1, SECONDS * 5 + 1) ** 2)
    coloured = np.convolve(random.normal(0, 1, len(at)), np.hanning(24) / 12, mode="same")
    return np.asarray(0.25 * syllables * coloured)


def write_sound(path: Path, samples: NDArray[np.float64]) -> None:
    """A mono WAV file."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    ffmpeg("-f", "s16le", "-ar", str(SOUND), "-ac", "1", "-i", "-", str(path), data=data)


def film(path: Path, sound: Path, early: float, size: float, colour: tuple[int, int, int]) -> None:
    """A camera's file: pictures and its own, noisy sound."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    fall = 0.35 + 0.65 * (y / HEIGHT)[..., None]
    boards = (1 - 0.12 * ((x // 90) % 2))[..., None]
    stage = np.array(colour, np.float32) * fall * boards
    pictures = bytearray()
    for frame in range(SECONDS * RATE):
        when = frame / RATE - early
        middle = WIDTH * (0.3 + 0.4 * min(max(when / 12, 0), 1))
        distance = np.hypot(x - middle, y - HEIGHT * (0.6 + 0.02 * np.sin(3 * when))) / (size * HEIGHT)
        light = (
            np.clip(1.04 - distance, 0, 0.04)[..., None] * 25 + 0.5 * np.exp(-(distance**2) / 3)[..., None]
        )
        pictures += (
            np.clip(stage + light * np.array([255, 226, 160], np.float32), 0, 255).astype(np.uint8).tobytes()
        )
    picture = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-"]
    coded = [
        "-vf",
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
        "-c:v",
        "libx264",
        "-crf",
        "16",
    ]
    coded += ["-preset", "veryfast", "-g", str(2 * RATE), "-colorspace", "bt709", "-color_primaries", "bt709"]
    coded += ["-color_trc", "bt709", "-c:a", "aac", "-shortest"]
    ffmpeg(*picture, "-i", str(sound), *coded, str(path), data=bytes(pictures))


def ffmpeg(*words: str, data: bytes) -> None:
    """Runs the FFmpeg of the extra `video`."""
    subprocess.run([str(find_ffmpeg().program), "-v", "error", "-y", *words], input=data, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
