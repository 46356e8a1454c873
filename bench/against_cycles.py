"""Renders one order by both renderers and prints how alike they are, view by view.
Silhouettes as intersection over union, pictures as PSNR over the garment; side by side in out/against-cycles.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.scores import Picture, over, psnr, ssim
from tirage.media.blender import Blender, find_blender
from tirage.media.intake import read_design
from tirage.media.values import Colour
from tirage.mockup.catalogue import Preset, View
from tirage.mockup.cycles import CyclesRenderer
from tirage.mockup.pipeline import Drawing
from tirage.mockup.placement import Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load
from tirage.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BACKGROUND = 0xF2
HALF = 127
"""Alpha above which a pixel belongs to the silhouette."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Two pictures of one view."""

    view: str
    overlap: float
    """Intersection over union of the silhouettes."""
    decibels: float
    ssim: float


def compare(view: str, ours: Picture, theirs: Picture) -> Alike:
    """Scores of two straight-alpha pictures (h, w, 4) over grey, where either shows the garment."""
    inside = [picture[..., 3] > HALF for picture in (ours, theirs)]
    union = inside[0] | inside[1]
    overlap = float((inside[0] & inside[1]).sum() / union.sum())
    first, second = (over(picture, BACKGROUND) for picture in (ours, theirs))
    return Alike(view, overlap, psnr(first, second, union), ssim((first, first), second, union))


def pairs(
    views: list[View], prints: list[Print], colour: Colour, size: int, renderers: tuple[Drawing, Drawing]
) -> Iterator[tuple[View, Picture, Picture]]:
    """Each view by both."""
    made = [
        renderer.stills(
            prints=prints,
            colour=colour,
            azimuths=[view.azimuth for view in views],
            size=size,
            background=None,
        )
        for renderer in renderers
    ]
    yield from zip(views, *made, strict=True)


def run(arguments: argparse.Namespace) -> None:
    """Prints a line for every view as it comes."""
    template = load(arguments.template)
    design = read_design(arguments.design)
    where = Preset(arguments.preset)
    art = resolve(width=design.width, height=design.height, where=where, template=template)
    colour = Colour.parse(arguments.color, named=template.colours)
    views = [view for view in template.views if not arguments.view or view.name in arguments.view]
    settings = Settings.read()
    folder = ROOT / "out" / "against-cycles"
    folder.mkdir(parents=True, exist_ok=True)
    with Blender(
        find_blender(settings.blender), device=settings.blender_device, threads=settings.threads
    ) as blender:
        renderers = (Renderer(template), CyclesRenderer(template, blender=blender, samples=arguments.samples))
        prints = [Print(art=art, design=design)]
        for view, ours, theirs in pairs(views, prints, colour, arguments.size, renderers):
            found = compare(view.name, ours, theirs)
            print(f"{found.view:18} IoU {found.overlap:.4f}  {found.decibels:.1f} dB  SSIM {found.ssim:.4f}")
            row = np.hstack([over(picture, BACKGROUND) for picture in (ours, theirs)])
            cv2.imwrite(str(folder / f"{view.name}.png"), cv2.cvtColor(row, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", default="tee")
    parser.add_argument("--design", type=Path, default=ROOT / "bench" / "designs" / "lines.png")
    parser.add_argument("--preset", default="chest-large")
    parser.add_argument("--color", default="white")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--view", action="append", help="only this view; repeatable")
    run(parser.parse_args())
