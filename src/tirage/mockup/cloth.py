"""How cotton jersey reflects: rough diffuse, a breath of sheen, a dull gloss, as tables.
The closed forms are Cycles 5.0's; the tables were measured on a Cycles sphere (docs/relight.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import coat, kernels
from tirage.mockup.model import Material

Floats = NDArray[np.float64]

RING_EVEN, RING_STEPS = 128, 64
"""Ring maps: the code of ratio 1, and codes to its double."""

_COS = np.array(
    [
        0,
        0.124,
        0.174,
        0.236,
        0.299,
        0.362,
        0.424,
        0.485,
        0.547,
        0.61,
        0.673,
        0.736,
        0.797,
        0.86,
        0.922,
        0.985,
        1,
    ]
)
"""Cosines of the viewing angle at which the tables below stand."""
_SHEEN = np.array(
    [
        0.62,
        0.494,
        0.429,
        0.347,
        0.273,
        0.211,
        0.162,
        0.122,
        0.092,
        0.068,
        0.050,
        0.037,
        0.027,
        0.020,
        0.0146,
        0.0107,
        0.010,
    ]
)
"""Directional albedo of the sheen at roughness .45, weight 1."""
_LTC_A = np.array(
    [
        0.21,
        0.300,
        0.331,
        0.361,
        0.383,
        0.400,
        0.414,
        0.425,
        0.435,
        0.445,
        0.456,
        0.467,
        0.478,
        0.4915,
        0.507,
        0.526,
        0.53,
    ]
)
_LTC_B = np.array(
    [
        -0.17,
        -0.133,
        -0.101,
        -0.075,
        -0.057,
        -0.047,
        -0.042,
        -0.040,
        -0.040,
        -0.039,
        -0.039,
        -0.039,
        -0.040,
        -0.038,
        -0.033,
        -0.0145,
        0,
    ]
)
"""Its linearly transformed cosine, as Cycles tabulates it: the two entries of the inverse matrix."""
_GLOSS = np.array(
    [
        0.066,
        0.0498,
        0.0427,
        0.0355,
        0.0302,
        0.026,
        0.0227,
        0.020,
        0.0179,
        0.0161,
        0.0146,
        0.0134,
        0.0125,
        0.0117,
        0.0111,
        0.0106,
        0.0105,
    ]
)
"""Directional albedo of the gloss at roughness .85, specular level .25."""

MEASURED = (0.85, 0.25)
"""Roughness and specular level of that gloss; others are summed (coat.py)."""

SHEEN_SPREAD, GLOSS_GAIN = 1.05, 1.05
"""A lamp that is one direction underrates both at grazing angles (docs/relight.md); the gloss also lacks what
GGX scatters again, 1.006 to 1.036 on a sphere.  Chosen on black and red tees, front and 45°."""

PATTERN_DARK, PATTERN_BRIGHT = 1.5, 0.8
"""Of a fabric's pattern, what shows at albedo 0 and at 1."""


def oren_nayar(sigma: float) -> tuple[float, float, float]:
    """a, b and the average albedo of Cycles' energy-preserving Oren-Nayar form at roughness sigma."""
    a = 1 / (math.pi + sigma * (math.pi / 2 - 2 / 3))
    b = sigma * a
    return a, b, a * math.pi + b * (2 * math.pi - 5.6) / 3


def directional_albedo(sigma: float, cos: Floats) -> Floats:
    """Share of light that one scattering returns from cos (n,) in (0,1]."""
    a, b, _ = oren_nayar(sigma)
    c = np.maximum(cos, 1e-4)
    s = np.sqrt(1 - c * c)
    g = s * (np.arccos(c) - 2 / 3 - s * c) + 2 / 3 * (s / c) * (1 - s**3)
    return np.asarray(a * math.pi + b * g)


def scatter_constants(sigma: float) -> tuple[float, float]:
    """Gain and slope of the multiple scattering k(ρ) = gain·ρ² / (1 - slope·ρ)."""
    average = oren_nayar(sigma)[2]
    if sigma == 0:  # Lambert: nothing is left to scatter again
        return 0.0, 0.0
    return average / (1 - average) / math.pi, 1 - average


def _bounce_constants(material: Material) -> tuple[float, float]:
    """Gain and k of bounced light: baked along the normal, seen at BOUNCE_ALBEDO, with sheen and gloss."""
    albedo = float(directional_albedo(material.diffuse_roughness, np.array([1.0]))[0])
    gain, slope = scatter_constants(material.diffuse_roughness)
    k = gain * kernels.BOUNCE_ALBEDO**2 / (1 - slope * kernels.BOUNCE_ALBEDO) * math.pi * slope
    diffuse = kernels.BOUNCE_ALBEDO / (kernels.BOUNCE_ALBEDO + kernels.BOUNCE_GLOSS)
    return diffuse / (albedo + k * (1 - albedo)), k


def even_light(material: Material, albedo: float) -> float:
    """Of light from everywhere, what rough diffuse of an albedo returns along the normal, over it."""
    sigma, cos = material.diffuse_roughness, np.array([1.0])
    once, average = float(directional_albedo(sigma, cos)[0]), oren_nayar(sigma)[2]
    gain, slope = scatter_constants(sigma)
    again = math.pi * (1 - once) * (1 - average) * gain * albedo**2 / (1 - slope * albedo)
    gloss = float(coat.directional_albedo(material, cos)[0])
    return float((1 - material.sheen_weight * _SHEEN[-1]) * (1 - gloss) * (once + again))


def sheen_hue(albedo: Sequence[float]) -> list[float]:
    """The sheen's colour on cloth of this linear albedo (3,): the hue of its dyed fibres."""
    return [channel / max(albedo) for channel in albedo]


def pattern_depth(albedo: Sequence[float]) -> list[float]:
    """How strongly a fabric's pattern shows in each channel: bright yarn lights the valleys beside it."""
    return [PATTERN_DARK + (PATTERN_BRIGHT - PATTERN_DARK) * channel for channel in albedo]


def cloth_tables(material: Material) -> kernels.Cloth:
    """The kernel's constants for a material."""
    sigma = material.diffuse_roughness
    a, b, average = oren_nayar(sigma)
    f0 = 0.08 * material.specular
    bounce_gain, bounce_k = _bounce_constants(material)
    cos = np.linspace(0, 1, kernels.TABLE + 1)
    tables = {"sheen": _SHEEN, "ltc_a": _LTC_A, "ltc_b": _LTC_B, "gloss": _GLOSS}
    sampled = {name: np.interp(cos, _COS, table) for name, table in tables.items()}
    sampled["ltc_a"] *= SHEEN_SPREAD
    if (material.roughness, material.specular) != MEASURED:
        sampled["gloss"] = coat.directional_albedo(material, cos)
    albedo = directional_albedo(sigma, cos)
    cloth = kernels.Cloth(
        on_a=a,
        on_b=b,
        albedo_avg=average,
        alpha2=material.roughness**4,
        eta=(1 + math.sqrt(f0)) / (1 - math.sqrt(f0)),
        gloss_gain=GLOSS_GAIN,
        dull=0.0 if coat.glazed(material) else 1.0,
        sheen_weight=material.sheen_weight,
        bounce_gain=bounce_gain,
        bounce_k=bounce_k,
    )
    ratio = 2 ** ((np.arange(256) - RING_EVEN) / RING_STEPS)
    if coat.glazed(material):
        ratio[0] = 0  # what is mirrored can be hidden altogether
    for name, values in (*sampled.items(), ("albedo", albedo), ("ring", ratio)):
        getattr(cloth, name)[:] = values.tolist()
    return cloth
