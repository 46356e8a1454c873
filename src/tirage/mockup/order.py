"""What a customer of the pipeline asks for, in plain values, and what it comes to on a template.
Everything wrong with an order is found here, before any work is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tirage.errors import BadInput, Finding, Severity, TirageError, UsageError
from tirage.media.encode import ImageFormat
from tirage.media.values import Colour, checked_size, parse_background
from tirage.mockup.catalogue import Preset, View
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement

DEFAULT_TEMPLATE = "tee"
DEFAULT_COLOUR = "white"
DEFAULT_BACKGROUND = "#f2f2f2"
DEFAULT_SIZE = 2048
DEFAULT_SAMPLES = 128
SAMPLES = range(1, 4097)
T = TypeVar("T")


class Mode(StrEnum):
    """Which media an order makes; the flat pictures and the print files come with each."""

    ALL = "all"
    IMAGES_ONLY = "images-only"
    ANIMATION_ONLY = "animation-only"

    @property
    def images(self) -> bool:
        """Whether the six views are made."""
        return self is not Mode.ANIMATION_ONLY

    @property
    def animation(self) -> bool:
        """Whether the turntable is made."""
        return self is not Mode.IMAGES_ONLY


class RendererName(StrEnum):
    """What makes the pictures: in seconds, or path-traced in minutes."""

    RELIGHT = "relight"
    CYCLES = "cycles"


@dataclass(frozen=True, slots=True)
class Art:
    """A design file and where it goes: by a preset, or freely."""

    design: Path
    where: Preset | Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class MockupOrder:
    """One garment in one colour with all its prints; later ones lie on top."""

    arts: Sequence[Art]
    out: Path
    """The folder the files appear in, all together."""
    template: str = DEFAULT_TEMPLATE
    """An id, or the path of a package's folder."""
    colour: str = DEFAULT_COLOUR
    """Of the fabric: a name of the template's, #rgb, #rrggbb or a CSS name."""
    background: str = DEFAULT_BACKGROUND
    """Like `colour`, or `transparent`."""
    mode: Mode = Mode.ALL
    size: int = DEFAULT_SIZE
    """Side of the pictures in pixels, 512–4096; the turntable keeps its own."""
    format: ImageFormat = ImageFormat.PNG
    glb: bool = False
    """Whether the decorated garment comes as a model for web viewers and AR, too."""


@dataclass(frozen=True, slots=True)
class Look:
    """An order's colours and views on its template."""

    colour: Colour
    background: Colour | None
    """None is transparent."""
    film_background: Colour
    """Video has no transparency: it gets the default instead."""
    views: tuple[View, ...]
    findings: tuple[Finding, ...]


def mode(name: str) -> Mode:
    """The mode of that exact name; INVALID_MODE otherwise (R217)."""
    try:
        return Mode(name)
    except ValueError:
        raise UsageError("INVALID_MODE", f"There is no mode {name[:60]!r}.") from None


def renderer_name(name: str) -> RendererName:
    """The renderer of that exact name; INVALID_RENDERER otherwise."""
    try:
        return RendererName(name)
    except ValueError:
        raise UsageError("INVALID_RENDERER", f"There is no renderer {name[:60]!r}.") from None


def checked_samples(samples: int) -> int:
    """Samples a pixel of a path-traced picture, 1–4096; INVALID_SAMPLES otherwise."""
    if samples not in SAMPLES:
        raise UsageError("INVALID_SAMPLES", f"There cannot be {samples} samples.")
    return samples


def resolve_look(order: MockupOrder, template: Template) -> Look:
    """The order's colours, views and size, checked together.

    UsageError or BadInput with the first fault's code: INVALID_COLOR, INVALID_SIZE, INVALID_FORMAT (JPEG has
    no transparency), INVALID_USAGE (nothing to print); where there are several, `findings` has them all.
    """
    faults: list[TirageError] = []
    colour = _attempt(faults, lambda: Colour.parse(order.colour, named=template.colours))
    background = _attempt(faults, lambda: parse_background(order.background, named=template.colours))
    _attempt(faults, lambda: checked_size(order.size))
    _attempt(faults, lambda: _check_transparency(order))
    if not order.arts:
        faults.append(UsageError("INVALID_USAGE", "The order names no design."))
    if faults or colour is None:
        raise _joined(faults)
    findings: tuple[Finding, ...] = ()
    if background is None and order.mode.animation:
        findings = (VIDEO_BACKGROUND,)
    return Look(colour, background, background or Colour.parse(DEFAULT_BACKGROUND), template.views, findings)


VIDEO_BACKGROUND = Finding(
    "VIDEO_BACKGROUND",
    Severity.NOTE,
    f"Video cannot be transparent: the turntable has the background {DEFAULT_BACKGROUND}.",
    where="animation",
)


def _check_transparency(order: MockupOrder) -> None:
    if order.background.strip().lower() == "transparent" and not order.format.transparent:
        message = "JPEG pictures cannot have a transparent background."
        raise UsageError("INVALID_FORMAT", message, hint="Choose png or webp, or a background colour.")


def _attempt(faults: list[TirageError], check: Callable[[], T]) -> T | None:
    try:
        return check()
    except BadInput as fault:
        faults.append(fault)
        return None


def _joined(faults: Sequence[TirageError]) -> TirageError:
    first, *others = faults
    if not others:
        return first
    findings = [Finding(fault.code, Severity.ERROR, fault.message, fault.hint) for fault in faults]
    message = " ".join(fault.message for fault in faults)
    return BadInput(first.code, message, hint=" ".join(fault.hint for fault in faults), findings=findings)
