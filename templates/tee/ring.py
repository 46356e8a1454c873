"""How light from all around leaves the cloth towards a ring of eight cameras: the bounces and the even sky.

Each map is what a camera sees over what evenly spread light would show it, so it is near 1. Writes ring_*.npy."""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from bake import HIGH, RING, RING_SIDES, view_name
from denoise import Mask, blur, gather, grow, halve, push_pull
from numpy.typing import NDArray
from params import BUILD
from scene import camera_position, read_description

Floats = NDArray[np.floating[Any]]

FEWEST = 0.01  # light below which a ratio means nothing
FLATTEST = 0.05  # cosine to a camera from which on its view counts, fully from SURE on
SURE = 0.2
SMOOTHING = {"outside": 4, "inside": 3}  # binomial passes over the noisy bakes
BESIDE = 0.02  # weight of what the two neighbouring cameras see, where a camera itself sees nothing
LOWEST, HIGHEST = 0.25, 4.0


def scattering(sigma: float) -> tuple[float, float, float]:
    """a and b of Cycles' energy-preserving Oren–Nayar at roughness sigma; its multiple scattering at HIGH."""
    a = 1 / (math.pi + sigma * (math.pi / 2 - 2 / 3))
    b = sigma * a
    mean = a * math.pi + b * (2 * math.pi - 5.6) / 3
    return a, b, HIGH**2 * mean / (1 - HIGH * (1 - mean))


def reflected(sigma: float, cosine: Floats) -> Floats:
    """Share of evenly spread light that rough cloth of albedo HIGH returns towards a cosine, over HIGH."""
    a, b, multiple = scattering(sigma)
    c = np.clip(cosine, 1e-3, 1).astype(np.float64)
    sine = np.sqrt(1 - c * c)
    lobe = sine * (np.arccos(c) - 2 / 3 - sine * c) + 2 / 3 * (sine / c) * (1 - sine**3)
    once = a * math.pi + b * lobe
    return np.asarray(once + multiple * (1 - once), np.float32)


def load(folder: Path, name: str, side: str) -> Floats:
    """A raw bake, (h, w, c)."""
    pixels = np.load(folder / "light" / "raw" / f"{name}_{side}.npz")["pixels"]
    return np.asarray(pixels if pixels.ndim == 3 else pixels[..., None], np.float32)


def ratios(folder: Path, kind: str, side: str) -> tuple[Floats, Floats, Mask]:
    """Every camera's ratios (RING, h, w), how far each is to be believed, 0…1, and where there is cloth."""
    description = read_description(folder)
    sigma = description["material"]["diffuse_roughness"]
    encoded, position = load(folder, "bare_normal", side), load(folder, "bare_position", side)
    covered: Mask = encoded.max(axis=2) > 0
    normal = (encoded * 2 - 1) / np.maximum(np.linalg.norm(encoded * 2 - 1, axis=2, keepdims=True), 1e-6)
    along = load(folder, view_name(kind, None), side)
    # Bounces come as rough cloth shows them along its normal, the sky as Lambert cloth shows it.
    even = along / (reflected(sigma, np.ones(1)) if kind == "bounce" else 1)
    found, trust = [], []
    for azimuth in RING:
        toward = np.asarray(camera_position(description["camera"], azimuth)[0]) - position
        toward /= np.linalg.norm(toward, axis=2, keepdims=True)
        cosine = (toward * normal).sum(axis=2, keepdims=True)
        weight = np.where(covered[..., None], np.clip((cosine - FLATTEST) / (SURE - FLATTEST), 0, 1), 0)
        seen = load(folder, view_name(kind, azimuth), side) / reflected(sigma, cosine)
        passes = SMOOTHING[side]
        # Both are smoothed with the same weights, so that the ratio has no noise of the darkest texels.
        above, below = (blur((weight * light).astype(np.float32), passes) for light in (seen, even))
        around = blur(weight.astype(np.float32), passes)
        trust.append(np.where((below > FEWEST * around) & covered[..., None], np.minimum(around, 1), 0)[..., 0])
        found.append((above / np.maximum(below, 1e-6)).clip(LOWEST, HIGHEST)[..., 0])
    return np.stack(found), np.stack(trust), covered


def filled(ratio: Floats, trust: Floats, covered: Mask) -> Floats:
    """Ratios (RING, h, w) at half the size, (RING, h/2, w/2), known everywhere in the islands' gutter.

    What a camera sees at no useful angle continues what lies around it and what its neighbours see."""
    islands = grow(halve(covered[..., None].astype(np.float32))[..., 0] > 0)
    beside = (np.roll(ratio * trust, 1, axis=0) + np.roll(ratio * trust, -1, axis=0)) * BESIDE
    weight = trust + BESIDE * (np.roll(trust, 1, axis=0) + np.roll(trust, -1, axis=0))
    mean = (ratio * trust + beside) / np.maximum(weight, 1e-6)
    maps = []
    for values, share in zip(mean, weight, strict=True):
        small = halve((values * share)[..., None]) / np.maximum(halve(share[..., None]), 1e-6)
        known = halve(share[..., None])[..., 0] > BESIDE / 4
        full = push_pull(small.astype(np.float32), known)
        maps.append(np.where(islands, full[..., 0], 1))
    return np.stack(maps)


def main(folder: Path) -> None:
    """Write ring_<kind>_<side>.npy (RING, h, w) for both kinds of light and both sides of the cloth."""
    for side in RING_SIDES:
        for kind in ("world", "bounce"):
            found = filled(*ratios(folder, kind, side))
            np.save(folder / "light" / f"ring_{kind}_{side}.npy", found.astype(np.float32))
            low, high = np.percentile(found[found != 1], (1, 99))
            print(f"{kind}, {side}: {low:.2f} to {high:.2f} of what even light would show")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where build/light lies")
    main(parser.parse_args().folder.resolve())
