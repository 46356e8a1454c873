"""An analytic men's M torso as a signed distance grid, and two arms as capsules that the drape may move.
Centimetres; z = 0 at the shoulder's high point, up +z, front -y, wearer's left +x."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float64]

# z, half width, half depth, centre y, superellipse exponent: chest 97.8, waist 82.3, hip 97 cm around
SECTIONS = np.array(
    [
        (8, 6.0, 6.2, 0.2, 2.0),
        (2, 6.6, 6.6, 1.0, 2.0),
        (-1, 8.2, 7.0, 1.4, 2.0),
        (-4, 12.0, 7.8, 1.6, 2.2),
        (-8, 15.6, 9.0, 1.2, 2.4),
        (-14, 15.6, 10.4, 0.6, 2.4),
        (-22, 15.2, 11.4, 0.0, 2.4),
        (-27, 15.2, 11.4, 0.0, 2.4),
        (-34, 15.0, 11.0, -0.2, 2.3),
        (-42, 14.9, 10.5, -0.3, 2.3),
        (-50, 15.9, 11.2, 0.0, 2.3),
        (-58, 17.3, 12.2, 0.3, 2.3),
        (-66, 17.6, 12.4, 0.5, 2.3),
        (-90, 17.0, 12.2, 0.5, 2.3),
    ]
)
SHOULDER = np.array([17.2, 0.8, -8.6])  # joint of the left arm


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm in straight parts from the shoulder on, cm: each one's length, and how far it is bent forwards
    from the one before, degrees; radii at the shoulder and at the end of every part."""

    lengths: tuple[float, ...] = (30.0,)
    bends: tuple[float, ...] = (0.0,)
    radii: tuple[float, ...] = (4.9, 3.8)


@dataclass(frozen=True, slots=True)
class Body:
    """Signed distances (x, y, z) cm on a regular grid from `low` with spacing `step`."""

    distance: NDArray[np.float32]
    low: Field
    step: float


def arm_direction(side: int, degrees: float, forwards: float = 0.0) -> Field:
    """Unit vector along an arm (side +1 is the wearer's left), `degrees` from the vertical, then bent."""
    a, b = np.radians(degrees), np.radians(forwards)
    u = np.array([side * np.sin(a), 0.02, -np.cos(a)])
    u /= np.linalg.norm(u)
    return np.asarray(np.cos(b) * u + np.sin(b) * np.array([0.0, -1.0, 0.0]))


def arms(arm: Arm, *, left_deg: float, right_deg: float) -> Field:
    """(2 k, 9) capsules, the right arm's first, from the shoulder on: start xyz, direction xyz, length, radii
    at either end."""
    rows = []
    for side, degrees in ((-1, right_deg), (1, left_deg)):
        start = SHOULDER * [side, 1, 1]
        for part, bend in enumerate(np.cumsum(arm.bends)):
            way = arm_direction(side, degrees, float(bend))
            rows.append(np.r_[start, way, arm.lengths[part], arm.radii[part : part + 2]])
            start = start + arm.lengths[part] * way
    return np.array(rows)


def build(step: float = 0.5) -> Body:
    """The torso without arms on a grid; lightly blurred, so that no ridge of the model marks the cloth."""
    low, high = np.array([-46.0, -24.0, -90.0]), np.array([46.0, 24.0, 10.0])
    axes = [np.arange(low[i], high[i] + step / 2, step) for i in range(3)]
    d = _torso(np.stack(np.meshgrid(*axes, indexing="ij"), -1))
    slope = np.sqrt(sum(g * g for g in np.gradient(d, step)))
    d = d / np.clip(slope, 0.3, 2.0)  # first-order re-distancing
    return Body(gaussian_filter(d, 1.0).astype(np.float32), low, step)


def _torso(p: Field) -> Field:
    z = np.clip(p[..., 2], SECTIONS[-1, 0], SECTIONS[0, 0])
    up = SECTIONS[::-1]
    a, b, centre, n = (PchipInterpolator(up[:, 0], up[:, i])(z) for i in range(1, 5))
    rho = (np.abs(p[..., 0] / a) ** n + np.abs((p[..., 1] - centre) / b) ** n + 1e-9) ** (1 / n)
    d = (rho - 1) * np.minimum(a, b)
    d = np.maximum(np.maximum(d, p[..., 2] - 8), -88 - p[..., 2])
    for s in (-1, 1):
        d = _union(d, _ellipsoid(p, (s * 7.4, -6.4, -19), (7.8, 4.6, 7.0)), 3.0)  # chest
        d = _union(d, _ellipsoid(p, (s * 8.0, 7.6, -17), (6.8, 4.4, 9.0)), 3.5)  # shoulder blade
        d = _union(d, _capsule(p, (s * 5, 1.6, -0.5), (s * 16.5, 1.2, -5.2), 3.6), 3.5)  # trapezius
    return np.asarray(d)


def _union(a: Field, b: Field, k: float) -> Field:
    """Polynomial smooth minimum (I. Quilez), blending over k cm."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return np.asarray(b * (1 - h) + a * h - k * h * (1 - h))


def _ellipsoid(p: Field, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Field:
    q = (p - np.array(centre)) / np.array(radii)
    k0 = np.linalg.norm(q, axis=-1) + 1e-9
    k1 = np.linalg.norm(q / np.array(radii), axis=-1) + 1e-9
    return np.asarray(k0 * (k0 - 1) / k1)


def _capsule(
    p: Field, start: tuple[float, float, float], end: tuple[float, float, float], radius: float
) -> Field:
    a, ab = np.array(start), np.array(end) - np.array(start)
    t = np.clip(((p - a) @ ab) / (ab @ ab), 0, 1)
    return np.asarray(np.linalg.norm(p - a - t[..., None] * ab, axis=-1) - radius)
