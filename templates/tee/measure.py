"""Figures of the finished garment: `python templates/tee/measure.py` prints stretch, balance and framing.
The stretch is that of the map from UV (flat centimetres) to space, triangle by triangle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from params import BACK, BUILD, FRONT, ORIGINS, PANELS, PATTERN, PRINT_AREAS
from tangles import piercings

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Both principal stretches of a print area: median by area, and the share of the area within 5 %."""

    median: tuple[float, float]
    within: float


def principal_stretches(position: F64, uv: F64, triangle: NDArray[np.int32]) -> tuple[F64, F64]:
    """Singular values (m, 2), smaller first, of UV (cm) → space (m), 1 = true size; flat areas (m,) cm²."""
    a, b, c = (triangle[:, i] for i in range(3))
    flat = np.stack([uv[b] - uv[a], uv[c] - uv[a]], -1)
    space = np.stack([position[b] - position[a], position[c] - position[a]], -1) * 100
    jacobian = space @ np.linalg.inv(flat)
    gram = np.swapaxes(jacobian, 1, 2) @ jacobian
    half, det = np.trace(gram, axis1=1, axis2=2) / 2, np.linalg.det(gram)
    root = np.sqrt(np.maximum(half**2 - det, 0))
    values = np.sqrt(np.stack([np.maximum(half - root, 0), half + root], 1))
    return values, np.abs(np.linalg.det(flat)) / 2


def print_area_stretch(position: F64, uv: F64, triangle: NDArray[np.int32], panel: str) -> Stretch:
    """Stretch of the triangles centred in a panel's print area. Raises KeyError where there is none."""
    area = PRINT_AREAS[panel]
    if area is None:
        raise KeyError(panel)
    values, flat = principal_stretches(position, uv, triangle)
    middle = uv[triangle].mean(1) - ORIGINS[panel]
    inside = np.all((middle > area[:2]) & (middle < area[2:]), axis=1)
    v, w = values[inside], flat[inside]
    good = np.all(np.abs(v - 1) <= 0.05, axis=1)
    medians = tuple(_weighted_median(v[:, k], w) for k in (0, 1))
    return Stretch((medians[0], medians[1]), float(w[good].sum() / w.sum()))


def _weighted_median(values: F64, weights: F64) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def hem_vertices(uv: F64, panel: NDArray[np.uint8], index: int) -> NDArray[np.bool_]:
    """(n,) vertices on a panel's hem line."""
    name = PANELS[index]
    return np.asarray((panel == index) & (np.abs(uv[:, 1] - ORIGINS[name][1] - PATTERN.hem_y[name]) < 0.01))


def side_seam(position: F64, panel: NDArray[np.uint8], side: int) -> F64:
    """(n, 3) the places that front and back share on the wearer's left (1) or right (−1), from the top down;
    above the armholes that is the shoulder's seam."""
    front, back = ({tuple(p) for p in position[panel == k].tolist()} for k in (FRONT, BACK))
    line = np.array(sorted(front & back, key=lambda p: -p[2]))
    return np.asarray(line[line[:, 0] * side > 0])


def piercing_edges(position: F64, triangle: NDArray[np.int32], band: tuple[float, float]) -> int:
    """How often an edge of a triangle (m, 3) passes through another triangle, between two heights z (m)."""
    z = position[triangle, 2].mean(1)
    return len(piercings(position, triangle[(z > band[0]) & (z < band[1])]))


def main() -> None:
    """Print the figures of build/garment.npz."""
    with np.load(BUILD / "garment.npz") as g:
        position, uv, panel = g["position"].astype(float), g["uv"].astype(float), g["panel"]
        triangle = g["triangle"]
    for name, area in PRINT_AREAS.items():
        if area is not None:
            s = print_area_stretch(position, uv, triangle, name)
            print(f"{name}: median {s.median[0]:.4f} {s.median[1]:.4f}, within 5 %: {s.within:.2%}")
    for i, name in enumerate(PANELS[:4]):
        z = position[hem_vertices(uv, panel, i), 2] * 100
        print(f"{name} hem: z {z.min():.1f} … {z.max():.1f} cm, mean {z.mean():.1f}")
    low, high = position.min(0), position.max(0)
    print("bounds cm", (low * 100).round(1), (high * 100).round(1))


if __name__ == "__main__":
    main()
