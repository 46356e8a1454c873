"""The glaze of a smooth material: what its texels mirror of lamps and sky, for a camera (native/coat.c).
Where the cloth's tables end, for they are of dull materials, this begins:
docs/decisions/0024-glaze-mirrors-its-lamps.md says why.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import pointer
from tirage.mockup.mirror import Mesh, Mirror, build_mirror
from tirage.mockup.model import Lamp, Material

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

GLAZED = 0.3
"""A material less rough than this mirrors its lamps."""
SAMPLES = 32
"""A side of the grid of half vectors that an albedo is summed over."""
KNOTS = 33
"""Cosines that it is summed at, closer together where it is steep."""
STEPS = 32767
"""Codes of a kept position or normal."""


@dataclass(frozen=True, slots=True, eq=False)
class Coat:
    """A template's coat: the kernel's constants, and the texels a side for which places are kept."""

    kernel: kernels.Coat
    size: int
    mirror: Mirror | None
    """What the thing itself hides of what it would mirror; None: nothing."""


def glazed(material: Material) -> bool:
    """Whether a material has a coat that mirrors, instead of a dull gloss."""
    return material.roughness < GLAZED


def build_coat(
    material: Material,
    lamps: tuple[Lamp, ...],
    world: float,
    places: F32,
    there: NDArray[np.bool_],
    mesh: Mesh | None = None,
) -> Coat:
    """The coat of a material at places (size, size, 6), metres and unit normal, where `there` says so.

    mesh: of the thing itself, which it mirrors, too.
    """
    found = places[there]
    low, high = found[:, :3].min(axis=0), found[:, :3].max(axis=0)
    origin, step = (low + high) / 2, float((high - low).max()) / 2 / STEPS
    found[:, :3] = (found[:, :3] - origin) / step
    found[:, 3:] *= STEPS
    codes = np.zeros((6, *there.shape), np.int16)
    for plane, values in zip(codes, np.rint(found).T, strict=True):
        plane[there] = values
    kernel = kernels.Coat(
        place=pointer(codes, np.int16),
        step=step,
        size=len(there),
        lamp_count=len(lamps),
        alpha=material.roughness**2,
        world=world,
    )
    kernel.origin[:] = origin.tolist()
    kernel.albedo[:] = directional_albedo(material, np.linspace(0, 1, kernels.TABLE + 1)).tolist()
    outlook = kernels.Outlook(lamp_count=len(lamps), world=world, index=refraction(material.specular))
    for window, pane, lamp in zip(kernel.lamps, outlook.lamps, lamps, strict=False):
        _set_window(window, pane, lamp)
    x, y, z = origin.tolist()
    mirror = build_mirror(mesh, outlook, codes, origin=(x, y, z), step=step) if mesh else None
    return Coat(kernel=kernel, size=len(there), mirror=mirror)


def coat_seen(coat: Coat, camera: F32, out: NDArray[np.float16], *, coarse: bool = False) -> None:
    """What the coat reflects to a camera at (3,) metres, into out (side, side).

    Its side is a multiple of the coat's size; coarse: the thing's own image may be less sharp.
    """
    if coat.mirror is None:
        clear, own = np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)
    else:
        clear, own = coat.mirror.seen(camera, coarse=coarse)
    row = np.empty((6, coat.size), np.float32)
    kernels.call(
        "coat_view",
        ctypes.byref(coat.kernel),
        ctypes.byref(
            kernels.Open(seen=pointer(clear, np.float32), own=pointer(own, np.float32), size=len(clear))
        ),
        pointer(camera, np.float32),
        len(out) // coat.size,
        pointer(row, np.float32),
        pointer(out, np.float16),
    )


def directional_albedo(material: Material, cos: Floats) -> Floats:
    """Share of light from cos (n,) that GGX with dielectric Fresnel returns, scattered once.

    Over visible normals (Heitz, Sampling the GGX Distribution of Visible Normals, 2018) it is the mean of
    Fresnel times the masking of the way out.
    """
    knots = np.linspace(0, 1, KNOTS) ** 2
    return np.interp(cos, knots, _albedo(material, knots))


def _albedo(material: Material, cos: Floats) -> Floats:
    alpha, index = material.roughness**2, refraction(material.specular)
    u, turn = (np.indices((SAMPLES, SAMPLES)).reshape(2, -1) + 0.5) / SAMPLES
    radius, phi = np.sqrt(u), 2 * math.pi * turn
    result = []
    for c in np.maximum(cos, 1e-3):
        view = np.array([alpha * math.sqrt(1 - c * c), 0, c])
        view /= np.linalg.norm(view)
        x, y = radius * np.cos(phi), radius * np.sin(phi)
        share = 0.5 * (1 + view[2])
        y = (1 - share) * np.sqrt(1 - x * x) + share * y
        z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        # the frame around the stretched view: (0, 1, 0) and what is at right angles to both
        h = np.stack([-view[2] * y + view[0] * z, x, view[0] * y + view[2] * z])
        h = h * [[alpha], [alpha], [1]]
        h /= np.linalg.norm(h, axis=0)
        facing = math.sqrt(1 - c * c) * h[0] + c * h[2]
        out = 2 * facing * h[2] - c
        masking = np.where(out > 0, _smith(out, alpha, c), 0)
        result.append(np.mean(fresnel(np.clip(facing, 0, 1), index) * masking))
    return np.array(result)


def refraction(specular: float) -> float:
    """The index of refraction of Principled's specular level: F0 = .08 · level."""
    root = math.sqrt(0.08 * specular)
    return (1 + root) / (1 - root)


def fresnel(cos: Floats, index: float) -> Floats:
    """Reflectance of a dielectric."""
    g = np.sqrt(index * index - 1 + cos * cos)
    a, b = (g - cos) / (g + cos), (cos * (g + cos) - 1) / (cos * (g - cos) + 1)
    return np.asarray(0.5 * a * a * (1 + b * b))


def _smith(out: Floats, alpha: float, view: float) -> Floats:
    """Height-correlated masking of the way out over that of the way in alone."""
    inwards, outwards = (
        (np.sqrt(1 + alpha**2 * (1 / np.maximum(c, 1e-4) ** 2 - 1)) - 1) / 2 for c in (np.array(view), out)
    )
    return np.asarray((1 + inwards) / (1 + inwards + outwards))


def _set_window(window: kernels.Window, pane: kernels.Pane, lamp: Lamp) -> None:
    """Blender's area light: a square facing its target, of power / (π · area) all over."""
    at, target = np.array(lamp.position), np.array(lamp.target)
    axis = (target - at) / np.linalg.norm(target - at)
    right = np.cross(axis, (0, 0, 1) if abs(axis[2]) < np.cos(np.radians(3)) else (0, 1, 0))
    right /= np.linalg.norm(right)
    up = np.cross(right, axis)
    radiance = lamp.power_w / (math.pi * lamp.size_m**2)
    window.axis[:], window.radiance = axis.tolist(), radiance
    for corner, (x, y) in zip(window.corner, ((-1, -1), (1, -1), (1, 1), (-1, 1)), strict=True):
        corner[:] = (at + (x * right + y * up) * lamp.size_m / 2).tolist()
    pane.axis[:], pane.radiance = axis.tolist(), radiance
    pane.corner[:] = (at - (right + up) * lamp.size_m / 2).tolist()
    pane.right[:], pane.down[:] = (right * lamp.size_m).tolist(), (up * lamp.size_m).tolist()
