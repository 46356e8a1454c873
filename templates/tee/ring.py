"""How light leaves the cloth towards a ring of eight cameras, over what the renderer's formulas say.

For direct light these are near 1; bounces are held against evenly spread ones. Writes ring_*.npy."""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from bake import HIGH, KEPT, RING, RING_SIDES, view_name
from denoise import Mask, blur, grow, halve, push_pull
from numpy.typing import NDArray
from params import ATLAS_CM, BUILD
from scene import camera_position, read_description

Floats = NDArray[np.floating[Any]]

FEWEST = 0.01  # light below which a ratio means nothing
FLATTEST = 0.02  # cosine to a camera from which on its view counts, fully from SURE on
SURE = 0.12
SMOOTHING = {"outside": 4, "inside": 3}  # binomial passes over the noisy bakes
LEAST = 0.01  # trust below which a texel takes what lies around it
EDGE_REACH = 1  # texels of the outside beside the strip along the cloth's edge that are mixed with it
LOWEST, HIGHEST = 0.25, 4.0


def reflected(sigma: float, albedo: float, cosine: Floats) -> Floats:
    """What rough cloth returns of even light towards a cosine, over its albedo: Cycles' Oren–Nayar."""
    a = 1 / (math.pi + sigma * (math.pi / 2 - 2 / 3))
    mean = a * (math.pi + sigma * (2 * math.pi - 5.6) / 3)
    c = np.clip(cosine, 1e-3, 1).astype(np.float64)
    sine = np.sqrt(1 - c * c)
    lobe = sine * (np.arccos(c) - 2 / 3 - sine * c) + 2 / 3 * (sine / c) * (1 - sine**3)
    once = a * (math.pi + sigma * lobe)
    again = albedo**2 * mean / (1 - albedo * (1 - mean))
    return np.asarray(once + again * (1 - once), np.float32)


def load(folder: Path, name: str, side: str) -> Floats:
    """A raw bake, (h, w, c)."""
    pixels = np.load(folder / "light" / "raw" / f"{name}_{side}.npz")["pixels"]
    return np.asarray(pixels if pixels.ndim == 3 else pixels[..., None], np.float32)


def beside_edge(folder: Path, size: int) -> Mask:
    """Texels of the strip along the cloth's open edges, and those beside it, which a bake mixes with it."""
    garment = np.load(folder / "garment.npz")
    at = np.concatenate([garment["rim_uv"].reshape(-1, 2), garment["uv"][garment["rim"]].reshape(-1, 2)])
    column, row = np.clip(at * (size / ATLAS_CM), 0, size - 1).astype(int).T
    near = np.zeros((size, size), bool)
    near[row, column] = True
    for _ in range(EDGE_REACH):
        near = spread(near)
    return near


