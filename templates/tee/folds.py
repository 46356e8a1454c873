"""Folds that the drape is too coarse or too calm for: drag lines that fan out from where cloth is held, as a
dresser leaves them. Ridges over a panel's flat centimetres in, joints moved along their normals out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from params import FINISH, PANELS, PRINT_AREAS, FinishParams
from scipy.spatial import cKDTree
from surface import Surface, edges_of, neighbour_mean, normals

F64 = NDArray[np.float64]
STEP_CM = 0.25  # between the points of a ridge
HOLLOW = 0.55  # depth of the hollow beside a ridge, of its height …
HOLLOW_AT = 1.9  # … and how far off it lies, of the ridge's width
PRINTED = 0.55  # of its height that a ridge keeps in a print area, where prints are to keep their size
MOST_CM = 0.32  # where many ridges meet, they do not pile up
SEAM_PASSES = 6  # over the field, which is another on either side of a seam


@dataclass(frozen=True, slots=True)
class Fan:
    """Ridges that leave one place of a panel, or of both panels beside a side seam (SIDES): where, which
    way they go (degrees from +x towards +y, which is down), how many, how long, how wide (deviation) and how
    high, cm. Each is drawn between these bounds."""

    panel: str
    at: tuple[float, float]
    scatter: tuple[float, float]  # cm around it
    way: tuple[float, float]
    count: int
    length: tuple[float, float]
    width: tuple[float, float]
    height: tuple[float, float]
    bend: float = 0.12  # of its length, how far a ridge's middle lies off its straight line


SIDES = {  # the body unrolled around a side seam: the panels, and where its top at the armpit lies on them
    "left side": {"front": (27.4, 15.4), "back": (-27.4, 21.6)},
    "right side": {"front": (-27.4, 15.4), "back": (27.4, 21.6)},
}
FANS = (
    # the wearer's right armpit pulls harder than the left: nobody hangs evenly
    Fan("front", (-25.5, 14.5), (0.8, 2.0), (8, 66), 6, (11, 22), (0.6, 0.9), (0.22, 0.38)),
    Fan("front", (-24.0, 10.0), (0.6, 3.0), (-56, -14), 4, (6, 12), (0.5, 0.8), (0.18, 0.32)),
    Fan("front", (25.5, 15.0), (0.8, 2.0), (116, 170), 5, (9, 18), (0.6, 0.95), (0.22, 0.40)),
    Fan("front", (23.5, 9.5), (0.6, 3.0), (194, 232), 3, (5, 10), (0.5, 0.8), (0.16, 0.28)),
    Fan("right side", (2.0, 16.0), (4.0, 4.0), (152, 196), 4, (13, 22), (0.8, 1.2), (0.15, 0.26)),
    Fan("right side", (-3.0, 27.0), (4.0, 3.0), (-24, 22), 3, (12, 20), (0.8, 1.2), (0.16, 0.28)),
    Fan("left side", (-2.0, 20.0), (4.0, 5.0), (-20, 26), 5, (12, 22), (0.7, 1.1), (0.18, 0.30)),
    Fan("left side", (4.0, 31.0), (4.0, 3.0), (160, 204), 3, (12, 19), (0.8, 1.2), (0.14, 0.26)),
    Fan("front", (-3.0, 47.0), (13.0, 4.0), (72, 108), 7, (11, 19), (0.8, 1.3), (0.14, 0.28)),
    Fan("back", (-25.5, 20.5), (0.8, 2.0), (10, 70), 5, (11, 23), (0.6, 0.9), (0.24, 0.42)),
    Fan("back", (25.5, 20.5), (0.8, 2.0), (108, 172), 6, (10, 21), (0.6, 0.9), (0.24, 0.42)),
    Fan("back", (-22.5, 12.0), (0.6, 4.0), (-34, 22), 4, (7, 13), (0.6, 0.9), (0.16, 0.30)),
    Fan("back", (22.5, 11.0), (0.6, 4.0), (158, 208), 4, (7, 13), (0.6, 0.9), (0.16, 0.28)),
    Fan("back", (3.0, 52.0), (13.0, 4.0), (72, 108), 7, (11, 19), (0.8, 1.4), (0.14, 0.28)),
    # sleeves: from the armpit up over the arm, down from the cap, and short buckles where the arm bends cloth
    Fan("sleeve-left", (-17.0, 11.5), (0.8, 1.5), (-40, 24), 5, (9, 17), (0.5, 0.75), (0.14, 0.24)),
    Fan("sleeve-left", (17.0, 11.0), (0.8, 1.5), (158, 222), 5, (8, 16), (0.5, 0.75), (0.14, 0.24)),
    Fan("sleeve-left", (1.0, 2.5), (6.0, 0.8), (64, 120), 4, (6, 11), (0.7, 1.0), (0.10, 0.18)),
    Fan("sleeve-right", (-17.0, 11.0), (0.8, 1.5), (-44, 22), 5, (8, 16), (0.5, 0.75), (0.14, 0.24)),
    Fan("sleeve-right", (17.0, 11.5), (0.8, 1.5), (152, 218), 5, (9, 17), (0.5, 0.75), (0.14, 0.24)),
    Fan("sleeve-right", (-1.0, 2.5), (6.0, 0.8), (60, 116), 4, (6, 11), (0.7, 1.0), (0.10, 0.18)),
)


def folded(s: Surface, p: FinishParams = FINISH) -> Surface:
    """The surface with all ridges; what lies on one side of a seam runs out on the other."""
    rng = np.random.default_rng(p.folds_seed)
    lift = np.zeros(len(s.uv))
    for fan in FANS:
        parts = SIDES.get(fan.panel, {fan.panel: (0.0, 0.0)})
        own = np.flatnonzero(np.isin(s.panel, [PANELS.index(name) for name in parts]))
        place, share = s.uv[own], np.ones(len(own))
        for name, origin in parts.items():
            here = s.panel[own] == PANELS.index(name)
            share[here] -= (1 - PRINTED) * _inside(PRINT_AREAS[name], place[here])
            place[here] -= origin
        for k in range(fan.count):
            lift[own] += share * _ridge(fan, (k + rng.uniform()) / fan.count, rng, place)
    lift = MOST_CM * np.tanh(lift / MOST_CM)
    count = np.bincount(s.joint, minlength=len(s.position))
    field = np.bincount(s.joint, lift, minlength=len(s.position)) / np.maximum(count, 1)
    edges = edges_of(s.faces)
    mean, _ = neighbour_mean(edges.ends, len(s.position))
    near_seam = _near_seams(s)
    for _ in range(SEAM_PASSES):
        field += near_seam * 0.5 * (mean @ field - field)
    move = p.folds * 0.01 * field[:, None] * normals(s)
    return replace(s, position=s.position + move)


def _inside(area: tuple[float, float, float, float] | None, uv: F64) -> F64:
    """(n,) 1 inside a print area, 0 from two centimetres outside."""
    assert area is not None  # all draped panels but the collar take prints
    out = np.maximum(np.array(area[:2]) - uv, uv - np.array(area[2:])).max(1)
    return np.asarray(np.clip(1 - out / 2, 0, 1))


def _near_seams(s: Surface) -> F64:
    """(joints,) 1 where panels meet, 0 from two centimetres on."""
    split = edges_of(s.triangle)
    outline = np.unique(s.joint[split.ends[split.count == 1]])
    near, _ = cKDTree(s.position[outline]).query(s.position)
    return np.asarray(np.clip(1 - near / 0.02, 0, 1))


def _ridge(fan: Fan, turn: float, rng: np.random.Generator, uv: F64) -> F64:
    """(n,) cm that one ridge lifts places (n, 2) of its panel: it rises fast and runs out slowly."""
    start = np.array(fan.at) + rng.uniform(-1, 1, 2) * fan.scatter
    way = np.radians(fan.way[0] + turn * (fan.way[1] - fan.way[0]))
    length = rng.uniform(*fan.length)
    width, height = rng.uniform(*fan.width), rng.uniform(*fan.height)
    along, across = np.array([np.cos(way), np.sin(way)]), np.array([-np.sin(way), np.cos(way)])
    bow, side = rng.uniform(-1, 1) * fan.bend * length, rng.choice([-1.0, 1.0])
    t = np.linspace(0, 1, max(8, round(length / STEP_CM)))
    line = start + np.outer(t * length, along) + np.outer(4 * bow * t * (1 - t), across)
    reach = 5 * width
    off, nearest = cKDTree(line).query(uv, distance_upper_bound=reach)
    found = np.isfinite(off)
    k = nearest[found]
    away = uv[found] - line[k]
    d = away @ across
    past = np.sqrt(np.maximum(off[found] ** 2 - d * d, 0))  # beyond an end
    grown = np.clip(t[k] / 0.25, 0, 1) * np.clip((1 - t[k]) / 0.75, 0, 1)
    grown = grown * grown * (3 - 2 * grown) * np.exp(-((past / width) ** 2) / 2)
    broad = width * (0.8 + 0.7 * t[k])  # a fold opens as it runs out
    crest = np.exp(-((d / broad) ** 2) / 2)
    hollow = np.exp(-(((d - side * HOLLOW_AT * broad) / (1.2 * broad)) ** 2) / 2)
    result = np.zeros(len(uv))
    result[found] = height * grown * (crest - HOLLOW * hollow)
    return result
