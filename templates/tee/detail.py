"""Detail maps over the atlas: `python templates/tee/detail.py` writes build/detail.png and height.png.
Stitches and rib darken the albedo at 32 px/cm; seams, hems and puckers are soft relief for the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from collar import WIDE
from facings import ROLL_RUN, TURNED
from finish import load
from numpy.typing import NDArray
from params import (
    ATLAS_CM,
    BUILD,
    DATA,
    DETAIL,
    FINISH,
    HEM_STRIPS,
    ORIGINS,
    PATTERN,
    PRINT_AREAS,
    DetailParams,
)
from pattern import Panel, Pattern, build
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from scipy.special import expit
from trims import TAPE
from wrinkles import Strain, strain_of, wrinkles

Map = NDArray[np.float64]
MOST_DARK = 0.66
COLLAR_RUN = 5.0  # cm of rib from its seam over the fold and down to its seam
SEAMS = ("shoulder", "arm", "side", "cap", "under")
ALLOWANCES: dict[str, tuple[tuple[str, str], ...]] = {  # borders to whose side a seam's allowance is pressed
    "back": (("shoulder", "LR"), ("side", "LR")),
    "sleeve-left": (("cap", "LR"), ("under", "R")),
    "sleeve-right": (("cap", "LR"), ("under", "L")),
}
REACH = 1.5  # cm that a panel's detail goes on outside its outline, for filtering and for rims


@dataclass(frozen=True, slots=True)
class Patch:
    """The part of a map around one panel: its pixels' panel coordinates x, y (cm) and where it lies."""

    panel: Panel
    x: Map
    y: Map
    rows: slice
    columns: slice
    px_per_cm: float

    def near(self, *borders: str, side: str = "LR", reach: float = REACH) -> tuple[Map, Map]:
        """Distance in cm to the named borders, and the way along them to the nearest point; 99 and 0 beyond
        `reach`."""
        lines = [
            self.panel.points[ids]
            for (name, of), ids in sorted(self.panel.borders.items())
            if name in borders and of in side
        ]
        distance, along = np.full(self.x.shape, 99.0), np.zeros(self.x.shape)
        if lines:
            points, run = _sampled(lines)
            near = self._around(lines, reach)
            d, i = cKDTree(points).query(
                np.stack([self.x[near], self.y[near]], -1), distance_upper_bound=reach
            )
            found = np.isfinite(d)
            near[near] = found
            distance[near], along[near] = d[found], run[i[found]]
        return distance, along

    def _around(self, lines: list[Map], reach: float) -> NDArray[np.bool_]:
        """The pixels within at least `reach` cm of polylines (n, 2): few, so that few are measured."""
        mask = np.zeros(self.x.shape, np.uint8)
        corner = np.array([self.x[0, 0], self.y[0, 0]])
        pixels = [np.rint((line - corner) * self.px_per_cm).astype(np.int32) for line in lines]
        cv2.polylines(mask, pixels, isClosed=False, color=1, thickness=int(2 * reach * self.px_per_cm) + 8)
        return mask > 0


def _sampled(lines: list[NDArray[np.float64]], step: float = 0.02) -> tuple[Map, Map]:
    """Points every `step` cm on polylines (n, 2), and how far along all of them they lie."""
    points, runs, start = [], [], 0.0
    for line in lines:
        s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
        t = np.arange(0, s[-1], step)
        points.append(np.stack([np.interp(t, s, line[:, k]) for k in (0, 1)], 1))
        runs.append(start + t)
        start += s[-1]
    return np.concatenate(points), np.concatenate(runs)


def patches(pattern: Pattern, size: int) -> list[Patch]:
    """One patch per panel for a square map of `size` pixels."""
    s = size / ATLAS_CM
    result = []
    for q in pattern.panels:
        origin = np.array(ORIGINS[q.name])
        collar = q.name.startswith("collar")
        over = [0.0, COLLAR_RUN - PATTERN.collar_width] if collar else [0.0, 0.0]
        wide = np.array([WIDE if collar else 1.0, 1.0])
        low = np.floor(((q.points.min(0) - over) * wide + origin - REACH) * s).astype(int).clip(0, size)
        high = np.ceil((q.points.max(0) * wide + origin + REACH) * s).astype(int).clip(0, size)
        x = ((np.arange(low[0], high[0]) + 0.5) / s - origin[0]) / wide[0]
        y = (np.arange(low[1], high[1]) + 0.5) / s - origin[1]
        grid = np.meshgrid(x, y)
        result.append(Patch(q, grid[0], grid[1], slice(low[1], high[1]), slice(low[0], high[0]), s))
    return result


