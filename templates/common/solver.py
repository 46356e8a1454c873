"""Extended position-based dynamics for cloth (Macklin 2016) with quadratic bending (Bergou 2006) against a
distance grid and arms of capsules; Gauss-Seidel on one core, so the same input gives the same drape."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Grid = NDArray[np.float32]
Distance = tuple[float, float, float, float]  # signed metres and the unit normal
P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Numba's compiler with the types kept."""
    return cast("Callable[P, R]", njit(cache=True, fastmath=True)(function))


class Cloth(NamedTuple):
    """Constraints in metres: edges with rest length and compliance, bending quads with theirs and weights."""

    edges: I64  # (e, 2)
    lengths: F64
    edge_compliance: F64
    quads: I64  # (b, 4)
    weights: F64  # (b, 4)
    bend_compliance: F64


class Obstacle(NamedTuple):
    """A distance grid with its corner and step, and two arms of k capsules each (2 k, 9), at x < 0 first:
    start, unit direction, length and the radius at either end, all metres."""

    distance: Grid
    low: F64
    step: float
    arms: F64
    contact: float
    friction: float


class Motion(NamedTuple):
    """One frame's outside world: acceleration m/s², time step s, substeps, velocity kept, speed limit m/s."""

    acceleration: F64
    dt: float
    substeps: int
    keep: float
    speed: float


@compiled
def _pull(x: F64, i: int, j: int, w: F64, length: float, compliance: float, only_shorten: bool) -> None:
    dx = x[i, 0] - x[j, 0]
    dy = x[i, 1] - x[j, 1]
    dz = x[i, 2] - x[j, 2]
    now = (dx * dx + dy * dy + dz * dz) ** 0.5 + 1e-9
    if only_shorten and now <= length:
        return
    s = -(now - length) / (w[i] + w[j] + compliance) / now
    x[i, 0] += w[i] * s * dx
    x[i, 1] += w[i] * s * dy
    x[i, 2] += w[i] * s * dz
    x[j, 0] -= w[j] * s * dx
    x[j, 1] -= w[j] * s * dy
    x[j, 2] -= w[j] * s * dz


@compiled
def _bend(x: F64, w: F64, quads: I64, weights: F64, compliance: F64, dt2: float) -> None:
    for e in range(quads.shape[0]):
        lx = 0.0
        ly = 0.0
        lz = 0.0
        ws = 0.0
        for q in range(4):
            i = quads[e, q]
            k = weights[e, q]
            lx += k * x[i, 0]
            ly += k * x[i, 1]
            lz += k * x[i, 2]
            ws += w[i] * k * k
        s = -1.0 / (ws + compliance[e] / dt2)
        for q in range(4):
            i = quads[e, q]
            k = weights[e, q] * w[i] * s
            x[i, 0] += k * lx
            x[i, 1] += k * ly
            x[i, 2] += k * lz


@compiled
def _repel(x: F64, w: F64, pairs: I64, gap: float) -> None:
    for e in range(pairs.shape[0]):
        i = pairs[e, 0]
        j = pairs[e, 1]
        dx = x[i, 0] - x[j, 0]
        dy = x[i, 1] - x[j, 1]
        dz = x[i, 2] - x[j, 2]
        d2 = dx * dx + dy * dy + dz * dz
        if d2 < gap * gap and w[i] + w[j] > 0:
            d = d2**0.5 + 1e-9
            s = (gap - d) / (w[i] + w[j]) / d * 0.5
            x[i, 0] += w[i] * s * dx
            x[i, 1] += w[i] * s * dy
            x[i, 2] += w[i] * s * dz
            x[j, 0] -= w[j] * s * dx
            x[j, 1] -= w[j] * s * dy
            x[j, 2] -= w[j] * s * dz


@compiled
def _torso(grid: Grid, low: F64, step: float, x: float, y: float, z: float) -> Distance:
    fx = (x - low[0]) / step
    fy = (y - low[1]) / step
    fz = (z - low[2]) / step
    i = int(fx)
    j = int(fy)
    k = int(fz)
    n = grid.shape
    if i < 1 or j < 1 or k < 1 or i >= n[0] - 2 or j >= n[1] - 2 or k >= n[2] - 2:
        return 99.0, 0.0, 0.0, 0.0
    a = fx - i
    b = fy - j
    c = fz - k
    g = grid[i : i + 2, j : j + 2, k : k + 2]
    x00 = g[0, 0, 0] + (g[1, 0, 0] - g[0, 0, 0]) * a
    x10 = g[0, 1, 0] + (g[1, 1, 0] - g[0, 1, 0]) * a
    x01 = g[0, 0, 1] + (g[1, 0, 1] - g[0, 0, 1]) * a
    x11 = g[0, 1, 1] + (g[1, 1, 1] - g[0, 1, 1]) * a
    y0 = x00 + (x10 - x00) * b
    y1 = x01 + (x11 - x01) * b
    near = (g[1, 0, 0] - g[0, 0, 0]) * (1 - b) + (g[1, 1, 0] - g[0, 1, 0]) * b
    far = (g[1, 0, 1] - g[0, 0, 1]) * (1 - b) + (g[1, 1, 1] - g[0, 1, 1]) * b
    gx = near * (1 - c) + far * c
    gy = (x10 - x00) * (1 - c) + (x11 - x01) * c
    gz = y1 - y0
    m = (gx * gx + gy * gy + gz * gz) ** 0.5 + 1e-9
    return y0 + (y1 - y0) * c, gx / m, gy / m, gz / m


