"""Golden pictures: a package carries a few, so that any machine can say whether it draws the same.

They show the light and the dark end of the cloth with the test chart, from three sides and between two."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tirage.authoring.chart import charted
from tirage.authoring.difference import BACKGROUND, Apart, Picture, apart
from tirage.errors import Finding, Severity
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.values import Colour
from tirage.mockup.lab import lab
from tirage.mockup.model import Golden, Template
from tirage.mockup.relight import Renderer

SIZE = 256
MEAN, WORST = 0.2, 2.0
"""ΔE00 within which a picture is its golden: rounding differs between processors, and nothing else may."""
VIEWS = (
    ("front_0deg", "light"),
    ("front_45deg_left", "dark"),
    ("left_90deg", "light"),
    ("back_180deg", "dark"),
)
PLAIN = {"light": Colour(230, 230, 227), "dark": Colour(38, 38, 38)}
"""For templates that name no colours."""


def goldens(template: Template) -> dict[Golden, bytes]:
    """The golden pictures of a template as PNG files."""
    colours = shades(template)
    wanted = [Golden(f"golden_{view}.png", view, colours[shade]) for view, shade in VIEWS]
    renderer = Renderer(template, keep=False)
    return {golden: encode_image(pixels=picture(renderer, golden), kind=ImageFormat.PNG) for golden in wanted}


def compare(template: Template) -> dict[Golden, Apart]:
    """How far the pictures that this machine draws are from the package's; {} when it has none.

    OSError: one cannot be read."""
    renderer = Renderer(template, keep=False) if template.goldens else None
    found = {}
    for golden in template.goldens:
        assert renderer is not None  # noqa: S101 – there are goldens
        found[golden] = apart(_read(template.info.folder / golden.file), picture(renderer, golden))
    return found


def findings(compared: dict[Golden, Apart]) -> list[Finding]:
    """A warning for each picture that is not its golden."""
    hint = "Bake it again with this version of Tirage, or ask its author for a newer package."
    return [
        Finding(
            "GOLDEN_DIFFERS",
            Severity.WARNING,
            f"{golden.view} looks different here from where the package was made: {found}.",
            hint,
            golden.file,
        )
        for golden, found in compared.items()
        if found.mean > MEAN or found.worst > WORST
    ]


def picture(renderer: Renderer, golden: Golden) -> Picture:
    """The picture as the renderer draws it, (SIZE, SIZE, 3)."""
    azimuth = next(view.azimuth for view in renderer.template.views if view.name == golden.view)
    return renderer.still(
        prints=charted(renderer.template),
        colour=golden.colour,
        azimuth=azimuth,
        size=SIZE,
        background=BACKGROUND,
    )


def shades(template: Template) -> dict[str, Colour]:
    """The lightest and the darkest named colour, as "light" and "dark"."""
    colours = list(template.colours.values())
    if not colours:
        return PLAIN
    lightness = lab(np.array([colour.to_linear() for colour in colours], np.float32))[:, 0]
    return {"light": colours[int(lightness.argmax())], "dark": colours[int(lightness.argmin())]}


def _read(path: Path) -> Picture:
    codes = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if codes is None or codes.shape != (SIZE, SIZE, 3):
        raise OSError(f"{path.name} is no picture of {SIZE} × {SIZE} pixels")
    return np.asarray(cv2.cvtColor(codes, cv2.COLOR_BGR2RGB), np.uint8)
