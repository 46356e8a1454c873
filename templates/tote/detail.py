"""Stitches and relief over the atlas: `templates/tote/detail.py` writes build/detail.png and height.png."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from params import BUILD, CUT, DETAIL, HERE, Detail
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from tirage.authoring.source import Source

F64 = NDArray[np.float64]
FAR = 9.0  # cm from a row of stitches: none of it
REACH = 0.9  # cm that a panel's detail goes on beyond it, for filtering and borders


@dataclass(frozen=True, slots=True)
class Field:
    """The part of a map around one panel: panel coordinates x, y (cm) of its pixels and where it lies."""

    x: F64
    y: F64
    rows: slice
    columns: slice
    px_per_cm: float


def field(
    origin: tuple[float, float], box: tuple[float, float, float, float], size: int, atlas: float
) -> Field:
    """The pixels of a map that show a panel's box (left, top, right, bottom)."""
    s = size / atlas
    low = np.floor((np.array(box[:2]) + origin - REACH) * s).astype(int).clip(0, size)
    high = np.ceil((np.array(box[2:]) + origin + REACH) * s).astype(int).clip(0, size)
    x, y = np.meshgrid((np.arange(low[0], high[0]) + 0.5) / s, (np.arange(low[1], high[1]) + 0.5) / s)
    return Field(x - origin[0], y - origin[1], slice(low[1], high[1]), slice(low[0], high[0]), s)


def bell(d: F64, sigma: float) -> F64:
    """A bell of height 1."""
    return np.exp(-((d / sigma) ** 2) / 2)


def stitches(along: F64, off: F64, p: Detail) -> F64:
    """0 … 1: a row of threads on the line off = 0, sunk in at their ends."""
    phase = np.mod(along / p.pitch, 1.0)
    return np.asarray(expit((0.38 - np.abs(phase - 0.5)) / 0.035) * bell(off, 0.034))


def holes(along: F64, off: F64, p: Detail) -> F64:
    """0 … 1: where the needle went in."""
    phase = np.mod(along / p.pitch + 0.5, 1.0) - 0.5
    return np.asarray(bell(np.hypot(phase * p.pitch, off * 1.2), 0.04))


def body_rows(f: Field, p: Detail) -> list[tuple[F64, F64]]:
    """(along, off) of the rows of stitches on front and back."""
    return [(f.x, f.y - row) for row in p.hem_rows]


def handle_rows(f: Field, p: Detail) -> list[tuple[F64, F64]]:
    """Along both edges, and a crossed box at each end."""
    rows = [(f.y, f.x - side * p.handle_edge) for side in (-1, 1)]
    for start, way in ((p.box[0], 1.0), (CUT.handle_length - p.box[0], -1.0)):
        y = (f.y - start) * way
        high, half = p.box[1], p.handle_edge
        inside = (y > -0.05) & (y < high + 0.05)
        rows += [(f.x, y), (f.x, y - high)]
        slope = np.hypot(2 * half, high)
        for sign in (-1, 1):
            off = (f.x * sign * high + 2 * half * (high / 2 - y)) / slope
            rows.append((np.hypot(f.x, y - high / 2) * np.sign(y - high / 2), np.where(inside, off, FAR)))
    return rows


def thread_maps(f: Field, *, handle: bool, p: Detail) -> tuple[F64, F64]:
    """Threads and needle holes of a panel, 0 … 1."""
    rows = handle_rows(f, p) if handle else body_rows(f, p)
    thread = np.max([stitches(along, off, p) for along, off in rows], axis=0)
    hole = np.max([holes(along, off, p) for along, off in rows], axis=0)
    return thread, hole


def albedo(f: Field, *, handle: bool, p: Detail) -> F64:
    """The factor on the canvas's colour."""
    thread, hole = thread_maps(f, handle=handle, p=p)
    dark = p.hole_dark * hole + p.thread_dark * thread
    if handle:
        dark = dark + 0.10 * bell(np.abs(f.x) - CUT.handle_width / 2, 0.06)
    else:
        dark = dark + 0.12 * bell(CUT.width / 2 - np.abs(f.x), 0.07) + 0.05 * bell(CUT.height - f.y, 0.07)
        dark = dark + 0.05 * bell(f.y - CUT.hem, 0.05)
    return np.asarray(1 - np.clip(dark, 0, 0.5))


