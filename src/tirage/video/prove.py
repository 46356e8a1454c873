"""The proof of a finished video: what it is, measured frame by frame, against the plan."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tirage.errors import Failed, Finding, Severity
from tirage.media.process import Child, Limits
from tirage.video.plan import Plan
from tirage.video.workshop import Workshop

__all__ = ["Measured", "differences", "measure", "prove"]

PROGRAM = Path(__file__).parent / "libav" / "measure.py"
STEP_S = 1800.0
SLACK_S = Fraction(1, 20)
"""What the sound may be shorter or longer than the picture: two frames of AAC."""
STARTS_S = Fraction(1, 1000)
BT709 = (1, 1, 1)
"""Primaries, transfer and matrix by ITU-T H.273."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a video is."""

    codec: str
    width: int
    height: int
    pixel_format: str
    fps: Fraction
    frames: int
    start: Fraction
    """Seconds."""
    even: bool
    """Whether every frame lasts exactly one frame."""
    in_order: bool
    audio: str
    """Its codec; empty without."""
    audio_start: Fraction
    audio_end: Fraction
    captions: int
    chapters: int
    tags: tuple[int, ...]

    @property
    def duration(self) -> Fraction:
        """Seconds of pictures."""
        return self.frames / self.fps if self.fps else Fraction(0)


def prove(path: Path, plan: Plan, *, sound: bool, captions: int, workshop: Workshop) -> Measured:
    """Measures a video and compares it with its plan.  Failed: PROOF_FAILED, with every difference."""
    found = measure(path, workshop)
    wrong = [
        Finding("PROOF_FAILED", Severity.ERROR, text, where=path.name)
        for text in differences(found, plan, sound=sound, captions=captions)
    ]
    if wrong:
        raise Failed(
            "PROOF_FAILED", f"{path.name} is not what was planned: {wrong[0].message}", findings=wrong
        )
    return found


def differences(found: Measured, plan: Plan, *, sound: bool, captions: int) -> Iterator[str]:
    """What is not as planned, in words."""
    spec = plan.spec
    pairs: list[tuple[str, object, object]] = [
        ("codec", found.codec, plan.options.codec.value),
        ("size", (found.width, found.height), (spec.width, spec.height)),
        ("pixel format", found.pixel_format, "yuv420p"),
        ("frame rate", found.fps, plan.rate.fps),
        ("number of frames", found.frames, plan.length),
        ("first frame's time", found.start, Fraction(0)),
        ("even frames", found.even, True),
        ("order of decoding", found.in_order, True),
        ("sound", found.audio, "aac" if sound else ""),
        ("number of caption tracks", found.captions, captions),
        ("number of chapters", found.chapters, len(plan.chapters)),
        ("colour tags", found.tags, BT709),
    ]
    for name, is_, should in pairs:
        if is_ != should:
            yield f"its {name} is {is_}, not {should}"
    if sound and abs(found.audio_start) > STARTS_S:
        yield f"its sound begins at {float(found.audio_start):.4f} s"
    if sound and abs(found.audio_end - plan.length / plan.rate.fps) > SLACK_S:
        yield f"its sound ends at {float(found.audio_end):.3f} s"


def measure(path: Path, workshop: Workshop) -> Measured:
    """What a video of ours is.  Failed: PROCESS_CRASHED, when it cannot be read at all."""
    limits = Limits(memory=1 << 30, address_space=16 << 30)
    with workshop.shelf.room() as room:
        argv = [sys.executable, "-I", str(PROGRAM), str(path.absolute())]
        with Child(argv, name="The proof", folder=room, limits=limits) as child:
            lines = list(child.lines(step_s=STEP_S, silence_s=STEP_S, cancelled=workshop.cancelled))
    value = json.loads(lines[-1])
    return Measured(
        codec=value["codec"],
        width=value["width"],
        height=value["height"],
        pixel_format=value["pixel_format"],
        fps=Fraction(*value["rate"]),
        frames=value["frames"],
        start=Fraction(value["start"]),
        even=value["even"],
        in_order=value["in_order"],
        audio=value["audio"] or "",
        audio_start=Fraction(value["audio_start"]),
        audio_end=Fraction(value["audio_end"]),
        captions=value["captions"],
        chapters=value["chapters"],
        tags=tuple(value["tags"]),
    )
