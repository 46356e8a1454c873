"""Hangs the tote by its handles over a rod: `python templates/tote/drape.py` writes data/drape.npz.

What is here is the bag as one body of cloth, and how it hangs."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from params import BACK, CUT, DATA, FRONT, HANDLE_BACK, HANDLE_FRONT, HANGING, Cut, Hanging
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial import cKDTree
from solver import Cloth, Motion, Obstacle, frame

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bag:
    """Panels in one mesh, vertices split at panel borders, over shared joints.

    uv (n, 2) panel cm · panel (n,) · joint (n,) · triangle (m, 3) of vertices · position (joints, 3) m."""

    uv: F64
    panel: I64
    joint: I64
    triangle: I64
    position: F64

    @property
    def faces(self) -> I64:
        """Triangles (m, 3) between joints."""
        return np.asarray(self.joint[self.triangle])


def lines(cut: Cut) -> tuple[F64, F64]:
    """The mesh's x and y lines; the handles' edges are among them."""
    middle = np.arange(0, cut.handle_from, cut.cell)
    handle = np.linspace(cut.handle_from, cut.handle_from + cut.handle_width, 4)
    rest = cut.width / 2 - handle[-1]
    side = np.linspace(handle[-1], cut.width / 2, round(rest / cut.cell) + 1)
    right = np.concatenate([middle, handle, side[1:]])
    return np.concatenate([-right[:0:-1], right]), np.linspace(
        0, cut.height, round(cut.height / cut.cell) + 1
    )


def grid_triangles(ids: I64) -> I64:
    """Triangles of a grid of numbers (r, c), counter-clockwise from outside.

    Diagonals alternate, but run into the lower corners: no triangle may have all its corners on seams."""
    a, c, b, d = ids[:-1, :-1].ravel(), ids[:-1, 1:].ravel(), ids[1:, :-1].ravel(), ids[1:, 1:].ravel()
    row, column = np.indices((ids.shape[0] - 1, ids.shape[1] - 1))
    even = (row + column) % 2 == 0
    even[-1, 0], even[-1, -1] = True, False
    even = even.ravel()[:, None]
    first = np.where(even, np.stack([a, b, c], 1), np.stack([a, b, d], 1))
    return np.concatenate([first, np.where(even, np.stack([c, b, d], 1), np.stack([a, d, c], 1))])


def build(cut: Cut = CUT, hang: Hanging = HANGING) -> Bag:
    """The sewn bag, upright and nearly flat, its handles in an arch over the rod."""
    x, y = lines(cut)
    rows, columns = len(y), len(x)
    grid = np.arange(rows * columns).reshape(rows, columns)
    joints = {FRONT: grid, BACK: grid + grid.size}
    joints[BACK] = joints[BACK].copy()
    joints[BACK][:, 0], joints[BACK][:, -1] = grid[:, -1], grid[:, 0]  # side seams
    joints[BACK][-1] = grid[-1, ::-1]  # bottom
    count = 2 * grid.size
    inner = int(np.argmin(np.abs(x - cut.handle_from)))
    sewn = round(cut.sewn / cut.cell)
    long = round(cut.handle_length / cut.cell) + 1
    free = long - 2 * (sewn + 1)
    for panel, body in ((HANDLE_FRONT, FRONT), (HANDLE_BACK, BACK)):
        own = np.arange(count, count + free * 4).reshape(free, 4)
        count += free * 4
        right = joints[body][: sewn + 1, inner : inner + 4]
        left = joints[body][: sewn + 1, columns - 1 - inner : columns - 5 - inner : -1]
        joints[panel] = np.concatenate([left[::-1], own, right])
    flat = {FRONT: np.stack(np.meshgrid(x, y), -1), BACK: np.stack(np.meshgrid(x, y), -1)}
    across = np.linspace(-cut.handle_width / 2, cut.handle_width / 2, 4)
    down = np.linspace(0, cut.handle_length, long)
    flat[HANDLE_FRONT] = flat[HANDLE_BACK] = np.stack(np.meshgrid(across, down), -1)
    position = np.zeros((count, 3))
    for panel, place in placed(cut, hang, flat).items():
        position[joints[panel].ravel()] = place.reshape(-1, 3)
    used, label = np.unique(np.concatenate([joints[p].ravel() for p in joints]), return_inverse=True)
    start = np.cumsum([0] + [joints[p].size for p in joints])
    triangle = np.concatenate(
        [
            grid_triangles(np.arange(joints[p].size).reshape(joints[p].shape)) + s
            for p, s in zip(joints, start, strict=False)
        ]
    )
    uv = np.concatenate([flat[p].reshape(-1, 2) for p in joints])
    panel = np.repeat(list(joints), np.diff(start))
    return Bag(uv, panel, label.astype(np.int64), triangle, position[used])


def placed(cut: Cut, hang: Hanging, flat: dict[int, F64]) -> dict[int, F64]:
    """Where every panel's points are before the bag hangs, m; the body last, so that it has its joints."""
    rng = np.random.default_rng(hang.seed)
    result = {}
    for panel, side in ((HANDLE_FRONT, -1.0), (HANDLE_BACK, 1.0)):
        result[panel] = arch(cut, flat[panel], side)
    for panel, side in ((FRONT, -1.0), (BACK, 1.0)):
        u, v = flat[panel][..., 0], flat[panel][..., 1]
        pillow = (1 - (2 * u / cut.width) ** 2) * (1 - (v / cut.height) ** 4) * 0.016 + 0.001
        wave = sum(
            rng.normal()
            * np.cos(2 * np.pi * (fx * u / cut.width + fy * v / cut.height) + rng.uniform(0, 6.3))
            for fx, fy in ((1, 0.5), (2, -1), (0.5, 1.5), (3, 1), (1.5, -2))
        )
        edge = (1 - (2 * u / cut.width) ** 8) * (1 - (v / cut.height) ** 8)
        depth = side * (pillow + 0.4 * hang.waviness_m * (wave + 2.0) * edge)
        result[panel] = np.stack([-side * u * 0.01, depth, -v * 0.01], -1)
    return result


