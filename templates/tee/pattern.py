"""The sewing pattern: parametric outlines in centimetres, triangulated flat panels and their seams.
Panel coordinates: x to the right looking at the outside, y down from the collar seam at the centre line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from params import PATTERN, PatternParams
from scipy.spatial import Delaunay, cKDTree

Points = NDArray[np.float64]
Ids = NDArray[np.int64]
Border = tuple[str, str]  # (name, "L" or "R")
HEM_ROW, HEM_ROWS = 0.6, 4  # cm between rows of the mesh above a hem: halved, they meet both needle rows


@dataclass(frozen=True, slots=True)
class Panel:
    """A flat piece: `points` (n, 2) cm, `rest` (n, 2) cm whose distances the cloth keeps, `triangles` (m, 3)
    counter-clockwise seen from outside, `borders` name → ordered vertex ids."""

    name: str
    points: Points
    rest: Points
    triangles: Ids
    borders: Mapping[Border, Ids]


@dataclass(frozen=True, slots=True)
class Seam:
    """Two equally long runs of vertices that are sewn together; `attached` ones are so from the start."""

    a: str
    a_ids: Ids
    b: str
    b_ids: Ids
    attached: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole garment, flat."""

    panels: tuple[Panel, ...]
    seams: tuple[Seam, ...]


def arc_length(curve: Points) -> float:
    """Length of a polyline (n, 2)."""
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


def build(p: PatternParams = PATTERN) -> Pattern:
    """All panels and seams of the tee. Raises ValueError when an outline cannot be triangulated."""
    front, back = _body_curves(p, front=True), _body_curves(p, front=False)
    counts = {k: max(2, round(arc_length(back[k]) / p.edge)) for k in ("shoulder", "arm", "side", "hem")}
    panels = [
        _body_panel("front", front, counts, p.edge),
        _body_panel("back", back, counts, p.edge),
    ]
    halves = {k: sleeve_half(p, arc_length(c["arm"])) for k, c in (("front", front), ("back", back))}
    # the wearer's left sleeve shows its back half on the right, the right sleeve its front half
    panels.append(_sleeve_panel("sleeve-left", halves["back"], halves["front"], counts, p.edge))
    panels.append(_sleeve_panel("sleeve-right", halves["front"], halves["back"], counts, p.edge))
    panels += [_collar_panel(f"collar-{b.name}", b, p) for b in panels[:2]]
    return Pattern(panels=tuple(panels), seams=tuple(_seams({q.name: q for q in panels})))


def _bezier(*controls: tuple[float, float], n: int = 200) -> Points:
    t = np.linspace(0, 1, n)[:, None]
    a, b, c, d = (np.array(q) for q in controls)
    curve: Points = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t**3 * d
    return curve


def _line(a: tuple[float, float], b: tuple[float, float]) -> Points:
    return np.linspace(a, b, 50)


def _resample(curve: Points, count: int) -> Points:
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))]
    t = np.linspace(0, s[-1], count + 1)
    return np.stack([np.interp(t, s, curve[:, i]) for i in (0, 1)], 1)


def _body_curves(p: PatternParams, *, front: bool) -> dict[str, Points]:
    """Right half (x > 0) from the centre of the neck outwards and down to the centre of the hem."""
    drop, more = (p.front_drop, p.balance) if front else (p.back_drop, 0.0)
    nh, sh, hc = p.neck_half, p.shoulder_half, p.half_chest
    depth, end = p.armhole_depth + more, p.length + more
    seam = np.array([sh - nh, p.shoulder_slope]) / np.hypot(sh - nh, p.shoulder_slope)
    reach = (
        0.5 * drop
    )  # the neckline leaves the shoulder seam at a right angle, so that the collar has no corner
    leave = (nh - seam[1] * reach, seam[0] * reach)
    curves = {
        "neck": _bezier((0, drop), (nh * 0.6, drop), leave, (nh, 0)),
        "shoulder": _line((nh, 0), (sh, p.shoulder_slope)),
        "arm": _bezier(
            (sh, p.shoulder_slope), (sh - 2.6, p.shoulder_slope + 8.5), (sh - 2.6, depth - 0.6), (hc, depth)
        ),
        "side": _bezier((hc, depth), (hc - 0.4, depth + 14), (p.half_hem - 0.4, end - 14), (p.half_hem, end)),
        "hem": _line((p.half_hem, end), (0, end)),
    }
    return {k: c - np.array([0.0, drop]) for k, c in curves.items()}


