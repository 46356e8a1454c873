"""Inside the neck: the tape over the back seam, and below it the woven label, its lower edge loose."""

from __future__ import annotations

import numpy as np
from collar import Ring
from numpy.typing import NDArray
from pattern import build
from scipy.ndimage import gaussian_filter1d
from strip import Flat, with_grid
from surface import Surface

F64 = NDArray[np.float64]
TAPE = (-0.30, -0.22, 0.0, 0.3, 0.58, 0.66)  # cm below the seam, rows of the tape
TAPE_OUT = (0.20, 0.24, 0.25, 0.23, 0.20, 0.15)  # cm that they lie inside the cloth's outer side
LABEL = (5.0, 3.5)  # cm
LABEL_TOP = 0.5  # cm below the seam: under the tape


def with_trims(s: Surface, ring: Ring) -> Surface:
    """Add tape and label to the finished surface."""
    return with_label(with_tape(s, ring))


def with_tape(s: Surface, ring: Ring) -> Surface:
    """From shoulder to shoulder; seen from the front, its columns run to the right."""
    n = len(ring.joint)
    ids = np.arange(ring.split, n + 1) % n
    place, up, out = (v[ids][::-1] for v in (ring.place, ring.up, ring.out))  # the wearer's right first
    rise, inner = -np.array(TAPE), np.array(TAPE_OUT)
    body_up, body_out = _body_frames(s, ring, ids)
    rows = []
    for r, o in zip(rise, inner, strict=True):
        u, w = (up, out) if r > 0 else (body_up[::-1], body_out[::-1])
        rows.append(place + r * u - o * w)
    position = gaussian_filter1d(np.stack(rows), 1.0, axis=1, mode="nearest")
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(place, axis=0), axis=1))]
    uv = np.stack(np.broadcast_arrays(along - along[-1] / 2, np.array(TAPE)[:, None] - TAPE[0]), -1)
    return with_grid(s, "tape", uv, position * 0.01)


def _body_frames(s: Surface, ring: Ring, ids: NDArray[np.int64]) -> tuple[F64, F64]:
    """The ways up and outwards along the cloth below the seam."""
    flat = Flat.of(s, "back", (-14, -8, 14, 6))
    seam = _back_seam()
    inwards = np.stack([-np.gradient(seam[:, 1]), np.gradient(seam[:, 0])], 1)
    inwards /= np.linalg.norm(inwards, axis=1, keepdims=True)
    below, normal = flat.at(seam + 0.7 * inwards)
    up = ring.place[ids] - below * 100
    return _unit(_calm(up, 0)), _unit(_calm(normal, 0))


def _calm(v: F64, axis: int) -> F64:
    return np.asarray(gaussian_filter1d(v, 2.0, axis=axis, mode="nearest"))


def _unit(v: F64) -> F64:
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _back_seam() -> F64:
    """The back's neckline in its flat centimetres, left to right."""
    panel = next(q for q in build().panels if q.name == "back")
    line = panel.points[panel.borders["neckline", "L"]]
    middle = (line[1:] + line[:-1]) / 2
    return np.concatenate([np.stack([line[:-1], middle], 1).reshape(-1, 2), line[-1:]])


def with_label(s: Surface) -> Surface:
    """A woven label: flat at its upper edge, standing off towards its lower corners."""
    width, height = LABEL
    x, y = np.meshgrid(np.linspace(-width / 2, width / 2, 13), np.linspace(0, height, 10))
    flat = Flat.of(s, "back", (-14, -8, 14, 10))
    place, normal = flat.at(np.stack([-x, y + LABEL_TOP], -1))
    place, normal = _calm(_calm(place, 0), 1), _calm(_calm(normal, 0), 1)
    t = y / height
    off = 0.14 + 0.22 * t**1.6 + 0.05 * t * (x / width) + 0.05 * t * (2 * x / width) ** 2
    return with_grid(s, "label", np.stack([x, y], -1), place - normal * off[..., None] * 0.01)
