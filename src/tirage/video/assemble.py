"""Segments, sound, captions and chapters become one MP4, without coding anything again."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tirage.errors import Failed, TirageError
from tirage.media.process import Child, Limits
from tirage.media.rates import Rate
from tirage.video.lock import Plain
from tirage.video.plan import Plan
from tirage.video.subtitles import soft
from tirage.video.timeline import CaptionTrack, Range
from tirage.video.workshop import Workshop

__all__ = ["Unfit", "assemble", "in_milliseconds", "iso_639_2"]

PROGRAM = Path(__file__).parent / "libav" / "mux.py"
MEMORY, LARGEST_FILE = 1 << 30, 256 << 30
STEP_S, SILENCE_S = 4 * 3600.0, 300.0
UNFIT = "unfit "
LANGUAGES = """
ar=ara bg=bul bn=ben ca=cat cs=ces da=dan de=deu el=ell en=eng es=spa et=est eu=eus fa=fas fi=fin fr=fra
ga=gle gl=glg he=heb hi=hin hr=hrv hu=hun id=ind is=isl it=ita ja=jpn ka=kat ko=kor lt=lit lv=lav mk=mkd
ms=msa mt=mlt nb=nob nl=nld nn=nno no=nor pl=pol pt=por ro=ron ru=rus sk=slk sl=slv sq=sqi sr=srp sv=swe
sw=swa ta=tam te=tel th=tha tr=tur uk=ukr ur=urd vi=vie zh=zho
"""
THREE_LETTERS = {pair[:2]: pair[3:] for pair in LANGUAGES.split()}
"""ISO 639-1 to ISO 639-2."""


class Unfit(Exception):
    """Files whose frames cannot stand beside ours: the keys of the segments that were to be copied."""

    def __init__(self, keys: frozenset[str]) -> None:
        super().__init__(len(keys))
        self.keys = keys


def assemble(
    plan: Plan,
    *,
    copied: frozenset[str],
    sound: Path | None,
    tracks: tuple[CaptionTrack, ...],
    workshop: Workshop,
    out: Path,
) -> int:
    """Writes the video; its segments are on the shelf, or are copied out of their files.

    How many tracks of captions it has.

    Unfit: some cannot be copied.  Failed: RENDER_FAILED.  TryAgain: as Child.
    """
    with workshop.shelf.room() as room:
        captions = list(_captions(plan, tracks, workshop, room))
        others: list[Plain] = [{"file": str(sound), "language": ""}] if sound else []
        order: Plain = {
            "out": str(room / "video.mp4"),
            "fps": [plan.rate.fps.numerator, plan.rate.fps.denominator],
            "codec": plan.options.codec.value,
            "length": plan.length,
            "pieces": list(_pieces(plan, copied, workshop)),
            "others": others + captions,
            "chapters": [{"frame": chapter.frame, "name": chapter.name} for chapter in plan.chapters],
        }
        (room / "order.json").write_text(json.dumps(order), encoding="utf-8")
        unfit = _run(room, plan.length, workshop)
        if unfit:
            raise Unfit(_from(plan, copied, unfit))
        shutil.move(room / "video.mp4", out)  # perhaps onto another disk
    return len(captions)


def _pieces(plan: Plan, copied: frozenset[str], workshop: Workshop) -> Iterator[Plain]:
    for placed in plan.segments:
        shot = placed.segment.shot
        if placed.key in copied and shot is not None:
            run = shot.runs[0]
            yield {"file": shot.source.path, "first": run.start, "frames": run.length, "copied": True}
            continue
        coded = workshop.shelf.find(placed.key, ".mp4")
        if coded is None:
            raise Failed(
                "RENDER_FAILED", "A finished segment has gone: something else tidies the same folder."
            )
        yield {"file": str(coded), "first": 0, "frames": placed.segment.length, "copied": False}


def _run(room: Path, frames: int, workshop: Workshop) -> list[str]:
    """Runs the muxer; the files that do not fit."""
    limits = Limits(memory=MEMORY, address_space=16 << 30, file_bytes=LARGEST_FILE)
    unfit: list[str] = []
    argv = [sys.executable, "-I", str(PROGRAM), str(room / "order.json")]
    with Child(argv, name="The muxer", folder=room, limits=limits) as child:
        try:
            for line in child.lines(step_s=STEP_S, silence_s=SILENCE_S, cancelled=workshop.cancelled):
                if line.startswith(UNFIT):
                    unfit = json.loads(line.removeprefix(UNFIT))
                elif line.startswith("frame="):
                    workshop.progress("mux", int(line.removeprefix("frame=")), frames)
        except TirageError as error:
            if error.code != "PROCESS_CRASHED":
                raise
            said = "".join(getattr(error, "__notes__", ()))[-300:]
            raise Failed("RENDER_FAILED", f"The video could not be put together: {said}") from error
    return unfit


def _from(plan: Plan, copied: frozenset[str], files: list[str]) -> frozenset[str]:
    return frozenset(
        placed.key
        for placed in plan.segments
        if placed.key in copied and placed.segment.shot and placed.segment.shot.source.path in files
    )


def _captions(
    plan: Plan, tracks: tuple[CaptionTrack, ...], workshop: Workshop, room: Path
) -> Iterator[Plain]:
    """Each track as a file with timed text."""
    for index, track in enumerate(tracks):
        text = soft(track, in_milliseconds(plan.ranges, plan.rate))
        if not text:
            continue
        (room / "captions.srt").write_text(text, encoding="utf-8")
        made = room / f"captions{index}.mp4"
        words = ["-f", "srt", "-i", "captions.srt", "-c:s", "mov_text", "-fflags", "+bitexact", "-f", "mp4"]
        workshop.ffmpeg.run([*words, made.name], folder=room, name="The captions")
        yield {"file": str(made), "language": iso_639_2(track.language)}


def iso_639_2(language: str) -> str:
    """A BCP 47 tag as the three letters that MP4 has room for; `und` for what is not in the table."""
    first = language.lower().partition("-")[0]
    return first if len(first) == 3 else THREE_LETTERS.get(first, "und")


def in_milliseconds(ranges: tuple[Range, ...], rate: Rate) -> Iterator[tuple[int, int, int]]:
    """Ranges in milliseconds of the programme, from and to, and where each begins in the output."""
    at = 0
    for stretch in ranges:
        start, end, here = (round(rate.seconds(frame) * 1000) for frame in (stretch.start, stretch.end, at))
        yield start, end, here
        at += stretch.length