def spread(mask: Mask) -> Mask:
    """The mask and its eight neighbours."""
    wide = np.pad(mask, 1)
    height, width = mask.shape
    shifts = [wide[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    return np.asarray(np.logical_or.reduce(shifts))


def lamp_directions(lamp: dict[str, Any], position: Floats, normal: Floats) -> Floats:
    """Mean direction (h, w, 3) to a lamp: the centres of its quarters by what they give Lambert cloth."""
    at, target = np.array(lamp["position"]), np.array(lamp["target"])
    axis = (target - at) / np.linalg.norm(target - at)
    right = np.cross(axis, (0, 0, 1) if abs(axis[2]) < math.cos(math.radians(3)) else (0, 1, 0))
    right /= np.linalg.norm(right)
    up = np.cross(right, axis)
    total = np.zeros_like(position)
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        toward = at + (x * right + y * up) * lamp["size_m"] / 4 - position
        distance = np.linalg.norm(toward, axis=2, keepdims=True)
        toward = toward / distance
        lit = np.maximum((toward * normal).sum(axis=2, keepdims=True), 0.02)
        facing = np.maximum(-(toward @ axis)[..., None], 0.001)
        total += toward * lit * facing / distance**2
    return np.asarray(total / np.linalg.norm(total, axis=2, keepdims=True), np.float32)


def direct_light(folder: Path, side: str, position: Floats, normal: Floats) -> list[tuple[Floats, Floats]]:
    """Every lamp's direction and Lambert light, as the package has it."""
    found = []
    for index, lamp in enumerate(read_description(folder)["lamps"]):
        light = halve(np.load(folder / "light" / f"lamp{index}_{side}.npy")[..., None])
        found.append((lamp_directions(lamp, position, normal), light))
    return found


def direct_expected(
    sigma: float, lamps: list[tuple[Floats, Floats]], sky: Floats, toward: Floats, normal: Floats
) -> Floats:
    """What the renderer's formula shows of direct light on rough cloth of albedo HIGH, over its albedo."""
    a = 1 / (math.pi + sigma * (math.pi / 2 - 2 / 3))
    mean = a * (math.pi + sigma * (2 * math.pi - 5.6) / 3)
    cosine = np.clip((toward * normal).sum(axis=2, keepdims=True), 0.1, 0.9999)
    lost = 1 - reflected(sigma, 0, cosine)
    once, again = reflected(sigma, 0, cosine) * sky, (1 - mean) * sky
    for direction, light in lamps:
        nl = np.clip((direction * normal).sum(axis=2, keepdims=True), 0.05, 1)
        along = (direction * toward).sum(axis=2, keepdims=True) - nl * cosine
        t = np.where(along > 0, along / np.maximum(nl, cosine), along)
        once += math.pi * a * (1 + sigma * t) * light
        again += (1 - reflected(sigma, 0, nl)) * light
    gain = HIGH**2 * mean / (1 - mean) / (1 - HIGH * (1 - mean))
    return np.asarray(once + gain * lost * again, np.float32)


def ratios(folder: Path, kind: str, side: str) -> tuple[Floats, Floats, Mask]:
    """Every camera's ratios (RING, h, w), how far each is to be believed, 0…1, and where there is cloth."""
    description = read_description(folder)
    sigma = description["material"]["diffuse_roughness"]
    encoded, position = load(folder, "smooth_normal", side), load(folder, "smooth_position", side)
    covered: Mask = encoded.max(axis=2) > 0
    sound = (covered & ~beside_edge(folder, len(covered)) if side == "outside" else covered)[..., None]
    normal = (encoded * 2 - 1) / np.maximum(np.linalg.norm(encoded * 2 - 1, axis=2, keepdims=True), 1e-6)
    lamps = direct_light(folder, side, position, normal)
    sky = halve(np.load(folder / "light" / f"world_{side}.npy")[..., None])
    # Bounces come as the cloth shows them along its normal.
    bounces = load(folder, view_name("bounce", None), side) / reflected(sigma, KEPT, np.ones(1))
    found, trust = [], []
    for azimuth in RING:
        toward = np.asarray(camera_position(description["camera"], azimuth)[0]) - position
        toward /= np.linalg.norm(toward, axis=2, keepdims=True)
        cosine = (toward * normal).sum(axis=2, keepdims=True)
        if kind == "bounce":
            expected = bounces * reflected(sigma, KEPT, cosine)
        else:
            expected = direct_expected(sigma, lamps, sky, toward, normal)
        weight = np.where(sound, np.clip((cosine - FLATTEST) / (SURE - FLATTEST), 0, 1), 0)
        seen = load(folder, view_name(kind, azimuth), side)
        passes = SMOOTHING[side]
        # Both are smoothed with the same weights, so that the ratio has no noise of the darkest texels.
        above, below = (blur((weight * light).astype(np.float32), passes) for light in (seen, expected))
        trust.append(np.where(below > FEWEST * weight, weight, 0)[..., 0])
        found.append((above / np.maximum(below, 1e-6)).clip(LOWEST, HIGHEST)[..., 0])
    return np.stack(found), np.stack(trust), covered


def filled(ratio: Floats, trust: Floats, covered: Mask) -> Floats:
    """Ratios (RING, h, w) at half the size, (RING, h/2, w/2), known everywhere in the islands' gutter.

    What a camera sees at no useful angle is what its neighbours see, else what lies around it."""
    islands = grow(halve(covered[..., None].astype(np.float32))[..., 0] > 0)
    beside = np.roll(trust, 1, axis=0) + np.roll(trust, -1, axis=0)
    seen_beside = np.roll(ratio * trust, 1, axis=0) + np.roll(ratio * trust, -1, axis=0)
    rest = (1 - trust) * np.minimum(beside, 1) / np.maximum(beside, 1e-6)
    weight = trust + rest * beside
    maps = []
    for total, share in zip(ratio * trust + rest * seen_beside, weight, strict=True):
        small, known = halve(total[..., None]), halve(share[..., None])
        mean = (small / np.maximum(known, 1e-6)).astype(np.float32)
        maps.append(np.where(islands, push_pull(mean, known[..., 0] > LEAST)[..., 0], 1))
    return np.stack(maps)


def main(folder: Path) -> None:
    """Write ring_<kind>_<side>.npy (RING, h, w) for both kinds of light and both sides of the cloth."""
    for side in RING_SIDES:
        for kind in ("direct", "bounce"):
            found = filled(*ratios(folder, kind, side))
            np.save(folder / "light" / f"ring_{kind}_{side}.npy", found.astype(np.float32))
            low, high = np.percentile(found[found != 1], (1, 99))
            print(f"{kind}, {side}: {low:.2f} to {high:.2f} of what the formulas say")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where build/light lies")
    main(parser.parse_args().folder.resolve())
