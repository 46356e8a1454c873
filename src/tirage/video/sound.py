"""What is heard: the master's samples placed exactly, joined without clicks, at the format's loudness.
Samples are handled as float32 stereo at 48 kHz, a block at a time, so that an hour takes no more memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.ffmpeg import FFmpeg, media_input
from tirage.media.process import never
from tirage.media.rates import Rate, nearest
from tirage.video.plan import Plan, SoundRun
from tirage.video.segment import digest
from tirage.video.session import Asset
from tirage.video.spec import Spec

__all__ = ["RATE", "Loudness", "arrange", "gain_for", "make_sound", "sample_at", "sound_key"]

RATE, CHANNELS = 48_000, 2
FADE_S = 0.008
"""At a cut of the sound: long enough not to click, too short to be heard as a fade."""
BLOCK = RATE * 10
BITRATE = "192k"
LOWEST = -60.0
"""LUFS: what is quieter is silence, and is not made louder."""
MOST_GAIN = 30.0
LAST_BYTES = 4096
VERSION = 1
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Loudness:
    """What EBU R128 says of a programme."""

    integrated: float
    """LUFS."""
    peak: float
    """dBTP."""


def sample_at(frame: int, rate: Rate) -> int:
    """The sample that is heard when a frame begins."""
    return nearest(frame / rate.fps * RATE)


def sound_key(plan: Plan, master: Asset) -> str:
    """What the coded sound depends on, as a name."""
    return digest(
        {
            "version": VERSION,
            "files": [file.sha256 for file in master.files],
            "sync": [str(master.sync.offset), str(master.sync.drift)],
            "rate": plan.rate.name,
            "runs": [
                [run.start, run.length, run.session, run.gain, run.overlap, run.joined] for run in plan.sound
            ],
            "loudness": [plan.spec.loudness, plan.spec.peak],
        }
    )


def make_sound(
    plan: Plan,
    master: Asset,
    *,
    ffmpeg: FFmpeg,
    folder: Path,
    cancelled: Callable[[], bool] = never,
) -> Path:
    """The programme's sound as an AAC file in the folder, made in three passes: decode, measure, code.

    Errors as those of FFmpeg.run; OSError: the disk refuses.
    """
    readable = [Path(file.path) for file in master.files]
    ffmpeg.run(
        _decoding(master), folder=folder, readable=readable, name="The master audio", cancelled=cancelled
    )
    source = np.memmap(folder / "master.f32", np.float32, "r") if _bytes(folder / "master.f32") else None
    heard: Samples = np.zeros((0, CHANNELS), np.float32) if source is None else source.reshape(-1, CHANNELS)
    with (folder / "programme.f32").open("wb") as file:
        for block in arrange(plan.sound, heard, master, plan.rate):
            file.write(block.tobytes())
    del heard, source
    (folder / "master.f32").unlink(missing_ok=True)
    ffmpeg.run(
        [
            *_raw(),
            "-af",
            "ebur128=peak=true:metadata=1,ametadata=mode=print:file=loudness.txt",
            "-f",
            "null",
            "-",
        ],
        folder=folder,
        cancelled=cancelled,
    )
    loudness = read_loudness(folder / "loudness.txt")
    ffmpeg.run(_coding(loudness, plan.spec), folder=folder, cancelled=cancelled)
    (folder / "programme.f32").unlink()
    return folder / "sound.m4a"


def arrange(runs: Sequence[SoundRun], source: Samples, master: Asset, rate: Rate) -> Iterator[Samples]:
    """The programme's samples, (samples, 2), in blocks; what the master does not have is silence."""
    for index, run in enumerate(runs):
        following = runs[index + 1] if index + 1 < len(runs) else None
        first, after = sample_at(run.start, rate), sample_at(run.start + run.length, rate)
        for begin in range(first, after, BLOCK):
            end = min(begin + BLOCK, after)
            block = _voice(run, source, master, rate, begin, end)
            at = np.arange(begin, end)[:, None]
            if index:
                _enter(block, at, run, runs[index - 1], source, master, rate)
            if following is not None and not following.joined and not following.overlap:
                block *= np.clip((after - at) / (FADE_S * RATE), 0, 1).astype(np.float32)
            yield block


def _enter(
    block: Samples,
    at: NDArray[np.int64],
    run: SoundRun,
    before: SoundRun,
    source: Samples,
    master: Asset,
    rate: Rate,
) -> None:
    """How a run begins: it fades in; over a dissolve, or where sound goes on, the one before fades out."""
    first = sample_at(run.start, rate)
    width = (sample_at(run.start + run.overlap, rate) - first) or round(FADE_S * RATE)
    begin, end = int(at[0, 0]), int(at[-1, 0]) + 1
    end = min(end, first + width)
    if begin >= end:
        return
    part = ((at[: end - begin] - first + 1) / (width + 1)).astype(np.float32)
    block[: end - begin] *= part
    if run.overlap or run.joined:
        block[: end - begin] += _voice(before, source, master, rate, begin, end) * (1 - part)