def albedo(p: DetailParams = DETAIL) -> NDArray[np.uint8]:
    """(size, size) 8-bit factor on the cloth's colour, 255 = plain."""
    rng = np.random.default_rng(p.seed)
    result = np.ones((p.albedo_px, p.albedo_px))
    for patch in patches(build(), p.albedo_px):
        dark = (_rib_dark if _is_collar(patch) else _cloth_dark)(patch, p, rng)
        result[patch.rows, patch.columns] = 1 - np.minimum(dark, MOST_DARK)
    for strip in (*_hem_strips(p), _tape_strip()):
        _lay(result, strip, p.albedo_px / ATLAS_CM)
    return np.round(result * 255).astype(np.uint8)


def height(p: DetailParams = DETAIL) -> NDArray[np.uint16]:
    """(size, size) 16-bit relief, mm = (value / 65535 - .5) · height_range_mm."""
    rng = np.random.default_rng(p.seed)
    result, strains = np.zeros((p.height_px, p.height_px)), strain_of(load(DATA / "drape.npz"))
    for patch in patches(build(), p.height_px):
        collar = _is_collar(patch)
        mm = (
            _collar_height(patch, p, rng)
            if collar
            else _cloth_height(patch, p, rng, strains[patch.panel.name])
        )
        result[patch.rows, patch.columns] = mm
    return np.round(np.clip(result / p.height_range_mm + 0.5, 0, 1) * 65535).astype(np.uint16)


def _is_collar(patch: Patch) -> bool:
    return patch.panel.name.startswith("collar")


def _noise(rng: np.random.Generator, patch: Patch, sigma_cm: float) -> Map:
    """Smooth noise of unit deviation."""
    n = gaussian_filter(rng.normal(size=patch.x.shape), sigma_cm * patch.px_per_cm)
    return np.asarray(n / n.std())


def _ripple(rng: np.random.Generator, along: Map, sigma_cm: float) -> Map:
    """Noise of unit deviation that depends on the way along a seam alone: ridges across it."""
    step = sigma_cm / 8
    line = gaussian_filter(rng.normal(size=int(400 / step)), 8.0)
    return np.asarray(np.interp(along + 100, np.arange(len(line)) * step, line / line.std()))


def _bell(d: Map, sigma: float | Map) -> Map:
    return np.asarray(np.exp(-((d / sigma) ** 2) / 2))


def _above_hem(patch: Patch) -> Map:
    return np.asarray(PATTERN.hem_y[patch.panel.name] - patch.y)


def _stitches(along: Map, d: Map, p: DetailParams) -> Map:
    """Darkness of one row of thread on the line d = 0, whose lower side is d < 0: needle holes, shade that
    the thread casts downwards, the groove it is pulled into, and its own twist."""
    phase = np.mod(along / p.stitch_pitch, 1.0) - 0.5
    hole = np.exp(-(((np.abs(phase) - 0.5) * p.stitch_pitch / 0.035) ** 2)) * _bell(d, 0.04)
    over = np.clip((0.5 - np.abs(phase)) * p.stitch_pitch / 0.04, 0, 1)
    below, above = _bell(d + p.thread + 0.026, 0.025), _bell(d - p.thread - 0.018, 0.018)
    twist = np.cos(2 * np.pi * (along / p.twist + d / p.thread / 3)) * _bell(d, 0.6 * p.thread)
    thread = over * (0.75 * below + 0.4 * above + 0.12 * twist * (twist > 0))
    return np.asarray(p.stitch_dark * (hole + thread) + 0.05 * _bell(d, 0.1))


