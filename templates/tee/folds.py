"""Folds that the drape is too coarse or too calm for: drag lines that fan out from where cloth is held, as a
dresser leaves them. Ridges over a panel's flat centimetres in, joints moved along their normals out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fans import BODY, Fan
from numpy.typing import NDArray
from params import FINISH, PANELS, PRINT_AREAS, FinishParams
from scipy.spatial import cKDTree
from sleeve_fans import SLEEVES
from surface import Surface, edges_of, neighbour_mean, normals

F64 = NDArray[np.float64]
STEP_CM = 0.25  # between the points of a ridge
HOLLOW = 0.55  # depth of the hollow beside a ridge, of its height …
HOLLOW_AT = 1.9  # … and how far off it lies, of the ridge's width
PRINTED = 0.55  # of its height that a ridge keeps in a print area, where prints are to keep their size
MOST_CM = 0.32  # where many ridges meet, they do not pile up
SEAM_PASSES = 6  # over the field, which is another on either side of a seam


SIDES = {  # the body unrolled around a side seam: the panels, and where its top at the armpit lies on them
    "left side": {"front": (27.4, 15.4), "back": (-27.4, 21.6)},
    "right side": {"front": (-27.4, 15.4), "back": (27.4, 21.6)},
}
FANS = (*BODY, *SLEEVES)


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
