"""Detail maps over the atlas: `python templates/tee/detail.py` writes build/detail.png and height.png.
Stitches and rib darken the albedo at 32 px/cm; seams, hems and puckers are soft relief for the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from facings import ROLL, STRIP_X, STRIP_Y
from numpy.typing import NDArray
from params import ATLAS_CM, BUILD, DETAIL, FINISH, ORIGINS, PATTERN, DetailParams
from pattern import Panel, Pattern, build
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from scipy.special import expit
from trims import TAPE

Map = NDArray[np.float64]
COLLAR_RUN = 4.6  # cm of rib from its seam over the fold and down to its seam
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

    def near(self, *borders: str, reach: float = REACH) -> tuple[Map, Map]:
        """Distance in cm to the named borders of either side, and the way along them to the nearest point;
        99 and 0 beyond `reach`."""
        lines = [
            self.panel.points[ids]
            for (name, side), ids in sorted(self.panel.borders.items())
            if name in borders
        ]
        distance, along = np.full(self.x.shape, 99.0), np.zeros(self.x.shape)
        if lines:
            points, run = _sampled(lines)
            grid = np.stack([self.x, self.y], -1)
            d, i = cKDTree(points).query(grid.reshape(-1, 2), distance_upper_bound=reach)
            found = np.isfinite(d).reshape(self.x.shape)
            distance[found], along[found] = d[found.ravel()], run[i[found.ravel()]]
        return distance, along


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
        over = [0.0, COLLAR_RUN - PATTERN.collar_width] if q.name.startswith("collar") else [0.0, 0.0]
        low = np.floor((q.points.min(0) - over + origin - REACH) * s).astype(int).clip(0, size)
        high = np.ceil((q.points.max(0) + origin + REACH) * s).astype(int).clip(0, size)
        x = (np.arange(low[0], high[0]) + 0.5) / s - origin[0]
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
        result[patch.rows, patch.columns] = 1 - np.minimum(dark, 0.45)
    for strip in (*_hem_strips(p), _tape_strip()):
        _lay(result, strip, p.albedo_px / ATLAS_CM)
    return np.round(result * 255).astype(np.uint8)


def height(p: DetailParams = DETAIL) -> NDArray[np.uint16]:
    """(size, size) 16-bit relief, mm = (value / 65535 - .5) · height_range_mm."""
    rng = np.random.default_rng(p.seed)
    result = np.zeros((p.height_px, p.height_px))
    for patch in patches(build(), p.height_px):
        mm = (_collar_height if _is_collar(patch) else _cloth_height)(patch, p, rng)
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


def _bell(d: Map, sigma: float) -> Map:
    return np.exp(-((d / sigma) ** 2) / 2)


def _above_hem(patch: Patch) -> Map:
    return np.asarray(PATTERN.hem_y[patch.panel.name] - patch.y)


def _stitches(along: Map, d: Map, p: DetailParams) -> Map:
    """Darkness of one row on the line d = 0: holes, the shade beside the thread, its groove."""
    phase = np.mod(along / p.stitch_pitch, 1.0) - 0.5
    hole = np.exp(-((phase * p.stitch_pitch / 0.03) ** 2)) * _bell(d, 0.028)
    sides = _bell(np.abs(d) - p.thread - 0.015, 0.016) * np.cos(phase * np.pi) ** 2
    return np.asarray(p.stitch_dark * (0.7 * hole + 0.6 * sides) + 0.04 * _bell(d, 0.09))


def _cloth_dark(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    hem = _above_hem(patch)
    seam, _ = patch.near("shoulder", "arm", "side", "cap", "under")
    neck, along = patch.near("neck")
    dark = 0.15 * _bell(seam, 0.045) + 0.045 * _bell(seam, 0.16)
    dark += 0.20 * _bell(neck, 0.05) + 0.06 * _bell(neck, 0.18)
    for row in p.hem_rows:
        dark += _stitches(patch.x + 0.01 * _ripple(rng, patch.x, 0.3), hem - row, p)
    for row in p.collar_rows:
        dark += _stitches(along + 0.01 * _ripple(rng, along, 0.3), neck - row, p)
    return dark


def _rib_dark(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    """1 × 1 rib: broad round ribs and narrow dark valleys across the strip, and the shade of the seam."""
    half = patch.panel.points[:, 0].max()
    count = round(2 * half * p.rib_per_cm)
    wave = (patch.x + half) * count / (2 * half)
    calm = np.clip((half - np.abs(patch.x)) / 0.5, 0, 1)  # both halves' ends meet in a valley
    wave = wave + calm * (0.05 * _ripple(rng, patch.x, 0.5) + 0.035 * _ripple(rng, patch.y * 1.0, 0.6))
    side = np.abs(np.mod(wave + 0.5, 1.0) - 0.5)  # 0 in a valley, .5 on a rib
    deep = 1 + 0.18 * _ripple(rng, np.round(wave) * 0.23, 0.12)
    dark = p.rib_dark * deep * _bell(side, 0.12) + 0.07 * _bell(side, 0.25)
    return np.asarray(dark + 0.2 * _bell(patch.y, 0.06))


def _cloth_height(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    """Millimetres: seams, the step, needle grooves and puckers of hems, and the crumple of washed cotton."""
    hem = _above_hem(patch)
    seam, run = patch.near("shoulder", "arm", "side", "cap", "under")
    neck, around = patch.near("neck", reach=4.0)
    crumple = p.crumple_mm * _noise(rng, patch, p.crumple_cm)
    mm = crumple * np.clip(np.minimum(hem, neck) / 4, 0.2, 1) + 0.03 * _noise(rng, patch, 0.25)
    for d, along in ((seam, run), (neck, around)):
        mm -= p.seam_depth_mm * _bell(d, p.seam_sigma)
        mm += 0.35 * p.seam_depth_mm * _bell(d - 0.42, 0.17)
        mm += (
            p.pucker_mm
            * _ripple(rng, along, 0.22)
            * np.exp(-d / 0.55)
            * np.clip(d / 0.12, 0, 1)
            * np.clip(REACH - d, 0, 1)
        )
    mm += 0.35 * expit((FINISH.hem_cm - hem) / 0.06)
    for row in p.hem_rows:
        mm -= p.needle_depth_mm * _bell(hem - row, 0.11)
    for row in p.collar_rows:
        mm -= 0.6 * p.needle_depth_mm * _bell(neck - row, 0.11)
    middle = sum(p.hem_rows) / 2
    slant = patch.x + 0.35 * (hem - middle)  # both needles pull a little to one side
    mm += p.pucker_mm * _ripple(rng, slant, 0.2) * _bell(hem - middle, 0.3)
    mm += p.pucker_mm * _ripple(rng, patch.x, 0.34) * np.exp(-np.abs(hem - middle - 0.35) / 0.8)
    return np.asarray(mm)


def _collar_height(patch: Patch, p: DetailParams, rng: np.random.Generator) -> Map:
    """Millimetres: the groove at the seam and the unevenness of the rib."""
    groove = -p.seam_depth_mm * _bell(patch.y, p.seam_sigma)
    return np.asarray(groove + 0.06 * _ripple(rng, patch.x, 0.35) + 0.03 * _noise(rng, patch, 0.25))


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
    rows = tuple(np.pi * ROLL + row for row in p.hem_rows)
    lengths = (115.0, 37.0, 37.0)
    return [
        _Strip((x + dx, y + dy), length, 2.6, rows)
        for dx, dy, length in zip(STRIP_X, STRIP_Y, lengths, strict=True)
    ]


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
    result[rows, columns] = 1 - np.minimum(dark, 0.45)


def main() -> None:
    """Write both maps."""
    BUILD.mkdir(exist_ok=True)
    cv2.imwrite(str(BUILD / "detail.png"), albedo(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cv2.imwrite(str(BUILD / "height.png"), height())


if __name__ == "__main__":
    main()
