"""From noisy bakes (light/raw) to the light that a package keeps (light/*.npy), around Blender's denoiser.

`fill` goes before it, so that it never sees where the cloth ends; `settle` after it makes bounces a pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.authoring.maps import Floats, Mask, blur, continued, double, grow, halve, push_pull
from tirage.authoring.plan import BOUNCES, HIGH, KEPT, LOW, TRIMS
from tirage.authoring.seams import find_cut, level
from tirage.mockup.cloth import even_light
from tirage.mockup.mesh import Garment
from tirage.mockup.model import Material

MOST_AGAIN = 0.95
"""Of bounced light, the share that meets the cloth again: noise must not make it 1."""
PAIR_BLUR = {"outside": 3, "inside": 2, "hidden": 1}
"""Box passes over the slope of the bounces, which is smooth."""
NO_SIDE = 8
"""Size of the maps of a side that is not there."""
REDUCTION = {"outside": 2, "inside": 2, "hidden": 1}
"""How much larger a side is baked than it is kept."""


def fill(folder: Path, lamps: int, *, solid: bool = False, trims: bool = False) -> None:
    """Write light/filled/<side>.npz: every map (h, w, 1), its guide "normal" (h, w, 3), known everywhere.

    `trims`: what they bounce is taken out of all bounces, before noise that both have is told from light."""
    (folder / "light" / "filled").mkdir(parents=True, exist_ok=True)
    names = [
        *(f"lamp{index}" for index in range(lamps)),
        "world",
        "bounce_high",
        "bounce_low",
        *[TRIMS] * trims,
    ]
    for side, reduction in reductions(solid=solid):
        encoded, sound = sound_texels(folder, side)
        normals, covered = gather(encoded * 2 - 1, sound, reduction)
        maps = {"normal": push_pull(normals, covered)}
        for name in names:
            baked = raw(folder, name, side)
            if trims and name in ("bounce_high", "bounce_low"):
                baked = baked - raw(folder, TRIMS, side)
            if len(baked) < len(sound):
                values, known = baked[..., None], halve(sound[..., None].astype(np.float32))[..., 0] == 1
            else:
                values, known = gather(baked[..., None], sound, reduction)
            maps[name] = continued(values, known) if len(baked) < len(sound) else push_pull(values, known)
        np.savez(folder / "light" / "filled" / f"{side}.npz", **maps)  # type: ignore[arg-type]


def reductions(*, solid: bool) -> list[tuple[str, int]]:
    """The sides that there are, with their REDUCTION: of a solid the outside alone."""
    return [(side, by) for side, by in REDUCTION.items() if side == "outside" or not solid]


def settle(
    folder: Path,
    garment: Garment,
    atlas_cm: float,
    *,
    trims: Material | None = None,
    seen: Mask | None = None,
) -> None:
    """Write light/<name>_<side>.npy, (size, size) float32, for every map of the package.

    The inside of a solid, which nobody sees, is dark; its surface, unlike cloth's, is smooth across cuts.
    `trims`: the material, where what trims bounce was baked: it becomes light like the sky's. `seen`: the
    texels of the outside, as baked, that are ever seen; what covers the others must not darken these."""
    solid = garment.solid
    cut = find_cut(garment, atlas_cm) if solid else None
    sides: dict[str, tuple[dict[str, Floats], Mask]] = {}
    for side, reduction in reductions(solid=solid):
        encoded, sound = sound_texels(folder, side)
        _, covered = gather(encoded, sound, reduction)
        with np.load(folder / "light" / "denoised" / f"{side}.npz") as denoised:
            maps = {name: np.asarray(denoised[name], np.float32) for name in denoised}
        if seen is not None and side == "outside":
            whole = halve((sound & seen)[..., None].astype(np.float32))[..., 0] == 1
            maps = {name: continued(values, whole) for name, values in maps.items()}
        else:
            maps = {name: push_pull(values, covered) for name, values in maps.items()}
        pair_bounces(maps, PAIR_BLUR[side])
        if trims is not None:
            maps[TRIMS] /= np.float32(even_light(trims, HIGH))
        sides[side] = maps, covered
    if cut is not None:
        maps, _ = sides["outside"]
        maps |= {name: level(values[..., 0], cut, atlas_cm)[..., None] for name, values in maps.items()}
    if solid:
        nothing = np.zeros((NO_SIDE, NO_SIDE, 1), np.float32)
        sides["inside"] = dict.fromkeys(sides["outside"][0], nothing), nothing[..., 0] > 0
    else:
        sides["inside"] = whole_inside(*sides["inside"], *sides["hidden"])
    for side in ("outside", "inside"):
        maps, islands = sides[side]
        for name, values in maps.items():
            light = np.where(grow(islands), np.maximum(values[..., 0], 0), 0)
            np.save(folder / "light" / f"{name}_{side}.npy", light)


def whole_inside(
    maps: dict[str, Floats], seen: Mask, coarse: dict[str, Floats], coarse_islands: Mask
) -> tuple[dict[str, Floats], Mask]:
    """The inside's maps and islands with what no camera sees of it."""
    hidden = coarse_islands.repeat(2, axis=0).repeat(2, axis=1)
    patch_hidden(maps, hidden & ~grow(seen), coarse)
    return maps, seen | hidden


