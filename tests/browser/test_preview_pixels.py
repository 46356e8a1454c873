"""The preview in the browser against the server's pictures of the same orders, at 1024: `make test-browser`.

What a hand sees while it drags has four samples, what it sees at rest sixteen.  Every view is compared in
one of three colours; TIRAGE_PREVIEW_ALL=1 compares it in each.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import read_design
from tirage.media.values import Colour
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.lab import difference, lab
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.preview import build_preview
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

UI = Path(__file__).resolve().parents[2] / "ui"
SIZE = 1024
DRAGGING, AT_REST = 4, 16
EVERY = bool(os.environ.get("TIRAGE_PREVIEW_ALL"))
SECONDS = (1700 if EVERY else 560) * int(os.environ.get("SLACK", "1"))
"""For drawing, without a graphics processor, on a machine that does nothing else."""
MARKS = {
    "top left": (220, 30, 40),
    "top right": (30, 160, 60),
    "bottom right": (40, 70, 220),
    "bottom left": (225, 190, 20),
}
"""Colours of the squares in a design's corners, which are found again in pictures."""
SIDE, MARK = 1200, 240
FEWEST = 120
"""Pixels of a mark, to be looked at."""
PLACES = {
    "front": Placement("front", 1.0, 22, 26, 4),
    "back": Placement("back", -1.0, 24, 28, -3),
    "sleeve-left": Placement("sleeve-left", 0, 12, 7),
    "sleeve-right": Placement("sleeve-right", 0, 12, 7),
}
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """The same order twice: straight colours on white 0–255, and cover 0–1."""

    name: str
    ours: Pixels
    our_cover: Pixels
    servers: Pixels
    cover: Pixels

    @property
    def garment(self) -> NDArray[np.bool_]:
        return self.cover > 0.5

    def psnr(self) -> float:
        """Over the garment."""
        error = (self.ours - self.servers)[self.garment]
        return float(10 * np.log10(255**2 / max(float(np.mean(error**2)), 1e-9)))

    def difference(self) -> float:
        """Mean CIEDE2000 over the garment."""
        first, second = (lab(_linear(each[self.garment])) for each in (self.ours, self.servers))
        return float(np.mean(difference(first, second)))

    def overlap(self) -> float:
        """Of the silhouettes: intersection over union."""
        first, second = self.our_cover > 0.5, self.garment
        return float((first & second).sum() / (first | second).sum())

    def apart(self) -> list[float]:
        """How far the marks' middles are from the server's, pixels: of all marks that are well seen."""
        found = []
        for colour in MARKS.values():
            for window in _windows(self.servers, colour):
                here, there = (_middle(each[window], colour) for each in (self.ours, self.servers))
                found.append(float(np.hypot(*(here - there))))
        return found


def _linear(codes: Pixels) -> Pixels:
    v = codes / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _near(picture: Pixels, colour: tuple[int, int, int]) -> Pixels:
    """How much each pixel has a colour's hue, 0–1: wholly wherever a mark lies, so that no shade moves it."""
    wanted = np.asarray(colour, np.float32) / np.linalg.norm(colour)
    length = np.linalg.norm(picture, axis=2)
    alike = (picture @ wanted) / np.maximum(length, 1)
    return np.asarray(np.clip((alike - 0.94) / 0.02, 0, 1) * (length > 60), np.float32)


def _windows(picture: Pixels, colour: tuple[int, int, int]) -> Iterator[tuple[slice, slice]]:
    """Where marks of a colour are, with some pixels around."""
    mask = (_near(picture, colour) > 0.5).astype(np.uint8)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask)
    for x, y, width, height, area in boxes[1:]:
        if area >= FEWEST:
            yield slice(max(y - 6, 0), y + height + 6), slice(max(x - 6, 0), x + width + 6)


def _middle(part: Pixels, colour: tuple[int, int, int]) -> NDArray[np.float64]:
    """The weighted centre of what has a colour's hue."""
    weight = _near(part, colour)
    y, x = np.mgrid[: part.shape[0], : part.shape[1]]
    return np.asarray([(weight * x).sum(), (weight * y).sum()]) / max(float(weight.sum()), 1e-6)


def _design() -> NDArray[np.uint8]:
    """Grey, with a coloured square in each corner and lines between: whatever moves or blurs shows."""
    pixels = np.full((SIDE, SIDE, 4), (128, 128, 128, 255), np.uint8)
    pixels[::60, :, :3] = 60
    pixels[:, ::60, :3] = 200
    for (row, column), colour in zip(((0, 0), (0, 1), (1, 1), (1, 0)), MARKS.values(), strict=True):
        y, x = row * (SIDE - MARK), column * (SIDE - MARK)
        pixels[y : y + MARK, x : x + MARK, :3] = colour
    return pixels