def height(f: Field, *, handle: bool, p: Detail, rng: np.random.Generator) -> F64:
    """Millimetres: sunk stitches, the hem's step, seams, and the crumple of canvas that was folded."""
    noise = [gaussian_filter(rng.normal(size=f.x.shape), s * f.px_per_cm) for s in (0.22, 0.8, 2.2)]
    fine, middle, wide = (n / n.std() for n in noise)
    rows = handle_rows(f, p) if handle else body_rows(f, p)
    groove = np.max([bell(off, 0.13) for _, off in rows], axis=0)
    pucker = np.max([bell(off, 0.45) for _, off in rows], axis=0)
    mm = -p.groove_mm * groove + p.pucker_mm * fine * pucker
    if handle:
        return np.asarray(mm - 0.35 * bell(np.abs(f.x) - CUT.handle_width / 2, 0.12) + 0.05 * middle)
    seam = np.minimum(CUT.width / 2 - np.abs(f.x), CUT.height - f.y)
    folds = p.crumple_mm * wide + 0.35 * p.crumple_mm * middle * (0.4 + np.abs(wide))
    mm = mm + folds * np.clip(seam / 3, 0.25, 1) * np.clip((f.y - CUT.hem) / 2, 0.25, 1)
    mm = mm + p.pucker_mm * 1.6 * fine * np.exp(-np.maximum(seam, 0) / 0.7) - 0.2 * bell(seam, 0.16)
    return np.asarray(mm + p.hem_mm * expit((CUT.hem - f.y) / 0.07) + creases(f, p, rng))


def wave(rng: np.random.Generator, at: F64, length: float) -> F64:
    """Smooth noise along a line, of unit deviation; `length` is its usual wave's, cm."""
    pitch = 2 * np.pi / (length * rng.uniform(0.6, 1.8, 7))
    phase = rng.uniform(0, 2 * np.pi, 7)
    return np.asarray(sum(np.cos(k * at + p) for k, p in zip(pitch, phase, strict=True)) / np.sqrt(3.5))


def creases(f: Field, p: Detail, rng: np.random.Generator) -> F64:
    """The bag lay folded once each way: ridges that wander, and that washed out here and there."""
    total = np.zeros(f.x.shape)
    for across, along, middle in ((f.x, f.y, 0.7), (f.y, f.x, 0.54 * CUT.height)):
        off = np.abs(across - middle - p.crease_wander * wave(rng, along, 16.0))
        left = np.clip(0.3 + 0.5 * wave(rng, along, 10.0), 0, 1)
        total += left * np.exp(-off / 0.35)
    return np.asarray(p.crease_mm * total)


def main() -> None:
    """Write both maps."""
    BUILD.mkdir(exist_ok=True)
    description = Source.open(HERE).description
    rng = np.random.default_rng(DETAIL.seed)
    half, grip = CUT.width / 2, CUT.handle_width / 2
    factor = np.ones((DETAIL.albedo_px,) * 2)
    relief = np.zeros((DETAIL.height_px,) * 2)
    for panel in description["panels"]:
        handle = panel["name"].startswith("handle")
        box = (-grip, 0.0, grip, CUT.handle_length) if handle else (-half, 0.0, half, CUT.height)
        f = field(panel["origin"], box, DETAIL.albedo_px, description["atlas_cm"])
        factor[f.rows, f.columns] = albedo(f, handle=handle, p=DETAIL)
        f = field(panel["origin"], box, DETAIL.height_px, description["atlas_cm"])
        relief[f.rows, f.columns] = height(f, handle=handle, p=DETAIL, rng=rng)
    code = np.clip(relief / description["height_range_mm"] + 0.5, 0, 1)
    cv2.imwrite(
        str(BUILD / "detail.png"), np.rint(factor * 255).astype(np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 9]
    )
    cv2.imwrite(str(BUILD / "height.png"), np.rint(code * 65535).astype(np.uint16))


if __name__ == "__main__":
    main()
