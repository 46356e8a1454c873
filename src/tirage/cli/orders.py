"""From a command line's words to an order, or to a matrix of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tirage.errors import UsageError
from tirage.media.encode import image_format
from tirage.mockup import catalogue
from tirage.mockup.catalogue import Preset
from tirage.mockup.cells import MatrixOrder, designs_in, folder_names
from tirage.mockup.order import (
    DEFAULT_COLOUR,
    DEFAULT_SAMPLES,
    Art,
    MockupOrder,
    RendererName,
    checked_samples,
    mode,
    renderer_name,
)
from tirage.mockup.placement import Placement, parse_place

DEFAULT_PRESET = Preset.CHEST_MEDIUM
DEFAULT_OUT = Path("mockups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of `tirage mockup`, as they were typed."""

    designs: Sequence[Path]
    preset: str | None
    places: Sequence[str]
    template: str
    color: str | None
    background: str
    mode: str
    size: int
    format: str
    glb: bool
    out: Path | None
    colors: str | None
    presets: str | None


@dataclass(frozen=True, slots=True)
class Tool:
    """What renders, and how finely; relight has no samples to choose."""

    name: RendererName
    samples: int = DEFAULT_SAMPLES


def tool_of(name: str, samples: int | None) -> Tool:
    """The renderer that was asked for.  INVALID_RENDERER, INVALID_SAMPLES; INVALID_USAGE."""
    chosen = renderer_name(name)
    if samples is None:
        return Tool(chosen)
    if chosen is not RendererName.CYCLES:
        raise UsageError("INVALID_USAGE", "--samples goes with --renderer cycles only.")
    return Tool(chosen, checked_samples(samples))


def order_of(asked: Asked) -> MockupOrder | MatrixOrder:
    """One order, or a matrix when there are several designs, a folder, --colors or --presets.

    UsageError or BadInput: an option's value is wrong, or two options contradict each other.
    """
    several = len(asked.designs) > 1 or any(path.is_dir() for path in asked.designs)
    if several or asked.colors is not None or asked.presets is not None:
        return _matrix(asked)
    return _single(asked, asked.designs[0])


def _single(asked: Asked, design: Path) -> MockupOrder:
    places = [parse_place(text) for text in asked.places]
    arts = [Art(file or design, placement) for placement, file in places]
    if asked.preset is not None or all(art.design != design for art in arts):
        arts.insert(0, Art(design, _preset(asked.preset)))
    return MockupOrder(
        arts=tuple(arts),
        out=asked.out or DEFAULT_OUT / next(iter(folder_names([design]))),
        template=asked.template,
        colour=asked.color or DEFAULT_COLOUR,
        background=asked.background,
        mode=mode(asked.mode),
        size=asked.size,
        format=image_format(asked.format),
        glb=asked.glb,
    )


def _matrix(asked: Asked) -> MatrixOrder:
    if asked.color is not None and asked.colors is not None:
        raise UsageError("INVALID_USAGE", "--color and --colors contradict each other: give one of them.")
    if asked.presets is not None and (asked.preset is not None or asked.places):
        raise UsageError("INVALID_USAGE", "--presets stands instead of --preset and --place.")
    return MatrixOrder(
        designs=designs_in(asked.designs),
        out=asked.out or DEFAULT_OUT,
        colours=_words("--colors", asked.colors) if asked.colors is not None else (_colour(asked),),
        presets=_presets(asked),
        places=_places(asked),
        template=asked.template,
        background=asked.background,
        mode=mode(asked.mode),
        size=asked.size,
        format=image_format(asked.format),
        glb=asked.glb,
    )


def _presets(asked: Asked) -> Sequence[Preset]:
    if asked.presets is not None:
        return tuple(dict.fromkeys(catalogue.preset(name) for name in _words("--presets", asked.presets)))
    return () if asked.places and asked.preset is None else (_preset(asked.preset),)


def _places(asked: Asked) -> Sequence[Placement]:
    places = [parse_place(text) for text in asked.places]
    if any(file is not None for _, file in places):
        raise UsageError(
            "INVALID_USAGE", "A matrix puts one design on each garment: leave =FILE out of --place."
        )
    if places and asked.preset is not None:
        raise UsageError("INVALID_USAGE", "A matrix takes --preset or --place, not both.")
    return tuple(placement for placement, _ in places)


def _preset(name: str | None) -> Preset:
    return DEFAULT_PRESET if name is None else catalogue.preset(name)


def _colour(asked: Asked) -> str:
    return asked.color or DEFAULT_COLOUR


def _words(option: str, text: str) -> Sequence[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise UsageError("INVALID_USAGE", f"{option} has an empty name in {text[:80]!r}.")
    return words
