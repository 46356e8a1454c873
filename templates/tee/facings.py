"""Hems: the cloth's edge rolls over and lies a second time on the inside, as it is before it is stitched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from params import FINISH, HEM_STRIPS, PANELS, PATTERN
from scipy.ndimage import gaussian_filter1d
from strip import Flat, weld, with_grid
from surface import Surface, edges_of

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Loop = list[tuple[int, int]]
ROLL = 0.10  # cm, mean radius of the rolled edge …
UNEVEN, UNEVEN_CM = 0.012, 1.1  # … how far it varies, cm, and over which length …
LUMP, LUMP_CM = 0.022, 0.8  # … and how much thicker it is over a seam's allowance, and how far to its sides
ROLL_RUN = (
    1.2  # cm of the strip that the roll takes: it turns by 180°, which its own .3 cm of light cannot show
)
HEMS = (("front", "back"), ("sleeve-left",), ("sleeve-right",))
TURNED = (0.35, 0.95, 1.55, 2.15)  # cm above the edge, rows of the turned part


def with_facings(s: Surface) -> Surface:
    """Add every hem's turned part."""
    result = s
    for loop, (x, y, _) in zip(hem_loops(s), HEM_STRIPS, strict=True):
        result = _turned(s, result, loop, np.array([x, y]))
    return result


def hem_loops(s: Surface) -> list[Loop]:
    """Every hem's border, in the order of HEMS."""
    edges = edges_of(s.faces)
    face, corner = np.nonzero(edges.count[edges.of_half] == 1)
    start, end = s.triangle[face, corner], s.triangle[face, (corner + 1) % 3]
    loops = []
    for names in HEMS:
        own = np.isin(s.panel[start], [PANELS.index(name) for name in names])
        loops.append(_loop(s, start[own], end[own]))
    return loops


def _loop(s: Surface, start: I64, end: I64) -> Loop:
    """A border's half edges (split vertices) in order round it, beginning at the smallest joint."""
    after = {int(s.joint[a]): (int(a), int(b)) for a, b in zip(start, end, strict=True)}
    here = first = min(after)
    loop: Loop = []
    while not loop or here != first:
        loop.append(after[here])
        here = int(s.joint[loop[-1][1]])
    return loop


def _turned(s: Surface, result: Surface, loop: Loop, origin: F64) -> Surface:
    """One hem's strip: columns run with the border, so that rows go down over its edge and up inside."""
    arc = np.radians(np.arange(0, 181, 30))
    vertex = np.array([a for a, _ in loop])
    flats = {int(k): _near_hem(s, int(k)) for k in np.unique(s.panel[vertex])}
    edge, n, down = _frames(s, flats, vertex, 0.0)
    step = np.array([np.linalg.norm(s.uv[b] - s.uv[a]) for a, b in loop])
    along = np.r_[0, np.cumsum(step)]
    roll = _roll(along, crossings(loop))[:, None]
    rows = [edge - n * roll + roll * (np.cos(a) * n + np.sin(a) * down) for a in arc]
    for above in TURNED:
        place, normal, _ = _frames(s, flats, vertex, above)
        rows.append(place - normal * 2 * roll)
    position = np.stack(rows)
    position = np.concatenate([position, position[:, :1]], 1)
    run = np.r_[ROLL_RUN * arc / np.pi, ROLL_RUN + np.array(TURNED)]
    uv = origin + np.stack(np.broadcast_arrays(along, run[:, None]), -1)
    joints = s.joint[np.r_[vertex, vertex[0]]]
    before = len(result.position)
    wide = with_grid(result, "facings", uv, position * 0.01, joints)
    columns = len(joints)
    grid = before + np.arange((len(run) - 1) * columns).reshape(-1, columns)
    return weld(wide, np.stack([grid[:, 0], grid[:, -1]], 1))


def crossings(loop: Loop) -> I64:
    """The places in the loop where a seam ends: there one half edge ends on a split vertex, the next begins
    on another."""
    return np.array([i for i, (a, _) in enumerate(loop) if loop[i - 1][1] != a])


def _roll(along: F64, seams: I64) -> F64:
    """(n,) cm, the roll's radius at its vertices: uneven, and thicker where a seam crosses."""
    length, even = along[-1], np.arange(0, along[-1], 0.1)
    noise = gaussian_filter1d(np.random.default_rng(7).normal(size=len(even)), UNEVEN_CM * 10, mode="wrap")
    uneven = np.interp(along[:-1], even, noise / noise.std(), period=length)
    apart = np.abs(along[:-1, None] - along[seams])
    near = np.minimum(apart, length - apart).min(1)
    return np.asarray(ROLL + UNEVEN * uneven.clip(-2, 2) + LUMP * np.exp(-((near / LUMP_CM) ** 2) / 2))


def _near_hem(s: Surface, panel: int) -> Flat:
    hem = PATTERN.hem_y[PANELS[panel]]
    return Flat.of(s, PANELS[panel], (-99, hem - FINISH.hem_cm - 1.5, 99, hem + 1))


def _frames(s: Surface, flats: Mapping[int, Flat], vertex: I64, above: float) -> tuple[F64, F64, F64]:
    """Places (cm), normals and ways down, `above` cm over the hem at its vertices, evened along it."""
    place, normal, down = (np.zeros((len(vertex), 3)) for _ in range(3))
    for k, flat in flats.items():
        own = s.panel[vertex] == k
        uv = s.uv[vertex[own]] - [0.0, above]
        place[own], normal[own] = flat.at(uv)
        down[own] = flat.at(uv)[0] - flat.at(uv - [0.0, 0.4])[0]
    normal = gaussian_filter1d(normal, 2.0, axis=0, mode="wrap")
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    down = gaussian_filter1d(down, 4.0, axis=0, mode="wrap")
    down -= np.einsum("ij,ij->i", down, normal)[:, None] * normal
    return place * 100, normal, down / np.linalg.norm(down, axis=1, keepdims=True)