def arch(cut: Cut, flat: F64, side: float) -> F64:
    """A handle along half an ellipse, turning from flat on the bag to flat on the rod, m."""
    free = cut.handle_length - 2 * cut.sewn
    half = cut.handle_from + cut.handle_width / 2
    s = (flat[..., 1] - cut.sewn) / free
    height = arch_height(half, free)
    angle = arch_angle(half, height, np.clip(s, 0, 1))
    out = np.stack([-np.cos(angle), np.sin(angle)], -1)
    tangent = np.stack([half * np.sin(angle), height * np.cos(angle)], -1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    normal = np.stack([-tangent[..., 1], tangent[..., 0]], -1)
    turned = np.radians(90) * np.clip(1.35 * (1 - np.abs(2 * s - 1)), 0, 1)
    lift = -flat[..., 0]  # the first column is the inner edge
    x = half * out[..., 0] + normal[..., 0] * -lift * np.cos(turned)
    z = height * out[..., 1] + normal[..., 1] * -lift * np.cos(turned)
    y = -1.7 + lift * np.sin(turned)
    place = np.stack([x, y, z], -1) * 0.01
    return place if side < 0 else place * [-1, -1, 1]


def arch_height(half: float, free: float) -> float:
    """The height of half an ellipse of that half width and length (Ramanujan)."""
    low, high = half, free
    for _ in range(60):
        b = (low + high) / 2
        h = ((half - b) / (half + b)) ** 2
        length = np.pi * (half + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))) / 2
        low, high = (b, high) if length < free else (low, b)
    return float(low)


def arch_angle(half: float, height: float, s: F64) -> F64:
    """The ellipse's angle at shares of its length."""
    t = np.linspace(0, np.pi, 4000)
    step = np.hypot(half * np.sin(t), height * np.cos(t))
    length = np.concatenate([[0], np.cumsum((step[1:] + step[:-1]) / 2)])
    return np.asarray(np.interp(s * length[-1], length, t))


