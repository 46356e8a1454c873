"""The pattern as one body of cloth: vertices joined over panels, starting positions around the mannequin,
masses and the solver's constraints. Flat centimetres in, metres out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mannequin
import numpy as np
from numpy.typing import NDArray
from params import COLLAR_FRONT, DETAIL, DRAPE, FINISH, PANELS, PATTERN, SEWN, DrapeParams
from pattern import Panel, Pattern
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from solver import Cloth

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """All panels in one mesh, vertices split at panel borders; `joint` (n,) names the point of cloth each is.

    uv (n, 2) panel cm · panel (n,) · triangle (m, 3) · rest (m, 3) cm lengths of edges 01, 12, 20 ·
    position (joints, 3) m · threads (s, 2) joints still to be sewn together."""

    uv: F64
    panel: I64
    triangle: I64
    rest: F64
    joint: I64
    position: F64
    threads: I64

    @property
    def faces(self) -> I64:
        """Triangles (m, 3) between joints."""
        return np.asarray(self.joint[self.triangle])

    @property
    def face_panel(self) -> I64:
        """Panel (m,) of every triangle."""
        return np.asarray(self.panel[self.triangle[:, 0]])


def assemble(pattern: Pattern, p: DrapeParams = DRAPE) -> Piece:
    """Lay the flat panels around the mannequin; collars are attached, the rest waits to be sewn."""
    starts = np.cumsum([0] + [len(q.points) for q in pattern.panels])
    offset = dict(zip(SEWN, starts[:-1].tolist(), strict=True))
    uv = np.concatenate([q.points for q in pattern.panels])
    panel = np.concatenate([np.full(len(q.points), i) for i, q in enumerate(pattern.panels)])
    triangle = np.concatenate([q.triangles + offset[q.name] for q in pattern.panels])
    rest = np.concatenate([_edge_lengths(q.rest, q.triangles) for q in pattern.panels])
    seams = [(s.attached, np.stack([s.a_ids + offset[s.a], s.b_ids + offset[s.b]], 1)) for s in pattern.seams]
    position = _place(pattern, p)
    piece = Piece(uv, panel, triangle, rest, np.arange(len(uv)), position, np.empty((0, 2), np.int64))
    piece = join(piece, np.concatenate([s for attached, s in seams if attached]))
    threads = piece.joint[np.concatenate([s for attached, s in seams if not attached])]
    return replace(piece, threads=threads)


def join(piece: Piece, pairs: I64) -> Piece:
    """Make each pair of joints (s, 2) one, at the mean of their positions."""
    n = len(piece.position)
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (n, n))
    _, label = connected_components(graph, directed=False)
    size = np.bincount(label)
    position = np.stack([np.bincount(label, piece.position[:, k]) / size for k in range(3)], 1)
    joint = label[piece.joint].astype(np.int64)
    return replace(piece, joint=joint, position=position, threads=np.empty((0, 2), np.int64))


def _place(pattern: Pattern, p: DrapeParams) -> F64:
    """Starting positions (n, 3) m of every vertex: body panels are shells, sleeves tubes, collars upright."""
    panels = {q.name: q for q in pattern.panels}
    parts = [_shell(panels["front"], -1), _shell(panels["back"], 1)]
    parts += [_tube(panels["sleeve-left"], 1, p), _tube(panels["sleeve-right"], -1, p)]
    for body, side, shell in (("front", -1, parts[0]), ("back", 1, parts[1])):
        neck = shell[panels[body].borders["neckline", "L"]]
        parts.append(_upright(panels[f"collar-{body}"], neck, side))
    return np.concatenate(parts) * 0.01


def _shell(q: Panel, side: int) -> F64:
    x, y = q.points.T
    high = q.points[q.borders["shoulder", "R"], 1].min()
    bend = (np.abs(x) / 26) ** 2 * 7
    return np.stack([-side * x, side * (16 - bend), high - y + 1.5], 1)


def _tube(q: Panel, side: int, p: DrapeParams) -> F64:
    u = mannequin.arm_direction(side, p.arm_start_deg)
    outwards = np.array([-side * u[2], 0, abs(u[0])])
    outwards /= np.linalg.norm(outwards)
    radius = np.interp(q.points[:, 1], [PATTERN.cap_height, PATTERN.sleeve_length], p.tube_cm)[:, None]
    turn = q.points[:, :1] * side / radius
    along = (q.points[:, 1] + 2.0)[:, None]
    joint = mannequin.SHOULDER * [side, 1, 1]
    ring = np.cos(turn) * outwards + np.sin(turn) * np.array([0, 1.0, 0])
    return np.asarray(joint + u * along + radius * ring)


def _upright(q: Panel, neck: F64, side: int) -> F64:
    rows = len(q.points) // len(neck)
    t = np.linspace(0, 1, rows)[:, None]
    height = PATTERN.collar_width * t
    place = np.stack(
        [neck[:, 0] * (1 - 0.12 * t), neck[:, 1] - side * height * 0.5, neck[:, 2] + height * 0.8], -1
    )
    return place.reshape(-1, 3)


def _edge_lengths(points: F64, triangles: I64) -> F64:
    ends = ((0, 1), (1, 2), (2, 0))
    return np.stack(
        [np.linalg.norm(points[triangles[:, b]] - points[triangles[:, a]], axis=1) for a, b in ends], 1
    )


def face_areas(rest: F64) -> F64:
    """Heron's areas (m,) from edge lengths (m, 3), in the lengths' unit squared."""
    s = rest.sum(1) / 2
    return np.asarray(np.sqrt(np.maximum(s * np.prod(s[:, None] - rest, axis=1), 1e-12)))


def inverse_masses(piece: Piece, p: DrapeParams = DRAPE) -> F64:
    """(joints,) 1/kg."""
    share = np.repeat(face_areas(piece.rest) * 1e-4 * p.density / 3, 3)
    return np.asarray(1 / np.bincount(piece.faces.ravel(), share, minlength=len(piece.position)))


def hem_faces(piece: Piece) -> NDArray[np.bool_]:
    """(m,) triangles inside a folded hem."""
    middle = piece.uv[piece.triangle].mean(1)[:, 1]
    hem = np.array([PATTERN.hem_y.get(name, np.inf) for name in PANELS])
    return np.asarray(middle > hem[piece.face_panel] - FINISH.hem_cm)


def constraints(piece: Piece, p: DrapeParams, rng: np.random.Generator) -> Cloth:
    """Stretch and bending constraints, shuffled so that Gauss-Seidel favours no direction."""
    faces, n = piece.faces, len(piece.position)
    half = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    low, high = half.min(1), half.max(1)
    key, inverse, count = np.unique(low * n + high, return_inverse=True, return_counts=True)
    face = np.repeat(np.arange(len(faces)), 3)
    order = np.argsort(inverse, kind="stable")
    first = order[np.cumsum(count) - count]
    second = order[np.cumsum(count) - 1]  # the same half edge at a border
    rest = np.bincount(inverse, piece.rest.ravel()) / count
    lengths, stiffness = _sewn(piece, p, rest, face[first], face[second], _needled(piece)[first])
    edges = np.stack([key // n, key % n], 1)
    inner = np.flatnonzero(count == 2)
    quads, weights, bend = _bending(piece, p, edges[inner], first[inner], second[inner])
    e, b = rng.permutation(len(edges)), rng.permutation(len(quads))
    return Cloth(edges[e], lengths[e] * 0.01, 1 / stiffness[e], quads[b], weights[b], bend[b])


def _needled(piece: Piece) -> NDArray[np.bool_]:
    """(3 m,) half edges along a hem's needle rows."""
    hem = np.array([PATTERN.hem_y.get(name, np.inf) for name in PANELS])[piece.panel] - piece.uv[:, 1]
    row = np.abs(hem[:, None] - DETAIL.hem_rows).min(1) < 0.02
    return np.asarray((row[piece.triangle] & row[np.roll(piece.triangle, -1, 1)]).ravel())