def _voice(run: SoundRun, source: Samples, master: Asset, rate: Rate, begin: int, end: int) -> Samples:
    """Samples `begin` to `end` of the output as this run has them, also before and after its own."""
    heard = nearest(master.sync.media_time(run.session / rate.fps) * RATE) - sample_at(run.start, rate)
    block: Samples = np.zeros((end - begin, CHANNELS), np.float32)
    low, high = max(begin + heard, 0), min(end + heard, len(source))
    if low < high:
        block[low - heard - begin : high - heard - begin] = source[low:high]
    return block * np.float32(10 ** (run.gain / 20))


def gain_for(loudness: Loudness, spec: Spec) -> float:
    """Decibels that bring a programme to the format's loudness; 0 for silence."""
    if loudness.integrated < LOWEST:
        return 0.0
    return min(spec.loudness - loudness.integrated, MOST_GAIN)


def _decoding(master: Asset) -> list[str]:
    """All of the master's files in a row, each padded or cut to where the next one's pictures begin."""
    words: list[str] = []
    chains: list[str] = []
    for index, file in enumerate(master.files):
        words += media_input(file.path)
        chains.append(
            f"[{index}:a:0]{_part(file_shift(master, index), file_length(master, index))}[a{index}]"
        )
    labels = "".join(f"[a{index}]" for index in range(len(master.files)))
    chains.append(f"{labels}concat=n={len(master.files)}:v=0:a=1[out]")
    raw = ["-f", "f32le", "-ar", str(RATE), "-ac", str(CHANNELS), "master.f32"]
    return [*words, "-filter_complex", ";".join(chains), "-map", "[out]", *raw]


def _part(shift: int, length: int | None) -> str:
    """Filters that begin a file's sound with its first picture, and end it where the next file's begins."""
    layout = f"aresample={RATE},aformat=sample_fmts=flt:channel_layouts=stereo,asetpts=N/SR/TB"
    begin = f"adelay={shift}S:all=1" if shift >= 0 else f"atrim=start_sample={-shift},asetpts=N/SR/TB"
    end = "" if length is None else f",apad=whole_len={length},atrim=end_sample={length},asetpts=N/SR/TB"
    return f"{layout},{begin}{end}"


def file_shift(master: Asset, index: int) -> int:
    """Samples by which a file's sound begins after its first picture; negative when before."""
    facts = master.files[index].facts
    if facts is None or facts.audio is None or facts.video is None:
        return 0
    return nearest((facts.audio.start - facts.video.start) * RATE)


def file_length(master: Asset, index: int) -> int | None:
    """Samples until the next file begins; None for the last."""
    facts = master.files[index].facts
    if index == len(master.files) - 1 or facts is None:
        return None
    if facts.video is not None and facts.video.fps:
        return nearest(Fraction(facts.video.frames) / facts.video.fps * RATE)
    return nearest(facts.duration * RATE)


def _raw() -> list[str]:
    return ["-f", "f32le", "-ar", str(RATE), "-ac", str(CHANNELS), "-i", "programme.f32"]


def _coding(loudness: Loudness, spec: Spec) -> list[str]:
    """One gain for all, and a limiter where peaks become too high: dynamics stay as they were mixed."""
    gain = gain_for(loudness, spec)
    filters = [f"volume={gain:.3f}dB:precision=float"]
    if loudness.peak + gain > spec.peak:
        ceiling = 10 ** (spec.peak / 20)
        limiter = f"alimiter=limit={ceiling:.5f}:attack=5:release=50:level=0:latency=1"
        filters += [f"aresample={4 * RATE}", limiter, f"aresample={RATE}"]
    coded = [
        "-c:a",
        "aac",
        "-b:a",
        BITRATE,
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
    ]
    return [*_raw(), "-af", ",".join(filters), *coded, "-f", "ipod", "sound.m4a"]


def read_loudness(path: Path) -> Loudness:
    """The last values that the filter wrote down."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        text = file.read().decode("ascii", "replace")
    integrated = re.findall(r"lavfi\.r128\.I=(\S+)", text)
    peaks = re.findall(r"lavfi\.r128\.true_peaks_ch\d=(\S+)", text)[-CHANNELS:]
    loudest = max((float(peak) for peak in peaks), default=0.0)
    return Loudness(
        integrated=float(integrated[-1]) if integrated else -120.0,
        peak=20 * float(np.log10(max(loudest, 1e-6))),
    )


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