def raw(folder: Path, name: str, side: str) -> Floats:
    """A bake's pixels."""
    with np.load(folder / "light" / "raw" / f"{name}_{side}.npz") as bake:
        return np.asarray(bake["pixels"], np.float32)


def sound_texels(folder: Path, side: str) -> tuple[Floats, Mask]:
    """A side's baked normals (h, w, 3) as codes 0…1, and the texels that lie wholly on the cloth."""
    encoded = raw(folder, "normal", side)
    return encoded, shrink(encoded.max(axis=2) > 0)


def shrink(covered: Mask) -> Mask:
    """The islands less their border texels, whose samples reach beyond the cloth's edge and often into it."""
    wide = np.pad(covered, 1)
    shifts = [(row, column) for row in range(3) for column in range(3)]
    height, width = covered.shape
    inner: Mask = np.logical_and.reduce([wide[r : r + height, c : c + width] for r, c in shifts])
    return inner


def gather(values: Floats, sound: Mask, reduction: int) -> tuple[Floats, Mask]:
    """(h, w, c) as the mean of the sound texels per block of reduction², and where there are any."""
    if reduction == 1:
        return values, sound
    weight = sound[..., None].astype(np.float32)
    share = halve(weight)
    mean = halve(values * weight) / np.maximum(share, 1e-6)
    return mean.astype(np.float32), share[..., 0] > 0


def series(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 + x + x² …, a term for every bounce of a bake."""
    return np.asarray(sum(share**count for count in range(BOUNCES)), np.float64)


def pair_bounces(maps: dict[str, Floats], passes: int) -> None:
    """Replace the two bounce bakes by a pair A, B ≥ 0 with bounce(albedo) = albedo · (A + albedo · B).

    What bounces has met the cloth at least once, hence the factor; the rest is a series in albedo · R, for
    what meets it again, as often as the bake lets it. The pair is the series' chord from LOW to KEPT."""
    high, low = maps.pop("bounce_high") / HIGH, maps.pop("bounce_low") / LOW
    growth = blur(high.astype(np.float32), passes) / np.maximum(blur(low.astype(np.float32), passes), 1e-6)
    shares = np.linspace(0, MOST_AGAIN, 200)
    again = np.interp(growth, series(HIGH * shares) / series(LOW * shares), shares)
    kept = high * series(KEPT * again) / series(HIGH * again)
    slope = kept * (1 - series(LOW * again) / series(KEPT * again)) / (KEPT - LOW)
    maps["indirect_b"] = np.clip(slope, 0, kept / KEPT).astype(np.float32)
    maps["indirect_a"] = (kept - KEPT * maps["indirect_b"]).astype(np.float32)


def patch_hidden(inside: dict[str, Floats], unseen: Mask, hidden: dict[str, Floats]) -> None:
    """Where no camera looks, take the coarse map instead of what the fill made up."""
    for name, values in inside.items():
        inside[name] = np.where(unseen[..., None], double(hidden[name]), values)