def sleeve_half(p: PatternParams, armhole: float) -> dict[str, Points]:
    """Right half of a sleeve whose cap is `cap_ease` × the armhole (cm), found by bisection of its width."""
    low, width, high = 10.0, 20.0, 30.0
    for _ in range(50):
        width = (low + high) / 2
        if arc_length(_cap(p, width)) < armhole * p.cap_ease:
            low = width
        else:
            high = width
    opening = width - p.sleeve_taper
    return {
        "cap": _cap(p, width),
        "under": _line((width, p.cap_height), (opening, p.sleeve_length)),
        "hem": _line((opening, p.sleeve_length), (0, p.sleeve_length)),
    }


def _cap(p: PatternParams, width: float) -> Points:
    top, h = (0.0, 0.0), p.cap_height
    return _bezier(top, (width * 0.42, -0.2), (width * 0.50, h - 1.2), (width, h))


def _mirror(curve: Points) -> Points:
    return np.asarray((curve * [-1, 1])[::-1])


def _outline(
    right: Mapping[str, Points], left: Mapping[str, Points], counts: Mapping[str, int]
) -> tuple[Points, dict[Border, Ids]]:
    """Closed loop (n, 2) of a panel from its halves (`left` drawn as if on the right), and its borders."""
    runs = [((k, "R"), _resample(c, counts[k])) for k, c in right.items()]
    runs += [((k, "L"), _resample(_mirror(c), counts[k])) for k, c in reversed(list(left.items()))]
    borders: dict[Border, Ids] = {}
    start = 0
    for key, run in runs:
        borders[key] = np.arange(start, start + len(run))
        start += len(run) - 1
    loop = np.concatenate([run[:-1] for _, run in runs])
    return loop, {k: ids % len(loop) for k, ids in borders.items()}


def _body_panel(name: str, curves: Mapping[str, Points], counts: Mapping[str, int], edge: float) -> Panel:
    counts = {**counts, "neck": round(arc_length(curves["neck"]) / edge)}
    loop, borders = _outline(curves, curves, counts)
    points, triangles = triangulate(loop, edge, _hem_rows(loop, borders))
    borders["neckline", "L"] = np.r_[borders["neck", "L"][:-1], borders["neck", "R"]]
    return Panel(name, points, points, triangles, borders)


def _sleeve_panel(
    name: str, right: Mapping[str, Points], left: Mapping[str, Points], counts: Mapping[str, int], edge: float
) -> Panel:
    counts = {
        "cap": counts["arm"],
        "under": round(arc_length(right["under"]) / edge),
        "hem": round(arc_length(right["hem"]) / edge),
    }
    loop, borders = _outline(right, left, counts)
    points, triangles = triangulate(loop, edge, _hem_rows(loop, borders))
    return Panel(name, points, points, triangles, borders)


def _collar_panel(name: str, body: Panel, p: PatternParams, rows: int = 5) -> Panel:
    """A straight strip as long as the neckline it is sewn to; at rest it tapers to the rib's own length."""
    neck = body.points[body.borders["neckline", "L"]]
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(neck, axis=0), axis=1))]
    s -= s[-1] / 2
    n = len(s)
    t = np.linspace(0, 1, rows + 1)[:, None]
    y = np.broadcast_to(-p.collar_width * t, (rows + 1, n))
    points = np.stack([np.broadcast_to(s, y.shape), y], -1).reshape(-1, 2)
    rest = np.stack([s * (1 - (1 - p.collar_ratio) * t), y], -1).reshape(-1, 2)
    grid = np.arange(n * (rows + 1)).reshape(rows + 1, n)
    borders = {
        ("seam", "L"): grid[0],
        ("top", "L"): grid[-1],
        ("end", "L"): grid[:, 0],
        ("end", "R"): grid[:, -1],
    }
    return Panel(name, points, rest, _grid_triangles(grid), borders)


def _grid_triangles(grid: Ids) -> Ids:
    """Triangles of a strip whose rows go up and columns to the right, diagonals alternating."""
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    odd = (np.add.outer(np.arange(len(a)), np.arange(a.shape[1])) % 2 == 1)[..., None]
    first = np.where(odd, np.stack([a, b, c], -1), np.stack([a, b, d], -1))
    second = np.where(odd, np.stack([a, c, d], -1), np.stack([b, c, d], -1))
    return np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def _hem_rows(loop: Points, borders: Mapping[Border, Ids]) -> Points:
    """Rows of points above the hem: its fold and its stitches run along edges of the mesh."""
    hem = loop[np.r_[borders["hem", "R"][1:], borders["hem", "L"][1:-1]]]
    rows = np.concatenate([hem - [0, k * HEM_ROW] for k in range(1, HEM_ROWS + 1)])
    dense = np.concatenate([loop + (np.roll(loop, -1, 0) - loop) * t for t in (0.0, 0.25, 0.5, 0.75)])
    clear, _ = cKDTree(dense).query(rows)
    return np.asarray(rows[inside(loop, rows) & (clear > 0.4 * HEM_ROW)])