def constraints(bag: Bag, cut: Cut, hang: Hanging, rng: np.random.Generator) -> Cloth:
    """Stretch and bending, shuffled so that Gauss-Seidel favours no direction."""
    faces, n = bag.faces, len(bag.position)
    rest = np.stack(
        [
            np.linalg.norm(bag.uv[np.roll(bag.triangle, -1, 1)[:, k]] - bag.uv[bag.triangle[:, k]], axis=1)
            for k in range(3)
        ],
        1,
    )
    half = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    handle = np.repeat(bag.panel[bag.triangle[:, 0]] >= HANDLE_FRONT, 3)
    code = np.sort(half, 1) @ [n, 1] + handle * n * n  # a handle keeps its own threads where it is sewn on
    _key, inverse, count = np.unique(code, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    first, last = order[np.cumsum(count) - count], order[np.cumsum(count) - 1]
    ends = half[first]
    lengths = rest.ravel()[first].copy()
    panel = bag.panel[bag.triangle[:, 0]][first // 3]
    other = bag.panel[bag.triangle[:, 0]][last // 3]
    seam = (panel != other) | ((count == 1) & (panel <= BACK))
    lengths *= 1 + hang.uneven * unevenness(bag, ends, rng)
    lengths[seam] *= hang.seam_shrink
    stiffness = hang.stretch_stiffness * np.where(panel >= HANDLE_FRONT, 4.0, 1.0) * np.where(seam, 2.0, 1.0)
    inner = np.flatnonzero((count == 2) & (panel == other))
    quads, weights, bend = bending(bag, cut, hang, rest, ends[inner], first[inner], last[inner])
    e, b = rng.permutation(len(ends)), rng.permutation(len(quads))
    return Cloth(ends[e], lengths[e] * 0.01, 1 / stiffness[e], quads[b], weights[b], bend[b])


def unevenness(bag: Bag, ends: I64, rng: np.random.Generator) -> F64:
    """(e,) smooth noise of unit deviation: no weave is quite even, and so it buckles a little."""
    first = np.zeros(len(bag.position), np.int64)
    first[bag.joint[::-1]] = np.arange(len(bag.uv))[::-1]
    at = bag.uv[first][ends].mean(1) + 100 * bag.panel[first][ends[:, :1]]
    waves = rng.normal(size=(48, 2)) * 2 * np.pi / 11.0
    values = np.cos(at @ waves.T + rng.uniform(0, 2 * np.pi, 48)).sum(1)
    return np.asarray(values / values.std())


def bending(
    bag: Bag, cut: Cut, hang: Hanging, rest: F64, edges: I64, first: I64, last: I64
) -> tuple[I64, F64, F64]:
    """Quads (b, 4) with cotangent weights and compliances (Bergou 2006)."""
    faces = bag.faces
    a, b, c = rest.T
    s = rest.sum(1) / 2
    area = np.sqrt(np.maximum(s * np.prod(s[:, None] - rest, axis=1), 1e-12))
    cot = np.stack([a * a + c * c - b * b, a * a + b * b - c * c, b * b + c * c - a * a], 1) / (
        4 * area[:, None]
    )
    quads, ends = [edges[:, 0], edges[:, 1]], []
    for halves in (first, last):
        f, q = halves // 3, halves % 3
        starts = faces[f, q] == edges[:, 0]
        at_a, at_b = np.where(starts, q, (q + 1) % 3), np.where(starts, (q + 1) % 3, q)
        ends.append((cot[f, at_a], cot[f, at_b]))
        quads.append(faces[f, (q + 2) % 3])
    (a0, b0), (a1, b1) = ends
    weights = np.stack([b0 + b1, a0 + a1, -a0 - b0, -a1 - b1], 1)
    middle = bag.uv[bag.triangle].mean(1)[:, 1][first // 3]
    panel = bag.panel[bag.triangle[:, 0]][first // 3]
    k = np.where(middle < cut.hem, hang.hem_bending, hang.bending)
    k = np.where(panel >= HANDLE_FRONT, hang.handle_bending, k)
    return np.stack(quads, 1), weights, (area[first // 3] + area[last // 3]) * 1e-4 / (3 * k)


def masses(bag: Bag, hang: Hanging) -> F64:
    """(joints,) 1/kg; handles are two layers."""
    a, b, c = bag.uv[bag.triangle].transpose(1, 0, 2)
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    layers = np.where(bag.panel[bag.triangle[:, 0]] >= HANDLE_FRONT, 2.5, 1.0)
    share = np.repeat(area * layers * 1e-4 * hang.density / 3, 3)
    return np.asarray(1 / np.bincount(bag.faces.ravel(), share, minlength=len(bag.position)))


def hang_up(bag: Bag, cut: Cut = CUT, hang: Hanging = HANGING) -> Bag:
    """The bag at rest."""
    rng = np.random.default_rng(hang.seed)
    cloth, w = constraints(bag, cut, hang, rng), masses(bag, hang)
    x, v = bag.position.copy(), np.zeros_like(bag.position)
    top = arch_height(cut.handle_from + cut.handle_width / 2, cut.handle_length - 2 * cut.sewn) * 0.01
    rod = np.array([[0.002, -0.1, top - hang.rod_m - 0.012, 0.0, 1.0, 0.0, 0.2, hang.rod_m, hang.rod_m]])
    obstacle = Obstacle(
        np.zeros((4, 4, 4), np.float32), np.full(3, 50.0), 0.01, np.repeat(rod, 2, 0), 0.001, hang.friction
    )
    near, gap = neighbourhood(bag), 0.0045
    layers, apart = facing(bag, cut, hang)
    pairs = np.empty((0, 2), np.int64)
    for f in range(hang.frames):
        if f % 2 == 0:
            pairs = close_pairs(x, near, gap)
        shake = hang.shake * np.exp(-f / 45)
        force = np.array([0.6 * shake * np.sin(f * 0.23), shake * np.cos(f * 0.17), -9.81])
        keep = 0.997 if f < 0.75 * hang.frames else 0.985
        motion = Motion(force, 1 / 60 / hang.substeps, hang.substeps, keep, 2.0)
        part_layers(x, v, layers, apart)
        frame(x, v, w, cloth, np.empty((0, 2), np.int64), np.empty(0), pairs, gap, obstacle, motion)
    return Bag(bag.uv, bag.panel, bag.joint, bag.triangle, x)


def facing(bag: Bag, cut: Cut, hang: Hanging) -> tuple[I64, F64]:
    """Joints of front and back that face each other (p, 2), and how far they stay apart."""
    x, y = lines(cut)
    ids = [bag.joint[bag.panel == panel].reshape(len(y), len(x)) for panel in (FRONT, BACK)]
    pairs = np.stack([ids[0].ravel(), ids[1][:, ::-1].ravel()], 1)
    seam = np.minimum(cut.width / 2 - np.abs(x)[None], cut.height - y[:, None]).ravel()
    free = pairs[:, 0] != pairs[:, 1]
    return pairs[free], (hang.apart_m * (1 - np.exp(-seam / 1.5)))[free]


def part_layers(x: F64, v: F64, pairs: I64, apart: F64) -> None:
    """Keep front before back: what the layers lack of their distance they get, each half of it, in place."""
    front, back = pairs.T
    lack = np.maximum(apart - (x[back, 1] - x[front, 1]), 0)
    x[front, 1] -= lack / 2
    x[back, 1] += lack / 2
    v[front, 1] = np.where(lack > 0, np.minimum(v[front, 1], 0), v[front, 1])
    v[back, 1] = np.where(lack > 0, np.maximum(v[back, 1], 0), v[back, 1])


def neighbourhood(bag: Bag) -> csr_matrix:
    """Joints within three edges of each other: they may be closer than the self-collision gap."""
    f, n = bag.faces, len(bag.position)
    i = np.concatenate([f.ravel(), np.roll(f, -1, 1).ravel()])
    j = np.concatenate([np.roll(f, -1, 1).ravel(), f.ravel()])
    one = coo_matrix((np.ones(len(i), np.float32), (i, j)), (n, n)).tocsr()
    two = one @ one + one
    return csr_matrix((two @ one + two).astype(bool))


def close_pairs(x: F64, near: csr_matrix, gap: float) -> I64:
    """Pairs (c, 2) of joints that are about to touch."""
    pairs = cKDTree(x).query_pairs(gap * 1.5, output_type="ndarray")
    apart = ~np.asarray(near[pairs[:, 0], pairs[:, 1]]).ravel() if len(pairs) else np.empty(0, bool)
    return np.asarray(pairs[apart].astype(np.int64)).reshape(-1, 2)


def main() -> None:
    """Hang and save."""
    start = time.perf_counter()
    bag = hang_up(build())
    DATA.mkdir(exist_ok=True)
    np.savez_compressed(
        DATA / "drape.npz",
        position=bag.position.astype(np.float32),
        uv=bag.uv.astype(np.float32),
        panel=bag.panel.astype(np.uint8),
        triangle=bag.triangle.astype(np.uint16),
        joint=bag.joint.astype(np.uint16),
    )
    print(f"{len(bag.position)} joints hung in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