def _sewn(
    piece: Piece, p: DrapeParams, rest: F64, first: I64, second: I64, needled: NDArray[np.bool_]
) -> tuple[F64, F64]:
    """Rest lengths (cm) and stiffness of edges: what is sewn is a little short and twice as stiff."""
    a, b = piece.face_panel[first], piece.face_panel[second]
    collar = np.maximum(a, b) >= COLLAR_FRONT
    stiffness = np.where(collar, p.collar_stiffness, p.stretch_stiffness)
    seam = (a != b) & ~collar & (len(piece.threads) == 0)
    hem = needled | ((first == second) & ~collar & hem_faces(piece)[first])
    lengths = rest * np.where(seam, p.seam_shrink, 1.0) * np.where(hem, p.hem_shrink, 1.0)
    return lengths, stiffness * np.where(seam | hem, 2.0, 1.0)


def _bending(piece: Piece, p: DrapeParams, edges: I64, first: I64, second: I64) -> tuple[I64, F64, F64]:
    """Quads (b, 4): both ends and both far corners of an inner edge; weights from the flat cotangents."""
    faces, areas = piece.faces, face_areas(piece.rest)
    a, b, c = piece.rest.T  # 01, 12, 20; the cotangent of corner 0 lies between 01 and 20
    opposite = np.stack([a * a + c * c - b * b, a * a + b * b - c * c, b * b + c * c - a * a], 1)
    cot = opposite / (4 * areas[:, None])
    quads, ends = [edges[:, 0], edges[:, 1]], []
    for half in (first, second):
        f, q = half // 3, half % 3
        starts = faces[f, q] == edges[:, 0]
        at_a, at_b = np.where(starts, q, (q + 1) % 3), np.where(starts, (q + 1) % 3, q)
        ends.append((cot[f, at_a], cot[f, at_b]))
        quads.append(faces[f, (q + 2) % 3])
    (a0, b0), (a1, b1) = ends
    weights = np.stack([b0 + b1, a0 + a1, -a0 - b0, -a1 - b1], 1)
    stiff = np.where(hem_faces(piece), p.hem_bending, p.bending)
    stiff = np.where(piece.face_panel >= COLLAR_FRONT, p.collar_bending, stiff)
    k = np.maximum(stiff[first // 3], stiff[second // 3])
    return np.stack(quads, 1), weights, (areas[first // 3] + areas[second // 3]) * 1e-4 / (3 * k)
