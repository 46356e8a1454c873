"""Fine wrinkles: where the drape is compressed along one way, cloth too fine for its mesh would buckle, with
crests across that way. Strain of the drape in, a relief over a panel's flat centimetres out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from params import PANELS
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.ndimage import gaussian_filter
from surface import Surface, edges_of, neighbour_mean

F64 = NDArray[np.float64]
WAVE_CM, OCTAVES = 1.4, 0.7  # length of a wrinkle's wave, and how far lengths spread
WAYS, SPREAD = 12, np.radians(11.0)  # directions in which noise is made and mixed, and how far one reaches
LEAST = 0.0015  # compression that the yarns take up by themselves …
POISSON = 0.3  # … and the share of a pull along them by which a knit gets narrower without a wrinkle
MOST_MM = 0.6
PATCHES_CM = 2.0  # size of the places where wrinkles are deep, between such where hardly any are
CALM_PASSES = 20  # over the strain, which the solver leaves uneven from edge to edge
STEP_CM = 0.4  # between the places at which strain is kept


@dataclass(frozen=True, slots=True)
class Strain:
    """In-plane strain at a panel's points (n, 2) cm: components xx, xy, yy (n, 3); negative is shorter."""

    points: F64
    tensor: F64


def strain_of(s: Surface) -> dict[str, Strain]:
    """The strain of every draped panel, by name."""
    flat, placed = s.uv[s.triangle], s.position[s.faces] * 100
    a, b = (np.stack([q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]], -1) for q in (flat, placed))
    gradient = b @ np.linalg.inv(a)
    metric = np.swapaxes(gradient, 1, 2) @ gradient
    green = (metric - np.eye(2)) / 2
    components = green[:, [0, 0, 1], [0, 1, 1]]
    corner, of = s.triangle.ravel(), np.repeat(components, 3, 0)
    count = np.bincount(corner, minlength=len(s.uv))[:, None]
    sums = np.stack([np.bincount(corner, of[:, k], minlength=len(s.uv)) for k in range(3)], 1)
    tensor = sums / np.maximum(count, 1)
    mean, _ = neighbour_mean(edges_of(s.triangle).ends, len(s.uv))
    for _ in range(CALM_PASSES):
        tensor = (tensor + mean @ tensor) / 2
    return {
        name: Strain(s.uv[s.panel == k], tensor[s.panel == k])
        for k, name in enumerate(PANELS)
        if (s.panel == k).any()
    }


def wrinkles(strain: Strain, x: F64, y: F64, rng: np.random.Generator) -> F64:
    """(h, w) mm of relief on a regular grid of panel places x, y (h, w) cm."""
    tensor = _spread(strain, x, y)
    xx, xy, yy = np.moveaxis(tensor, -1, 0)
    mean, apart = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    taken_up = LEAST + POISSON * np.maximum(mean + apart, 0)
    shorter = np.maximum(apart - mean - taken_up, 0)
    across = np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2  # the way that is shortest
    # a wave of height a shortens cloth by (π a / length)²
    height = np.minimum(10 * WAVE_CM / np.pi * np.sqrt(shorter), MOST_MM)
    step = x[0, 1] - x[0, 0]
    slow = gaussian_filter(rng.normal(size=x.shape), PATCHES_CM / step, mode="wrap")
    deep = np.clip(0.75 + 0.45 * slow / slow.std(), 0.05, 1.6)
    return np.asarray(height * deep * _directed(across, step, rng))


def _spread(strain: Strain, x: F64, y: F64) -> F64:
    """The strain (h, w, 3) at a grid's places, by way of a coarse one."""
    columns = np.arange(x.min(), x.max() + STEP_CM, STEP_CM)
    rows = np.arange(y.min(), y.max() + STEP_CM, STEP_CM)
    coarse = np.stack(np.meshgrid(columns, rows), -1)
    inside = LinearNDInterpolator(strain.points, strain.tensor)(coarse)
    nearest = NearestNDInterpolator(strain.points, strain.tensor)(coarse)
    tensor = np.where(np.isnan(inside), nearest, inside).astype(np.float32)
    at = (((x - columns[0]) / STEP_CM).astype(np.float32), ((y - rows[0]) / STEP_CM).astype(np.float32))
    return np.asarray(cv2.remap(tensor, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def _directed(across: F64, step: float, rng: np.random.Generator) -> F64:
    """Noise of unit deviation whose waves run the way `across` (h, w) radians, crests square to it."""
    height, width = across.shape
    white = np.fft.rfft2(rng.normal(size=across.shape))
    waves = np.fft.rfftfreq(width, step)[None], np.fft.fftfreq(height, step)[:, None]
    per_cm, way = np.hypot(*waves), np.arctan2(waves[1], waves[0] + 1e-9)
    octaves = np.log2(np.maximum(per_cm, 1e-6) * WAVE_CM)
    band = np.exp(-((octaves / OCTAVES) ** 2) / 2)
    total, weight = np.zeros_like(across), np.zeros_like(across)
    for angle in np.arange(WAYS) * np.pi / WAYS:
        near = np.exp(-((_turned(way - angle) / SPREAD) ** 2) / 2)
        noise = np.fft.irfft2(white * band * near, s=across.shape)
        share = np.exp(-((_turned(across - angle) / SPREAD) ** 2) / 2)
        total += share * noise / noise.std()
        weight += share**2
    return np.asarray(total / np.sqrt(weight))


def _turned(angle: F64) -> F64:
    """The angle between two lines, −90° to 90°."""
    return np.asarray((angle + np.pi / 2) % np.pi - np.pi / 2)
