"""How light leaves the cloth towards a ring of eight cameras, over what the renderer's formulas say.

package.py asks for the ratios; both sides of a ratio have the same smoothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from tirage.authoring.light import raw, shrink
from tirage.authoring.maps import Floats, Mask, blur, grow, halve, push_pull
from tirage.authoring.plan import HIGH
from tirage.authoring.seams import find_cut, level
from tirage.mockup.camera import position
from tirage.mockup.cloth import directional_albedo, scatter_constants
from tirage.mockup.kernels import BOUNCE_ALBEDO, BOUNCE_GLOSS
from tirage.mockup.light import Light, build_light, light_seen, light_texture
from tirage.mockup.mesh import expand
from tirage.mockup.model import RING, Template

FEWEST = {"direct": 0.01, "bounce": 0.01, "gloss": 0.0005}  # light below which a ratio means nothing
TRUST = {"direct": (0.02, 0.12), "bounce": (0.02, 0.12), "gloss": (0.1, 0.4), "mirror": (0.05, 0.28)}
"""Cosines to a camera from which on what it saw counts, and counts in full; mirror: the gloss of glaze."""
SMOOTHING = {"outside": 4, "inside": 3}  # binomial passes over the noisy bakes
GLOSS_SMOOTHING = 2  # it has less noise and changes faster
LEAST = 0.01  # trust below which a texel takes what lies around it
EDGE_REACH = 1  # texels of the outside beside the strip along the cloth's edge that are mixed with it
FLATTEST = 0.197
"""Cosine to a camera that Blender bakes for where it is smaller: rays do not leave a surface more flatly."""
LOWEST, HIGHEST = 0.25, 1.6
HIDDEN = 0.25
"""Of what a smooth material mirrors, the share below which the thing itself hides it."""


def ratios(folder: Path, template: Template, cells: Mask | None = None) -> dict[tuple[str, str], Floats]:
    """By kind of light and side of the cloth, (RING, h, w), for a template whose ring changes nothing.

    cells: of the atlas, those whose outside is ever seen."""
    light = build_light(template, expand(template.garment))
    found: dict[tuple[str, str], Floats] = {}
    cut = None
    if template.garment.solid:
        cut = find_cut(template.garment, template.atlas_cm)
        found = {(kind, "inside"): np.ones((len(RING), 1, 1), np.float32) for kind in FEWEST}
    for side in ("outside",) if template.garment.solid else ("outside", "inside"):
        for kind, maps in measured(folder, template, light, side, cells).items():
            if cut is not None and kind != "gloss":  # which ends sharply, where the thing hides its mirror
                maps = np.stack([level(seen, cut, template.atlas_cm) for seen in maps])
            if kind == "gloss" and light.coat is not None:
                maps = np.where(maps > HIDDEN, maps, 0)
            found[kind, side] = maps
            low, high = np.percentile(maps[maps != 1], (1, 99)) if (maps != 1).any() else (1, 1)
            print(f"ring, {kind}, {side}: {low:.2f} to {high:.2f} of what the formulas say")
    return found


def measured(
    folder: Path, template: Template, light: Light, side: str, cells: Mask | None = None
) -> dict[str, Floats]:
    """One side's maps by kind."""
    encoded, place = load(folder, "smooth_normal", side), load(folder, "smooth_position", side)
    covered: Mask = encoded.max(axis=2) > 0
    sound = covered
    if cells is not None and side == "outside":
        part = len(cells) // len(covered)
        sound = sound & cells.reshape(len(covered), part, len(covered), part).all(axis=(1, 3))
    if side == "outside":  # its last texels see what lies beyond, as those of light maps do
        sound = shrink(covered) & sound & ~beside_edge(folder, template.atlas_cm, len(covered))
    normal = (encoded * 2 - 1) / np.maximum(np.linalg.norm(encoded * 2 - 1, axis=2, keepdims=True), 1e-6)
    seen: dict[str, list[tuple[Floats, Floats]]] = {kind: [] for kind in FEWEST}
    for azimuth in RING:
        toward = position(template.camera, azimuth) - place
        toward /= np.linalg.norm(toward, axis=2, keepdims=True)
        cosine = (toward * normal).sum(axis=2, keepdims=True)
        for kind, expected in modelled(folder, template, light, side, azimuth, cosine).items():
            passes = GLOSS_SMOOTHING if kind == "gloss" else SMOOTHING[side]
            baked = load(folder, f"{kind}_from_{azimuth}", side)
            range_ = TRUST["mirror" if kind == "gloss" and light.coat is not None else kind]
            trust = np.where(sound[..., None], np.interp(cosine, range_, (0, 1)), 0).astype(np.float32)
            seen[kind].append(compared(baked, expected, trust, passes, FEWEST[kind]))
    maps = {}
    for kind, views in seen.items():
        ratio, trust = (np.stack(part) for part in zip(*views, strict=True))
        maps[kind] = filled(ratio, trust, covered)
    return maps


