"""Detail maps over the atlas: `python templates/tee/detail.py` writes build/detail.png and height.png.
Stitches and rib darken the albedo at 32 px/cm; seams, hems and puckers are soft relief for the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from params import ATLAS_CM, BUILD, DETAIL, FINISH, ORIGINS, PATTERN, DetailParams
from pattern import Panel, Pattern, build
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.special import expit

Map = NDArray[np.float64]
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

    def distance(self, *borders: str) -> Map:
        """Distance in cm to the named borders of either side; large where the panel has none of them."""
        mask = np.ones(self.x.shape, np.uint8)
        for (name, _), ids in self.panel.borders.items():
            if name in borders:
                line = self.panel.points[ids] - [self.x[0, 0], self.y[0, 0]]
                fixed = np.round(line * self.px_per_cm * 16).astype(np.int32)
                cv2.polylines(mask, [fixed[:, None]], False, 0, 1, cv2.LINE_8, 4)
        if mask.all():
            return np.full(self.x.shape, 99.0)
        return np.asarray(distance_transform_edt(mask)) / self.px_per_cm


def patches(pattern: Pattern, size: int) -> list[Patch]:
    """One patch per panel for a square map of `size` pixels."""
    s = size / ATLAS_CM
    result = []
    for q in pattern.panels:
        origin = np.array(ORIGINS[q.name])
        low = np.floor((q.points.min(0) + origin - REACH) * s).astype(int).clip(0, size)
        high = np.ceil((q.points.max(0) + origin + REACH) * s).astype(int).clip(0, size)
        x = (np.arange(low[0], high[0]) + 0.5) / s - origin[0]
        y = (np.arange(low[1], high[1]) + 0.5) / s - origin[1]
        grid = np.meshgrid(x, y)
        result.append(Patch(q, grid[0], grid[1], slice(low[1], high[1]), slice(low[0], high[0]), s))
    return result


def albedo(p: DetailParams = DETAIL) -> NDArray[np.uint8]:
    """(size, size) 8-bit factor on the cloth's colour, 255 = plain."""
    result = np.ones((p.albedo_px, p.albedo_px))
    for patch in patches(build(), p.albedo_px):
        factor = _collar_albedo(patch, p) if _is_collar(patch) else _cloth_albedo(patch, p)
        result[patch.rows, patch.columns] = factor
    return np.round(result * 255).astype(np.uint8)


def height(p: DetailParams = DETAIL) -> NDArray[np.uint16]:
    """(size, size) 16-bit relief, mm = (value / 65535 - .5) · height_range_mm."""
    rng = np.random.default_rng(p.seed)
    result = np.zeros((p.height_px, p.height_px))
    for patch in patches(build(), p.height_px):
        fine = _noise(rng, patch, 0.25)
        wide = _noise(rng, patch, p.crumple_cm)
        mm = _collar_height(patch, p, fine) if _is_collar(patch) else _cloth_height(patch, p, fine, wide)
        result[patch.rows, patch.columns] = mm
    return np.round(np.clip(result / p.height_range_mm + 0.5, 0, 1) * 65535).astype(np.uint16)


def _is_collar(patch: Patch) -> bool:
    return patch.panel.name.startswith("collar")


def _noise(rng: np.random.Generator, patch: Patch, sigma_cm: float) -> Map:
    """Smooth noise of unit deviation."""
    n = gaussian_filter(rng.normal(size=patch.x.shape), sigma_cm * patch.px_per_cm)
    return np.asarray(n / n.std())


def _bell(d: Map, sigma: float) -> Map:
    return np.exp(-((d / sigma) ** 2) / 2)


def _above_hem(patch: Patch) -> Map:
    return np.asarray(PATTERN.hem_y[patch.panel.name] - patch.y)


def _stitches(along: Map, d: Map, p: DetailParams) -> Map:
    """0 … 1: a row of short slanted dashes on the line d = 0."""
    phase = np.mod((along + 0.35 * d) / p.stitch_pitch, 1.0)
    dash = expit((0.36 - np.abs(phase - 0.5)) / 0.04)
    return np.asarray(dash * _bell(d, 0.032))


def _cloth_albedo(patch: Patch, p: DetailParams) -> Map:
    dark = np.zeros_like(patch.x)
    hem = _above_hem(patch)
    for row in p.hem_rows:
        dark = np.maximum(dark, p.stitch_dark * _stitches(patch.x, hem - row, p))
        dark += 0.03 * _bell(hem - row, 0.07)
    dark += 0.10 * _bell(patch.distance("shoulder", "arm", "side", "cap", "under"), 0.05)
    neck = patch.distance("neck")
    dark += 0.12 * _bell(neck, 0.06)
    angle = np.arctan2(patch.x, 6.0 - patch.y) * 10.0  # runs along the neckline at its pace
    for row in p.collar_rows:
        dark = np.maximum(dark, p.stitch_dark * _stitches(angle, neck - row, p))
        dark += 0.03 * _bell(neck - row, 0.07)
    return np.asarray(1 - np.minimum(dark, 0.35))


def _collar_albedo(patch: Patch, p: DetailParams) -> Map:
    """1 × 1 rib: dark furrows across the strip, and the shade of the seam."""
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * p.rib_per_cm * patch.x)
    dark = p.rib_dark * wave**2
    return np.asarray(1 - dark - 0.12 * _bell(patch.y, 0.06))


def _cloth_height(patch: Patch, p: DetailParams, fine: Map, wide: Map) -> Map:
    """Millimetres: seam grooves, the step and puckers of hems, and the crumple of washed cotton."""
    hem = _above_hem(patch)
    seam = patch.distance("shoulder", "arm", "side", "cap", "under")
    neck = patch.distance("neck")
    mm = p.crumple_mm * wide * np.clip(np.minimum(hem, neck) / 4, 0.2, 1)
    mm -= p.seam_depth_mm * _bell(seam, p.seam_sigma)
    mm += 0.3 * p.seam_depth_mm * _bell(seam - 0.45, 0.2) + p.pucker_mm * fine * np.exp(-seam / 0.8)
    mm -= p.seam_depth_mm * _bell(neck, p.seam_sigma)
    mm += 0.2 * p.seam_depth_mm * _bell(neck - 0.5, 0.25) + p.pucker_mm * fine * np.exp(-neck / 0.9)
    mm += 0.3 * expit((FINISH.hem_cm - hem) / 0.08) + p.pucker_mm * fine * _bell(hem - 2.0, 0.5)
    middle = sum(p.hem_rows) / 2
    return np.asarray(mm - 0.18 * _bell(hem - middle, 0.28))


def _collar_height(patch: Patch, p: DetailParams, fine: Map) -> Map:
    """Millimetres: the rounded fold of the rib and the groove at its seam."""
    groove = -p.seam_depth_mm * _bell(patch.y, p.seam_sigma)
    fold = -0.4 * _bell(patch.y + PATTERN.collar_width, 0.2)
    return np.asarray(groove + fold + 0.03 * fine)


def main() -> None:
    """Write both maps."""
    BUILD.mkdir(exist_ok=True)
    cv2.imwrite(str(BUILD / "detail.png"), albedo(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cv2.imwrite(str(BUILD / "height.png"), height())


if __name__ == "__main__":
    main()
