"""Find where bounced light comes from: its mean direction per texel, fitted to what eight cameras see of it.

Rough cloth throws light back the way it came, so one direction tells all views. Writes bounce_*.npy."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bake import HIGH, direction_plan, view_name
from denoise import Mask, blur, gather, grow, halve, push_pull
from numpy.typing import NDArray
from params import BUILD
from scene import camera_position, read_description

Floats = NDArray[np.floating[Any]]

FEWEST = 0.01  # bounced light below which its direction means nothing
FLATTEST = 0.15  # cosine to a camera below which its view is left out
LONGEST = 0.95
SMOOTHING = 4  # binomial passes over the noisy bakes, a sigma of two texels
ROUNDS = 4
RIDGE = 0.05  # pulls texels that few cameras see towards no direction


def scattering(sigma: float) -> tuple[float, float, float]:
    """a and b of Cycles' energy-preserving Oren–Nayar at roughness sigma; its multiple scattering at HIGH."""
    a = 1 / (math.pi + sigma * (math.pi / 2 - 2 / 3))
    b = sigma * a
    mean = a * math.pi + b * (2 * math.pi - 5.6) / 3
    return a, b, HIGH**2 * mean / (1 - HIGH * (1 - mean))


def reflected(a: float, b: float, cosine: Floats) -> Floats:
    """Directional albedo of single scattering."""
    c = np.clip(cosine, 1e-3, 1).astype(np.float64)
    sine = np.sqrt(1 - c * c)
    lobe = sine * (np.arccos(c) - 2 / 3 - sine * c) + 2 / 3 * (sine / c) * (1 - sine**3)
    return np.asarray(a * math.pi + b * lobe, np.float32)


def smooth(values: Floats, where: Mask, passes: int) -> Floats:
    """Blur (h, w, c) with the weights of a mask."""
    weight = where[..., None].astype(np.float32)
    total = blur((values * weight).astype(np.float32), passes)
    return total / np.maximum(blur(weight, passes), np.float32(1e-4))


def load(folder: Path, name: str) -> Floats:
    """A raw bake of the outside, (h, w, c)."""
    pixels = np.load(folder / "light" / "raw" / f"{name}_outside.npz")["pixels"]
    return np.asarray(pixels if pixels.ndim == 3 else pixels[..., None], np.float32)


def tangents(normal: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors across each normal (h, w, 3)."""
    up = np.where(np.abs(normal[..., 2:]) < 0.9, np.array([0, 0, 1]), np.array([1, 0, 0]))
    first = np.cross(up, normal)
    first /= np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-9)
    return first.astype(np.float32), np.cross(normal, first).astype(np.float32)


def directions(folder: Path) -> tuple[Floats, Mask]:
    """World-space mean direction of bounced light along the surface (h, w, 3), its length its sine; where."""
    description = read_description(folder)
    a, b, multiple = scattering(description["material"]["diffuse_roughness"])
    encoded, position = load(folder, "bare_normal"), load(folder, "bare_position")
    covered: Mask = encoded.max(axis=2) > 0
    normal = (encoded * 2 - 1) / np.maximum(np.linalg.norm(encoded * 2 - 1, axis=2, keepdims=True), 1e-6)
    across = tangents(normal)
    along = smooth(load(folder, view_name(None)), covered, SMOOTHING)[..., 0]
    front = np.float32(a * math.pi)
    views = []
    for azimuth in [task.azimuth for task in direction_plan(1) if task.azimuth is not None]:
        toward = np.asarray(camera_position(description["camera"], azimuth)[0]) - position
        toward /= np.linalg.norm(toward, axis=2, keepdims=True)
        cosine = (toward * normal).sum(axis=2)
        seen = covered & (cosine > FLATTEST)
        ratio = smooth(load(folder, view_name(azimuth)), seen, SMOOTHING)[..., 0] / np.maximum(along, 1e-4)
        known = reflected(a, b, cosine)
        slope = (ratio * (front + multiple * (1 - front)) - front - multiple * (1 - known)) / (b * math.pi)
        weight = np.where(seen & (along > FEWEST), cosine, 0)
        views.append(
            ((toward * across[0]).sum(axis=2), (toward * across[1]).sum(axis=2), cosine, slope, weight)
        )
    x, y = fit(views)
    found = x[..., None] * across[0] + y[..., None] * across[1]
    return found.astype(np.float32), covered & (along > FEWEST)


def fit(views: Sequence[tuple[Floats, Floats, Floats, Floats, Floats]]) -> tuple[Floats, Floats]:
    """Direction x, y by least squares over views (vx, vy, cosine, t of Oren–Nayar, weight)."""
    x = y = np.zeros_like(views[0][0])
    for turn in range(ROUNDS):
        xx, yy, xy = np.full_like(x, RIDGE), np.full_like(x, RIDGE), np.zeros_like(x)
        xt, yt = np.zeros_like(x), np.zeros_like(x)
        light = np.sqrt(np.clip(1 - x * x - y * y, 0.05, 1))
        for vx, vy, cosine, slope, weight in views:
            ahead = (x * vx + y * vy > 0) if turn else np.zeros_like(x, bool)
            scale = np.where(ahead, 1 / np.maximum(np.maximum(light, cosine), 0.1), 1)
            u, v = vx * scale, vy * scale
            xx, yy, xy = xx + weight * u * u, yy + weight * v * v, xy + weight * u * v
            xt, yt = xt + weight * u * slope, yt + weight * v * slope
        determinant = xx * yy - xy * xy
        x, y = (xt * yy - yt * xy) / determinant, (yt * xx - xt * xy) / determinant
        shorten = np.minimum(1, LONGEST / np.maximum(np.hypot(x, y), 1e-6))
        x, y = x * shorten, y * shorten
    return x.astype(np.float32), y.astype(np.float32)


def main(folder: Path) -> None:
    """Fit, halve to 256² and write one map per world axis, −1…1, zero beyond the islands' gutter."""
    found, known = directions(folder)
    found = smooth(found, known, 2)
    half, there = gather(found.astype(np.float32), known, 2)
    filled = push_pull(half, there)
    cloth = (load(folder, "bare_normal").max(axis=2, keepdims=True) > 0).astype(np.float32)
    islands = grow(halve(cloth)[..., 0] > 0)
    for axis, name in enumerate("xyz"):
        np.save(folder / "light" / f"bounce_{name}.npy", np.where(islands, filled[..., axis], 0))
    print(f"direction of bounces: mean sine {np.linalg.norm(found, axis=2)[known].mean():.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where build/light lies")
    main(parser.parse_args().folder.resolve())