def _cloth_dark(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    hem = _above_hem(patch)
    seam, run = patch.near(*SEAMS)
    neck, along = patch.near("neck")
    deep = 1 + 0.4 * _ripple(rng, run, 0.3)
    dark = 0.17 * deep * _bell(seam, 0.032) + 0.04 * _bell(seam, 0.12)
    dark += 0.20 * _bell(neck, 0.05) + 0.06 * _bell(neck, 0.18)
    for row in p.hem_rows:
        wander = 0.012 * _ripple(rng, patch.x, 0.7)
        dark += _stitches(patch.x + 0.012 * _ripple(rng, patch.x, 0.3), hem - row + wander, p)
    for row in p.collar_rows:
        dark += _stitches(along + 0.012 * _ripple(rng, along, 0.3), row - neck, p)
    return dark


def _ribs(patch: Patch, p: DetailParams) -> tuple[Map, Map, Map]:
    """1 × 1 rib across the strip: distance from a valley, 0 to .5 on a rib; the rib's number; and how far it
    is stretched. Stretched, ribs lie apart and their valleys are wide and light; else they close."""
    rng = np.random.default_rng([p.seed, 1])
    half = patch.panel.points[:, 0].max()
    count = round(2 * half * p.rib_per_cm)
    wave = (patch.x + half) * count / (2 * half)
    calm = np.clip((half - np.abs(patch.x)) / 0.5, 0, 1)  # both halves' ends meet in a valley
    wave = wave + calm * (0.16 * _ripple(rng, patch.x, 0.45) + 0.045 * _ripple(rng, patch.y * 1.0, 0.6))
    stretched = 0.8 * _ripple(rng, patch.x, 1.6) + 0.7 * _ripple(rng, patch.x, 0.35)
    return np.abs(np.mod(wave + 0.5, 1.0) - 0.5), np.round(wave), stretched.clip(-1.2, 1.2)


def _rib_dark(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    side, number, stretched = _ribs(patch, p)
    deep = 1 + 0.32 * _ripple(rng, number * 0.23, 0.12) + 0.12 * _ripple(rng, patch.y, 0.25)
    dark = p.rib_dark * deep * (1 - 0.25 * stretched) * _bell(side, 0.12 * (1 + 0.35 * stretched))
    return np.asarray(dark + 0.07 * _bell(side, 0.25) + 0.2 * _bell(patch.y, 0.06))


def _cloth_height(patch: Patch, p: DetailParams, rng: np.random.Generator, strain: Strain) -> Map:
    """Millimetres: wrinkles, seams and hems with their puckers, and the crumple of washed cotton."""
    crumple = p.crumple_mm * _noise(rng, patch, p.crumple_cm)
    hem = _above_hem(patch)
    neck, around = patch.near("neck", reach=5.0)
    calm = np.clip(neck / 5, 0.1, 1)
    mm = crumple * np.clip(np.minimum(hem, neck) / 4, 0.2, 1) + 0.03 * _noise(rng, patch, 0.25)
    calm *= np.clip((hem - 1) / 2.5, 0.15, 1) * np.clip(1 - _into_print_area(patch) / 5, 0.1, 1)
    mm += p.wrinkles * calm * wrinkles(strain, patch.x, patch.y, rng)
    seam, run = patch.near(*SEAMS)
    for d, along in ((seam, run), (neck, around)):
        mm -= p.seam_depth_mm * _bell(d, p.seam_sigma)
        mm += _puckers(rng, d, along, p)
    for name, side in ALLOWANCES.get(patch.panel.name, ()):
        mm += _allowance(rng, *patch.near(name, side=side), p)
    mm += 0.5 * p.allowance_mm * _bell(neck - 0.42, 0.2)
    return mm + _hem_height(patch, hem, seam, p, rng)


def _into_print_area(patch: Patch) -> Map:
    """Distance in cm to the print area's border from inside; outside it is negative. Prints hang smooth."""
    area = PRINT_AREAS[patch.panel.name]
    assert area is not None  # collars have a relief of their own
    left, top, right, bottom = area
    across = np.minimum(patch.x - left, right - patch.x)
    return np.asarray(np.minimum(across, np.minimum(patch.y - top, bottom - patch.y)))


def _puckers(rng: np.random.Generator, d: Map, along: Map, p: DetailParams) -> Map:
    """Short gathers square to a seam, in bursts; each of its own depth."""
    bursts = np.clip(0.75 + 0.55 * _ripple(rng, along, 2.4), 0.1, 1.8)
    gather = _ripple(rng, along + 0.25 * d, 0.22) + 0.6 * _ripple(rng, along - 0.2 * d, 0.5)
    fade = np.exp(-d / 0.6) * np.clip(d / 0.12, 0, 1) * np.clip(REACH - d, 0, 1)
    return np.asarray(p.pucker_mm * bursts * gather * fade)


def _allowance(rng: np.random.Generator, d: Map, along: Map, p: DetailParams) -> Map:
    """The ridge on that side of a seam to which its allowance is pressed."""
    width = p.allowance_cm * (1 + 0.07 * _ripple(rng, along, 0.8))
    high = p.allowance_mm * (1 + 0.25 * _ripple(rng, along, 0.6))
    return np.asarray(high * expit((width - d) / 0.05) * expit((d - 0.1) / 0.03))


def _hem_height(patch: Patch, hem: Map, seam: Map, p: DetailParams, rng: np.random.Generator) -> Map:
    """A hem's fold, needle grooves, roping and puckers, and the lumps where seams cross it."""
    folded = expit((FINISH.hem_cm - hem) / 0.06)
    mm = 0.35 * folded + p.lump_mm * folded * expit((p.allowance_cm - seam) / 0.08)
    for row in p.hem_rows:
        mm -= p.needle_depth_mm * (1 + 0.2 * _ripple(rng, patch.x, 0.5)) * _bell(hem - row, 0.11)
    neck, _ = patch.near("neck")
    for row in p.collar_rows:
        mm -= 0.6 * p.needle_depth_mm * _bell(neck - row, 0.11)
    middle = sum(p.hem_rows) / 2
    slant = patch.x + 0.8 * (
        hem - middle
    )  # the fold is fed faster than what lies under it: it turns like rope
    uneven = np.clip(0.8 + 0.5 * _ripple(rng, patch.x, 3.0), 0.15, 1.6)
    mm += p.pucker_mm * uneven * _ripple(rng, slant, 0.2) * _bell(hem - middle, 0.3)
    mm += p.roping_mm * uneven * _ripple(rng, slant, 0.45) * _bell(hem - 0.75, 0.4)
    mm += p.pucker_mm * _ripple(rng, patch.x, 0.34) * np.exp(-np.abs(hem - middle - 0.35) / 0.8)
    return np.asarray(mm)


def _collar_height(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    """Millimetres: ribs, the groove at the seam, and the unevenness of both."""
    side, _, stretched = _ribs(patch, p)
    ribs = -p.rib_mm * (1 - 0.3 * stretched) * np.cos(2 * np.pi * side)
    groove = -p.seam_depth_mm * _bell(patch.y, p.seam_sigma)
    return np.asarray(ribs + groove + 0.09 * _ripple(rng, patch.x, 0.35) + 0.04 * _noise(rng, patch, 0.3))


@dataclass(frozen=True, slots=True)
class _Strip:
    """Stitched ribbon in the atlas: upper left corner and size in cm, and where its rows of stitches run."""

    origin: tuple[float, float]
    length: float
    width: float
    rows: tuple[float, ...]


def _hem_strips(p: DetailParams) -> list[_Strip]:
    """The turned hems, whose inside shows the other end of the needle rows."""
    x, y = ORIGINS["facings"]
    rows = tuple(ROLL_RUN + row for row in p.hem_rows)
    return [_Strip((x + dx, y + dy), length, ROLL_RUN + TURNED[-1], rows) for dx, dy, length in HEM_STRIPS]


def _tape_strip() -> _Strip:
    x, y = ORIGINS["tape"]
    return _Strip((x - 14, y), 28.0, TAPE[-1] - TAPE[0], (0.14, TAPE[-1] - TAPE[0] - 0.14))


def _lay(result: Map, strip: _Strip, scale: float, p: DetailParams = DETAIL) -> None:
    (x, y), margin = strip.origin, 0.3
    rows = slice(int((y - margin) * scale), int((y + strip.width + margin) * scale))
    columns = slice(int(max(x - margin, 0) * scale), int((x + strip.length + margin) * scale))
    column, row = np.meshgrid(
        (np.arange(columns.start, columns.stop) + 0.5) / scale - x,
        (np.arange(rows.start, rows.stop) + 0.5) / scale - y,
    )
    dark = sum(_stitches(column, row - stitch, p) for stitch in strip.rows)
    result[rows, columns] = 1 - np.minimum(dark, MOST_DARK)


def main() -> None:
    """Write both maps."""
    BUILD.mkdir(exist_ok=True)
    cv2.imwrite(str(BUILD / "detail.png"), albedo(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cv2.imwrite(str(BUILD / "height.png"), height())


if __name__ == "__main__":
    main()