@compiled
def body_distance(grid: Grid, low: F64, step: float, arms: F64, x: float, y: float, z: float) -> Distance:
    """Signed distance (m) and unit normal of torso and nearer arm, smoothly united over 3 cm."""
    d, nx, ny, nz = _torso(grid, low, step, x, y, z)
    parts = arms.shape[0] // 2
    first = 0 if x < 0 else parts
    da, ax, ay, az = 99.0, 0.0, 0.0, 0.0
    for s in range(first, first + parts):
        px = x - arms[s, 0]
        py = y - arms[s, 1]
        pz = z - arms[s, 2]
        t = px * arms[s, 3] + py * arms[s, 4] + pz * arms[s, 5]
        t = min(max(t, 0.0), arms[s, 6])
        qx = px - t * arms[s, 3]
        qy = py - t * arms[s, 4]
        qz = pz - t * arms[s, 5]
        r = (qx * qx + qy * qy + qz * qz) ** 0.5 + 1e-9
        dp = r - (arms[s, 7] + (arms[s, 8] - arms[s, 7]) * t / arms[s, 6])
        if dp < da:
            da, ax, ay, az = dp, qx / r, qy / r, qz / r
    k = 0.03
    h = 0.5 + 0.5 * (d - da) / k
    if h <= 0:
        return d, nx, ny, nz
    if h >= 1:
        return da, ax, ay, az
    gx = nx * (1 - h) + ax * h
    gy = ny * (1 - h) + ay * h
    gz = nz * (1 - h) + az * h
    m = (gx * gx + gy * gy + gz * gz) ** 0.5 + 1e-9
    return d * (1 - h) + da * h - k * h * (1 - h), gx / m, gy / m, gz / m


@compiled
def _collide(x: F64, before: F64, i: int, obstacle: Obstacle) -> None:
    grid, low, step, arms, contact, friction = obstacle
    d, nx, ny, nz = body_distance(grid, low, step, arms, x[i, 0], x[i, 1], x[i, 2])
    if d >= contact:
        return
    p = contact - d
    x[i, 0] += p * nx
    x[i, 1] += p * ny
    x[i, 2] += p * nz
    tx = x[i, 0] - before[i, 0]
    ty = x[i, 1] - before[i, 1]
    tz = x[i, 2] - before[i, 2]
    dn = tx * nx + ty * ny + tz * nz
    tx -= dn * nx
    ty -= dn * ny
    tz -= dn * nz
    slide = (tx * tx + ty * ty + tz * tz) ** 0.5 + 1e-12
    f = min(1.0, friction * p / slide)
    x[i, 0] -= f * tx
    x[i, 1] -= f * ty
    x[i, 2] -= f * tz


@compiled
def _predict(x: F64, v: F64, w: F64, before: F64, acceleration: F64, dt: float, speed: float) -> None:
    for i in range(x.shape[0]):
        for k in range(3):
            before[i, k] = x[i, k]
        if w[i] == 0:
            continue
        for k in range(3):
            v[i, k] += acceleration[k] * dt
        s = (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2) ** 0.5
        f = min(1.0, speed / (s + 1e-12))
        for k in range(3):
            v[i, k] *= f
            x[i, k] += v[i, k] * dt


@compiled
def frame(
    x: F64,
    v: F64,
    w: F64,
    cloth: Cloth,
    threads: I64,
    thread_lengths: F64,
    pairs: I64,
    gap: float,
    obstacle: Obstacle,
    motion: Motion,
) -> None:
    """Advance positions x and velocities v (n, 3) in place by one frame; w (n,) inverse masses, 0 pinned.

    threads (s, 2) pull two vertices to at most thread_lengths (m); pairs (c, 2) keep at least `gap` apart."""
    acceleration, dt, substeps, keep, speed = motion
    before = np.empty_like(x)
    dt2 = dt * dt
    for _ in range(substeps):
        _predict(x, v, w, before, acceleration, dt, speed)
        for e in range(cloth.edges.shape[0]):
            i = cloth.edges[e, 0]
            j = cloth.edges[e, 1]
            if w[i] + w[j] > 0:
                _pull(x, i, j, w, cloth.lengths[e], cloth.edge_compliance[e] / dt2, False)
        _bend(x, w, cloth.quads, cloth.weights, cloth.bend_compliance, dt2)
        for e in range(threads.shape[0]):
            _pull(x, threads[e, 0], threads[e, 1], w, thread_lengths[e], 1e-6 / dt2, True)
        _repel(x, w, pairs, gap)
        for i in range(x.shape[0]):
            if w[i] > 0:
                _collide(x, before, i, obstacle)
                for k in range(3):
                    v[i, k] = (x[i, k] - before[i, k]) / dt * keep