def _cases() -> list[tuple[str, str]]:
    return [
        (colour, view.name)
        for number, view in enumerate(VIEWS)
        for shift, colour in enumerate(("navy", "white", "heather"))
        if EVERY or number % 3 == shift
    ]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Pair]:
    folder = tmp_path_factory.mktemp("preview")
    (folder / "data").mkdir(exist_ok=True)
    template = load("tee")
    for name, content in build_preview(template).items():
        (folder / "data" / name).write_bytes(_plain(name, content))
    (folder / "design.png").write_bytes(encode_image(pixels=_design(), kind=ImageFormat.PNG))
    prints = [
        Print(
            resolve(width=SIDE, height=SIDE, where=place, template=template),
            design=read_design(folder / "design.png"),
        )
        for place in PLACES.values()
    ]
    azimuths = {view.name: view.azimuth for view in VIEWS}
    worn = [
        {
            "design": "/design.png",
            "place": {"panel": p.panel, "x": p.x, "y": p.y, "width": p.width, "rotation": p.rotation},
        }
        for p in PLACES.values()
    ]
    orders = [
        {
            "name": f"{colour}-{view}",
            "size": SIZE,
            "azimuth": azimuths[view],
            "colour": colour,
            "prints": worn,
        }
        for colour, view in _cases()
    ]
    (folder / "orders.json").write_text(json.dumps({"orders": orders, "samples": [DRAGGING, AT_REST]}))
    subprocess.run(["node", "test/draw.js", str(folder)], cwd=UI, check=True, timeout=SECONDS)
    renderer = Renderer(template)
    made = {}
    for colour, view in _cases():
        shade = Colour.parse(colour, named=template.colours)
        (picture,) = renderer.stills(
            prints=prints, colour=shade, azimuths=[azimuths[view]], size=SIZE, background=None
        )
        straight = np.asarray(picture, np.float32)
        cover = straight[..., 3:] / 255
        on_white = straight[..., :3] * cover + 255 * (1 - cover)
        for samples in (DRAGGING, AT_REST):
            name = f"{colour}-{view}"
            raw = np.frombuffer((folder / f"{name}.{samples}.rgba").read_bytes(), np.uint8)
            drawn = raw.reshape(SIZE, SIZE, 4).astype(np.float32)
            ours = drawn[..., :3] + 255 - drawn[..., 3:]
            made[name, samples] = Pair(name, ours, drawn[..., 3] / 255, on_white, cover[..., 0])
    return made


def _plain(name: str, content: bytes) -> bytes:
    """The mesh is sent compressed; a plain server would not say so."""
    import gzip

    return gzip.decompress(content) if name == "mesh.bin" else content


@pytest.mark.parametrize(("colour", "view"), _cases())
def test_at_rest(pairs: dict[tuple[str, int], Pair], colour: str, view: str) -> None:
    pair = pairs[f"{colour}-{view}", AT_REST]
    found = (pair.psnr(), pair.difference(), max(pair.apart()), pair.overlap())
    print(
        f"{pair.name}: {found[0]:.1f} dB, ΔE00 {found[1]:.2f}, corners {found[2]:.2f} px, IoU {found[3]:.4f}"
    )
    assert found[0] >= 42
    assert found[1] <= 0.5
    assert found[2] <= 0.5
    assert found[3] >= 0.995


@pytest.mark.parametrize(("colour", "view"), _cases())
def test_while_dragging(pairs: dict[tuple[str, int], Pair], colour: str, view: str) -> None:
    pair = pairs[f"{colour}-{view}", DRAGGING]
    found = (pair.psnr(), max(pair.apart()))
    print(f"{pair.name}: {found[0]:.1f} dB, corners {found[1]:.2f} px")
    assert found[0] >= 32
    assert found[1] <= 2


@pytest.mark.parametrize(("colour", "view"), _cases())
def test_a_pixel_aside_is_noticed(pairs: dict[tuple[str, int], Pair], colour: str, view: str) -> None:
    pair = pairs[f"{colour}-{view}", AT_REST]
    aside = replace(pair, ours=np.roll(pair.ours, 1, axis=1))
    assert min(aside.apart()) > 0.5
    assert aside.psnr() < 42


def test_six_megabytes_at_most() -> None:
    """As they are sent: the mesh compressed, pictures as they are."""
    assert sum(map(len, build_preview(load("tee")).values())) <= 6e6