def compared(
    baked: Floats, expected: Floats, trust: Floats, passes: int, fewest: float
) -> tuple[Floats, Floats]:
    """Smoothed ratio (h, w) of two maps (h, w, 1), and how far it is to be believed, 0…1.

    Both are smoothed with the same weights, so that the ratio has no noise of the darkest texels."""
    above, below = (blur((trust * light).astype(np.float32), passes) for light in (baked, expected))
    ratio = (above / np.maximum(below, 1e-6)).clip(LOWEST, HIGHEST)
    return ratio[..., 0], np.where(below > fewest * trust, trust, 0)[..., 0]


def modelled(
    folder: Path, template: Template, light: Light, side: str, azimuth: int, cosine: Floats
) -> dict[str, Floats]:
    """What the renderer shows a camera of each kind of light, as it was baked, (h, w, 1)."""
    part = light.inside if side == "inside" else light.outside
    texture = light_texture(part)
    light_seen(light, part, position(template.camera, azimuth), azimuth, texture)
    direct, multiple, _, gloss, under, sheen = (
        halve(texture[..., lane : lane + 1].astype(np.float32)) for lane in range(6)
    )
    sigma, c = template.material.diffuse_roughness, np.clip(cosine, 0.1, 1)
    gain, slope = scatter_constants(sigma)
    rough = direct + gain * HIGH**2 / (1 - slope * HIGH) * multiple
    layers = under * (1 - table(light.cloth.gloss, c))  # direct light was baked without them
    once = directional_albedo(sigma, c.astype(np.float64))
    carried = light.cloth.bounce_gain * (once + light.cloth.bounce_k * (1 - once))
    carried *= 1 + BOUNCE_GLOSS / BOUNCE_ALBEDO  # what shade.c adds
    along = load(folder, "bounce_along", side)
    if light.coat is not None:
        gloss = template.world_strength * table(light.cloth.gloss, np.clip(cosine, FLATTEST, 1))
    return {"direct": rough / np.maximum(layers, 1e-6), "bounce": carried * along, "gloss": gloss + sheen}


def table(values: ArrayLike, cosine: Floats) -> Floats:
    """One of the cloth's tables at cosines."""
    samples = np.asarray(values)
    return np.asarray(np.interp(cosine, np.linspace(0, 1, len(samples)), samples), np.float32)


def load(folder: Path, name: str, side: str) -> Floats:
    """A raw bake, (h, w, c)."""
    pixels = raw(folder, name, side)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def beside_edge(folder: Path, atlas_cm: float, size: int) -> Mask:
    """Texels of the strip along the cloth's open edges, and those beside it, which a bake mixes with it."""
    garment = np.load(folder / "garment.npz")
    at = np.concatenate([garment["rim_uv"].reshape(-1, 2), garment["uv"][garment["rim"]].reshape(-1, 2)])
    column, row = np.clip(at * (size / atlas_cm), 0, size - 1).astype(int).T
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
    return np.stack(maps).astype(np.float32)
