"""Titles, lower thirds and end cards as pictures: the built-in templates drawn here, others in a browser.
A template is a row of TEMPLATES: the fields it shows, and a function that draws them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyvips
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.browser import screenshot
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.fonts import BOLD, REGULAR, SEMIBOLD
from tirage.media.lettering import Coverage, lettering
from tirage.media.values import Colour
from tirage.video.segment import Picture

__all__ = [
    "TEMPLATES",
    "VERSION",
    "Pixels",
    "Template",
    "draw",
    "filled_page",
    "inked",
    "page_pixels",
    "still_file",
]

VERSION = 1
"""Raised when a built-in template looks different."""
Pixels = NDArray[np.uint8]
Canvas = NDArray[np.float32]
"""(height, width, 4): sRGB and alpha, 0–1, premultiplied."""
WHITE, SOFT = (1.0, 1.0, 1.0), (0.86, 0.88, 0.91)
INK = (0.055, 0.065, 0.09)
ACCENT = "#f2b632"
REFERENCE = 1080
"""Sizes below are pixels of a picture whose shorter side has this many."""


@dataclass(frozen=True, slots=True)
class Template:
    """A built-in graphic."""

    fields: tuple[str, ...]
    """What it shows; `accent`, a colour, can be given to all."""
    draw: Callable[[Canvas, Mapping[str, str]], None]


def draw(picture: Picture) -> Pixels:
    """A built-in template's pixels, (height, width, 4), alpha straight.

    BadInput: TEMPLATE_UNKNOWN; INVALID_COLOR for an accent that is none.
    """
    template = TEMPLATES.get(picture.template)
    if template is None:
        raise BadInput("GRAPHIC_UNKNOWN", f"There is no template {picture.template[:60]!r}.")
    canvas: Canvas = np.zeros((picture.height, picture.width, 4), np.float32)
    template.draw(canvas, dict(picture.fields))
    alpha = canvas[..., 3:]
    straight = np.divide(canvas[..., :3], alpha, out=np.zeros_like(canvas[..., :3]), where=alpha > 0)
    return np.round(np.concatenate([straight, alpha], axis=2) * 255).astype(np.uint8)


def filled_page(text: str, fields: Mapping[str, str], *, folder: Path) -> str:
    """A page with `{{name}}` replaced by the fields' texts, which are text there and never markup.

    Pictures and fonts that it names are looked for in the folder.
    """
    for name, value in fields.items():
        text = text.replace("{{" + name + "}}", escape(value))
    base = f'<base href="{folder.as_uri()}/">'
    head = re.search(r"<head[^>]*>", text, re.IGNORECASE)
    return text[: head.end()] + base + text[head.end() :] if head else base + text


def page_pixels(picture: Picture, *, browser: Path) -> Pixels:
    """A user's own template's pixels.  BadInput: its file is gone.  Errors as those of `screenshot`."""
    path = Path(picture.template).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("GRAPHIC_UNKNOWN", f"The template {path.name} cannot be read.") from error
    page = filled_page(text, dict(picture.fields), folder=path.parent)
    shot = screenshot(page, browser=browser, width=picture.width, height=picture.height)
    return np.asarray(pyvips.Image.pngload_buffer(shot).numpy(), np.uint8)


def inked(pixels: Pixels) -> tuple[int, int, Pixels]:
    """Where what can be seen begins, x and y even, and those pixels alone; a picture of nothing is 2 × 2."""
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, 0, pixels[:2, :2]
    top, left = (int(found[0]) // 2 * 2 for found in (rows, columns))
    return left, top, pixels[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]


def still_file(pixels: Pixels) -> bytes:
    """The PNG of a graphic."""
    return encode_image(pixels=pixels, kind=ImageFormat.PNG)


def _title(canvas: Canvas, fields: Mapping[str, str]) -> None:
    """A title in the middle over a darkened picture, with a line below."""
    unit, width = _unit(canvas), canvas.shape[1]
    canvas[..., 3] = 0.45
    canvas[..., :3] = np.array(INK, np.float32) * 0.45
    wide = round(width * 0.84)
    head = lettering(fields.get("title", ""), weight=BOLD, size=118 * unit, width=wide, centred=True)
    foot = lettering(fields.get("subtitle", ""), weight=REGULAR, size=54 * unit, width=wide, centred=True)
    gap = round(44 * unit)
    height = head.shape[0] + (2 * gap + foot.shape[0] if foot.size else gap)
    y = (canvas.shape[0] - height) // 2
    _ink(canvas, head, (width - head.shape[1]) // 2, y, WHITE)
    line = round(150 * unit)
    _bar(canvas, (width - line) // 2, y + head.shape[0] + gap, line, max(2, round(8 * unit)), _accent(fields))
    _ink(canvas, foot, (width - foot.shape[1]) // 2, y + head.shape[0] + 2 * gap, SOFT)


def _lower_third(canvas: Canvas, fields: Mapping[str, str]) -> None:
    """A name and what its bearer does, on a dark plate at the left, above where captions stand."""
    height, width = canvas.shape[:2]
    unit = _unit(canvas) * (1.2 if height > width else 1)
    wide = round(width * 0.78)
    name = lettering(fields.get("name", ""), weight=SEMIBOLD, size=62 * unit, width=wide)
    role = lettering(fields.get("role", ""), weight=REGULAR, size=40 * unit, width=wide)
    pad, gap, edge = round(30 * unit), round(18 * unit) if role.size else 0, round(10 * unit)
    inside = max(name.shape[1], role.shape[1]) + 2 * pad
    tall = name.shape[0] + gap + role.shape[0] + 2 * pad
    x, y = round(width * 0.06), round(height * (0.8 if width > height else 0.6)) - tall
    _bar(canvas, x, y, edge, tall, _accent(fields))
    _bar(canvas, x + edge, y, inside, tall, INK, 0.82)
    _ink(canvas, name, x + edge + pad, y + pad, WHITE)
    _ink(canvas, role, x + edge + pad, y + pad + name.shape[0] + gap, SOFT)


def _end_card(canvas: Canvas, fields: Mapping[str, str]) -> None:
    """A closing page that covers the picture: a heading, and lines below."""
    unit, (height, width) = _unit(canvas), canvas.shape[:2]
    shade = np.linspace(1.35, 0.75, height, dtype=np.float32)[:, None, None]
    canvas[..., :3] = np.array(INK, np.float32) * shade
    canvas[..., 3] = 1
    _bar(canvas, 0, height - round(14 * unit), width, round(14 * unit), _accent(fields))
    wide = round(width * 0.84)
    head = lettering(fields.get("title", ""), weight=BOLD, size=96 * unit, width=wide, centred=True)
    text = lettering(fields.get("text", ""), weight=REGULAR, size=48 * unit, width=wide, centred=True)
    gap = round(56 * unit) if text.size else 0
    y = (height - head.shape[0] - gap - text.shape[0]) // 2
    _ink(canvas, head, (width - head.shape[1]) // 2, y, WHITE)
    _ink(canvas, text, (width - text.shape[1]) // 2, y + head.shape[0] + gap, SOFT)


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "title": Template(("title", "subtitle"), _title),
        "lower-third": Template(("name", "role"), _lower_third),
        "end-card": Template(("title", "text"), _end_card),
    }
)
"""The built-in templates."""


def _unit(canvas: Canvas) -> float:
    height, width = canvas.shape[:2]
    return int(min(height, width)) / REFERENCE


def _accent(fields: Mapping[str, str]) -> tuple[float, float, float]:
    colour = Colour.parse(fields.get("accent") or ACCENT)
    return colour.red / 255, colour.green / 255, colour.blue / 255


def _bar(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    height: int,
    colour: tuple[float, float, float],
    alpha: float = 1.0,
) -> None:
    """A filled rectangle."""
    _blend(canvas[max(y, 0) : y + height, max(x, 0) : x + width], np.float32(alpha), colour)


def _ink(canvas: Canvas, coverage: Coverage, x: int, y: int, colour: tuple[float, float, float]) -> None:
    """Letters, as far as they lie on the canvas."""
    top, left = max(0, -y), max(0, -x)
    part = canvas[y + top : y + coverage.shape[0], x + left : x + coverage.shape[1]]
    _blend(part, coverage[top : top + part.shape[0], left : left + part.shape[1], None], colour)


def _blend(part: Canvas, alpha: NDArray[np.float32] | np.float32, colour: tuple[float, float, float]) -> None:
    """Over, premultiplied."""
    source = np.array([*colour, 1.0], np.float32) * alpha
    part *= 1 - alpha
    part += source
