"""Scores the shipped renderer against path-traced pictures of the same garment (bench/references).
Each was taken twice without a denoiser, which would blur fine print: so noise can be told from differences.
The path that is scored is the one that ships, before lossy encoding: intake, placement, Renderer.still.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.regions import INSIDE, RIM, Regions, regions
from bench.scores import Mask, Picture, Takes, decibels, noise, over, squares, ssim
from tirage.media.intake import Design, read_design
from tirage.media.values import Colour
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer

HERE = Path(__file__).resolve().parent
SHIPPED = HERE / "references"
LOCAL = HERE.parent / "out" / "references"
"""Where `make references` leaves the large pictures."""


def references_of(template: str, root: Path = SHIPPED) -> Path:
    """Where a template's references lie: the tee's in the folder itself, others' in one of their own."""
    return root if template == "tee" else root / template


BACKGROUND = 0xF2
COVERED = round(0.02 * 255)
"""Pixels whose reference alpha is above this count."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One path-traced picture and what it shows."""

    name: str
    role: str
    """pair, turntable or large."""
    colour: Colour
    azimuth: float
    size: int
    samples: int
    """Of each take."""
    prints: tuple[tuple[Path, Placement], ...]
    paths: tuple[Path, Path]
    sha256: tuple[str, str]

    def takes(self) -> Takes:
        """The two takes, straight RGBA (size, size, 4)."""
        first, second = map(_read, self.paths)
        return first, second

    @property
    def design(self) -> str:
        """The first design's name."""
        return self.prints[0][0].stem


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A reference and ours side by side over the same background, and where they count."""

    reference: Reference
    theirs: Takes
    ours: Picture
    bare: Picture
    """Ours without its prints."""
    garment: Mask
    regions: Regions


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the garment adds to the error."""

    pixels: float
    """Share of the garment's pixels."""
    error: float
    """Share of the summed squared error."""
    decibels: float


@dataclass(frozen=True, slots=True)
class Score:
    """How near ours is: dB over the whole garment, over its outside, over the outside without its edges."""

    reference: Reference
    whole: float
    outside: float
    surface: float
    ssim: float
    noise: float
    """Of one take, dB: what a perfect renderer would reach against it."""
    parts: Mapping[str, Part]


def read_references(folder: Path) -> list[Reference]:
    """The references of a folder in the order of its index; [] when there is none."""
    path = folder / "index.json"
    if not path.is_file():
        return []
    entries: dict[str, dict[str, Any]] = json.loads(path.read_text())["pictures"]
    return [_reference(folder, name, entry) for name, entry in entries.items()]


def _reference(folder: Path, name: str, entry: Mapping[str, Any]) -> Reference:
    return Reference(
        name=name,
        role=entry["role"],
        colour=Colour.parse(entry["hex"]),
        azimuth=entry["azimuth"],
        size=entry["size"],
        samples=entry["samples"],
        prints=tuple((HERE / "designs" / item["design"], _place(item)) for item in entry["prints"]),
        paths=(folder / f"{name}-0.png", folder / f"{name}-1.png"),
        sha256=tuple(entry["sha256"]),
    )


def _read(path: Path) -> Picture:
    codes = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if codes is None:
        raise OSError(f"{path} cannot be decoded")
    return np.asarray(cv2.cvtColor(codes, cv2.COLOR_BGRA2RGBA), np.uint8)


def _place(item: Mapping[str, Any]) -> Placement:
    return Placement(item["panel"], item["x"], item["y"], item["width"], item["rotation"])


def faults(folder: Path, references: Sequence[Reference], template: Template) -> list[str]:
    """What shows that references are not of this template, or not whole; [] when they are."""
    head = json.loads((folder / "index.json").read_text())
    found = []
    if head["template"]["content_sha256"] != template.info.content_sha256:
        found.append("they were rendered from another content of the template")
    if head["exposure"] != template.exposure:
        found.append(f"they were developed at exposure {head['exposure']}, not {template.exposure}")
    return found + [
        f"{path.name} is not the picture that the index means"
        for reference in references
        for path, digest in zip(reference.paths, reference.sha256, strict=True)
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest
    ]


@cache
def _design(path: Path) -> Design:
    return read_design(path)


@cache
def _regions(template: Template, azimuth: float, size: int) -> Regions:
    return regions(template, azimuth=azimuth, size=size)


def prints_of(reference: Reference, template: Template) -> list[Print]:
    """A reference's designs, placed as an order would place them."""
    return [
        Print(
            art=resolve(width=found.width, height=found.height, where=place, template=template), design=found
        )
        for found, place in ((_design(path), place) for path, place in reference.prints)
    ]


def scene(renderer: Renderer, reference: Reference) -> Scene:
    """Render what a reference shows."""
    first, second = reference.takes()

    def still(prints: Sequence[Print]) -> Picture:
        grey = Colour(BACKGROUND, BACKGROUND, BACKGROUND)
        return renderer.still(
            prints=prints,
            colour=reference.colour,
            azimuth=reference.azimuth,
            size=reference.size,
            background=grey,
        )

    return Scene(
        reference=reference,
        theirs=(over(first, BACKGROUND), over(second, BACKGROUND)),
        ours=still(prints_of(reference, renderer.template)),
        bare=still(()),
        garment=np.maximum(first[..., 3], second[..., 3]) > COVERED,
        regions=_regions(renderer.template, reference.azimuth, reference.size),
    )


def score(found: Scene) -> Score:
    """All numbers of a scene."""
    error, garment = squares(found.theirs, found.ours), found.garment

    def level(where: Mask) -> float:
        return decibels(float(error[garment & where].mean()))

    return Score(
        reference=found.reference,
        whole=level(garment),
        outside=level(found.regions.outside),
        surface=level(found.regions.surface),
        ssim=ssim(found.theirs, found.ours, garment),
        noise=decibels(float(noise(found.theirs)[garment].mean())),
        parts=parts(found),
    )


def parts(found: Scene) -> dict[str, Part]:
    """Shares of the error by what a pixel shows; every pixel of the garment counts once."""
    seen = found.regions
    inked = (found.ours != found.bare).any(axis=2)
    claims = {
        "rim": seen.near(RIM),
        "inside": seen.near(INSIDE),
        "silhouette": ~seen.surface,
        "seam, fold": seen.seams,
        "print": inked,
        "plain": np.ones_like(inked),
    }
    error, left, table = squares(found.theirs, found.ours), found.garment.copy(), {}
    for name, claim in claims.items():
        here = left & claim
        left &= ~claim
        mean = float(error[here].mean()) if here.any() else 0.0
        share = mean * here.sum() / error[found.garment].sum()
        table[name] = Part(float(here.sum() / found.garment.sum()), float(share), decibels(mean))
    return table


def write_side_by_side(found: Scene, folder: Path) -> Path:
    """Theirs, ours and the absolute difference × 16 in one PNG, to be looked at; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    theirs = np.rint(np.mean(found.theirs, axis=0)).astype(np.uint8)
    apart = np.abs(theirs.astype(int) - found.ours) * 16
    row = np.hstack([theirs, found.ours, np.minimum(apart, 255).astype(np.uint8)])
    path = folder / f"{found.reference.name}.png"
    if not cv2.imwrite(str(path), cv2.cvtColor(row, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{path} cannot be written")
    return path