def triangulate(loop: Points, edge: float, fixed: Points, seed: int = 0) -> tuple[Points, Ids]:
    """Fill a closed outline (n, 2) with `fixed` points and a relaxed hexagonal lattice; triangulate it.

    Returns points (the outline first) and triangles counter-clockwise with y up (clockwise with y down).
    Raises ValueError when an edge of the outline is missing from the triangulation."""
    held = len(loop) + len(fixed)
    points = np.concatenate([loop, fixed, _lattice(loop, fixed, edge, seed)])
    triangles = _inside_triangles(points, loop)
    for _ in range(8):
        points[held:] = _neighbour_means(points, triangles)[held:]
    triangles = _inside_triangles(points, loop)
    _require_outline(triangles, len(loop))
    return points, triangles


def inside(loop: Points, points: Points) -> NDArray[np.bool_]:
    """(n,) whether points lie inside a closed outline, by the even-odd rule."""
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = loop.T, np.roll(loop, -1, 0).T
    spans = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return np.asarray((spans & (x < crossing)).sum(1) % 2 == 1)


def _lattice(loop: Points, fixed: Points, edge: float, seed: int) -> Points:
    """Slightly jittered hexagonal points inside, so that no fold prefers the lattice's directions."""
    (x0, y0), (x1, y1) = loop.min(0), loop.max(0)
    rows = np.arange(y0, y1, edge * np.sqrt(3) / 2)
    columns = np.arange(x0 - edge, x1 + edge, edge)
    x = columns[None, :] + np.where(np.arange(len(rows)) % 2, edge / 2, 0.0)[:, None]
    points = np.stack([x, np.broadcast_to(rows[:, None], x.shape)], -1).reshape(-1, 2)
    points += np.random.default_rng(seed).normal(0, edge * 0.06, points.shape)
    points = points[inside(loop, points)]
    dense = np.concatenate([loop + (np.roll(loop, -1, 0) - loop) * t for t in (0.0, 0.25, 0.5, 0.75)])
    clear, _ = cKDTree(np.concatenate([dense, fixed])).query(points)
    return np.asarray(points[clear > edge * 0.62])


def _inside_triangles(points: Points, loop: Points) -> Ids:
    triangles = Delaunay(points).simplices.astype(np.int64)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    u, v = b - a, c - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    triangles[area > 0] = triangles[area > 0][:, ::-1]
    keep = inside(loop, (a + b + c) / 3) & (np.abs(area) > 1e-6)
    return np.asarray(triangles[keep])


def _neighbour_means(points: Points, triangles: Ids) -> Points:
    i = np.concatenate([triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()])
    j = np.concatenate([triangles[:, [1, 2, 0]].ravel(), triangles[:, [0, 1, 2]].ravel()])
    n = np.bincount(i, minlength=len(points))
    sums = [np.bincount(i, points[j, k], minlength=len(points)) for k in (0, 1)]
    return np.stack(sums, 1) / np.maximum(n, 1)[:, None]


def _require_outline(triangles: Ids, count: int) -> None:
    half = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    present = {(int(a), int(b)) for a, b in np.sort(half, axis=1)}
    missing = [i for i in range(count) if tuple(sorted((i, (i + 1) % count))) not in present]
    if missing:
        raise ValueError(f"outline edges missing from the triangulation: {missing[:5]}")


def _seams(q: Mapping[str, Panel]) -> Iterable[Seam]:
    """Every seam, vertex by vertex. In space the front's right is the wearer's left, the back's the right."""
    f, b = q["front"].borders, q["back"].borders
    for name in ("shoulder", "side"):
        yield Seam("front", f[name, "R"], "back", b[name, "L"][::-1])
        yield Seam("front", f[name, "L"], "back", b[name, "R"][::-1])
    left, right = q["sleeve-left"].borders, q["sleeve-right"].borders
    yield Seam("sleeve-left", left["cap", "R"], "back", b["arm", "L"][::-1])
    yield Seam("sleeve-left", left["cap", "L"][::-1], "front", f["arm", "R"])
    yield Seam("sleeve-right", right["cap", "R"], "front", f["arm", "L"][::-1])
    yield Seam("sleeve-right", right["cap", "L"][::-1], "back", b["arm", "R"])
    for name in ("sleeve-left", "sleeve-right"):
        s = q[name].borders
        yield Seam(name, s["under", "R"], name, s["under", "L"][::-1])
    cf, cb = q["collar-front"].borders, q["collar-back"].borders
    yield Seam("collar-front", cf["seam", "L"], "front", f["neckline", "L"], attached=True)
    yield Seam("collar-back", cb["seam", "L"], "back", b["neckline", "L"], attached=True)
    yield Seam("collar-front", cf["end", "L"], "collar-back", cb["end", "R"])
    yield Seam("collar-front", cf["end", "R"], "collar-back", cb["end", "L"])
