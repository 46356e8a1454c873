"""Sew and drape the tee on the mannequin: `python templates/tee/drape.py` writes data/drape.npz.
Flat panels are sewn, settle while the arms fall, and are lifted once to find their natural folds."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import mannequin
import numpy as np
import pattern
from cloth import Piece, assemble, constraints, inverse_masses, join
from numpy.typing import NDArray
from params import (
    BUILD,
    CANDIDATES,
    COLLAR_FRONT,
    DATA,
    DRAPE,
    FINISH,
    PATTERN,
    SLEEVE_LEFT,
    SLEEVE_RIGHT,
    DrapeParams,
    PatternParams,
)
from refine import neckline, refined
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial import cKDTree
from solver import Cloth, Motion, Obstacle, frame

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
NO_PAIRS = np.empty((0, 2), np.int64)
NO_LENGTHS = np.empty(0)


@dataclass(slots=True)
class State:
    """Positions (m) and velocities (m/s) of the joints while the cloth moves."""

    x: F64
    v: F64
    rng: np.random.Generator


def drape(shape: PatternParams = PATTERN, p: DrapeParams = DRAPE) -> tuple[Piece, Piece]:
    """The sewn and settled piece and its refinement; deterministic for given parameters."""
    body = mannequin.build()
    rng = np.random.default_rng(p.seed)
    piece = assemble(pattern.build(shape), p)
    state = State(piece.position.copy(), np.zeros_like(piece.position), rng)
    _sew(piece, state, body, p)
    piece = join(replace(piece, position=state.x), piece.threads)
    state = State(piece.position.copy(), np.zeros_like(piece.position), rng)
    _settle(piece, state, body, shape, p)
    _relax(piece, state, body, shape, p)
    piece = replace(piece, position=state.x.astype(np.float32).astype(float))
    fine = refined(piece)
    state = State(fine.position.copy(), np.zeros_like(fine.position), rng)
    _pucker(fine, state, body, shape, p)
    return piece, replace(fine, position=state.x)


def _obstacle(
    body: mannequin.Body, p: DrapeParams, angle: float, twist: float, friction: float, bent: float = 1.0
) -> Obstacle:
    arm = replace(p.arm, bends=tuple(bent * b for b in p.arm.bends))
    arms = mannequin.arms(arm, left_deg=angle - twist, right_deg=angle + twist)
    arms[:, [0, 1, 2, 6, 7, 8]] *= 0.01
    distance = body.distance * np.float32(0.01)
    return Obstacle(distance, body.low * 0.01, body.step * 0.01, arms, p.contact, friction)


def _sew(piece: Piece, state: State, body: mannequin.Body, p: DrapeParams) -> None:
    """Pull the seams together over a weak gravity."""
    cloth, w = constraints(piece, p, state.rng), inverse_masses(piece, p)
    ends = state.x[piece.threads]
    start = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
    obstacle = _obstacle(body, p, p.arm_start_deg, 0.0, 0.1, bent=0.0)
    motion = Motion(np.array([0.0, 0.0, -0.5]), 1 / 60 / p.substeps, p.substeps, 0.98, 3.0)
    for f in range(p.sew_frames):
        lengths = start * max(0.0, 1 - (f + 1) / (p.sew_frames * 0.8))
        frame(state.x, state.v, w, cloth, piece.threads, lengths, NO_PAIRS, 0.0, obstacle, motion)


def _settle(piece: Piece, state: State, body: mannequin.Body, shape: PatternParams, p: DrapeParams) -> None:
    cloth, w = constraints(piece, p, state.rng), inverse_masses(piece, p)
    near = _neighbourhood(piece)
    gap = 0.75 * shape.edge * 0.01
    collar = np.unique(piece.joint[piece.panel >= COLLAR_FRONT])
    cuffs, push = _cuffs(piece, shape, p)
    move = np.zeros_like(state.x)
    cuffs_at, cuff_frames = round(p.cuffs_from * p.settle_frames), round(p.cuffs_for * p.settle_frames)
    ring_at, ring_frames = round(p.ring_from * p.settle_frames), round(p.ring_for * p.settle_frames)
    for f in range(p.settle_frames):
        pairs = _close_pairs(state.x, near, gap)
        done = f / p.settle_frames
        lifting = p.lift_from < done < p.lift_from + p.lift_for
        weight = w.copy()
        if lifting or f >= ring_at:
            state.v[collar] = weight[collar] = 0
        if f >= cuffs_at:
            state.v[cuffs] = weight[cuffs] = 0
        if cuffs_at <= f < cuffs_at + cuff_frames:
            state.x[cuffs] += push / cuff_frames
        if f == ring_at:
            move = _to_ring(piece, state.x, p) / ring_frames
        if ring_at <= f < ring_at + ring_frames:
            state.x += move
        _step(state, weight, cloth, pairs, gap, body, p, f)


def _relax(piece: Piece, state: State, body: mannequin.Body, shape: PatternParams, p: DrapeParams) -> None:
    """Take the stretch out of what hangs from the shoulders: weak gravity around slimmer arms."""
    cloth = constraints(piece, p, np.random.default_rng(p.seed))
    w, slim = inverse_masses(piece, p), tuple(r * p.relaxed_arm for r in p.arm.radii)
    w[np.unique(piece.joint[piece.panel >= COLLAR_FRONT])] = 0
    w[_cuffs(piece, shape, p)[0]] = 0
    near, gap = _neighbourhood(piece), 0.75 * shape.edge * 0.01
    motion = Motion(np.array([0.0, 0.0, -2.0]), 1 / 60 / p.fine_substeps, p.fine_substeps, 0.998, 0.5)
    slimmer = replace(p, arm=replace(p.arm, radii=slim))
    obstacle = _obstacle(body, slimmer, p.arm_end_deg, p.arm_twist_deg, 0.1)
    state.v[:] = 0
    for _ in range(p.relax_frames):
        pairs = _close_pairs(state.x, near, gap)
        frame(state.x, state.v, w, cloth, NO_PAIRS, NO_LENGTHS, pairs, gap, obstacle, motion)


def _cuffs(piece: Piece, shape: PatternParams, p: DrapeParams) -> tuple[I64, F64]:
    """The joints (k,) of sleeves' hems, which sit fast on the arm, and how far they are pushed up it
    (k, 3) m, so that the sleeve buckles above them; none where cuffs hang free."""
    band = piece.uv[:, 1] > shape.sleeve_length - FINISH.hem_cm - 0.1
    hem = band & np.isin(piece.panel, (SLEEVE_LEFT, SLEEVE_RIGHT))
    cuffs = np.unique(piece.joint[hem & (p.cuffs_up_cm > 0)])
    bend, angle, twist = sum(p.arm.bends), p.arm_end_deg, p.arm_twist_deg
    left = mannequin.arm_direction(1, angle - twist, bend)
    right = mannequin.arm_direction(-1, angle + twist, bend)
    up = -np.where(piece.position[cuffs, :1] > 0, left, right)
    return cuffs, 0.01 * p.cuffs_up_cm * up


def _to_ring(piece: Piece, x: F64, p: DrapeParams) -> F64:
    """(joints, 3) m: how the collar moves for its seam to become a smooth closed curve; else zero."""
    loop = neckline(piece.joint, piece.uv, piece.panel)
    curve = x[loop]
    ring = _smooth_ring(curve, p.ring_harmonics)
    move = np.zeros_like(x)
    collar = np.unique(piece.joint[piece.panel >= COLLAR_FRONT])
    _, nearest = cKDTree(curve).query(x[collar])
    move[collar] = (ring - curve)[nearest]
    move[loop] = ring - curve
    return move


def _smooth_ring(curve: F64, harmonics: int, even: int = 256) -> F64:
    """A closed curve (n, 3) less its waves above `harmonics`, at the same parts of its length."""
    step = np.linalg.norm(np.roll(curve, -1, 0) - curve, axis=1)
    part = np.r_[0, np.cumsum(step)] / step.sum()
    closed = np.concatenate([curve, curve[:1]])
    where = np.arange(even + 1) / even
    samples = np.stack([np.interp(where[:-1], part, closed[:, k]) for k in range(3)], 1)
    waves = np.fft.rfft(samples, axis=0)
    waves[harmonics + 1 :] = 0
    ring = np.fft.irfft(waves, even, axis=0)
    ring = np.concatenate([ring, ring[:1]])
    return np.stack([np.interp(part[:-1], where, ring[:, k]) for k in range(3)], 1)


def _pucker(piece: Piece, state: State, body: mannequin.Body, shape: PatternParams, p: DrapeParams) -> None:
    """Let threads, a little short, gather the finer cloth; weak gravity, so that it keeps its folds."""
    cloth, w = constraints(piece, p, state.rng), inverse_masses(piece, p)
    w[np.unique(piece.joint[piece.panel >= COLLAR_FRONT])] = 0
    w[_cuffs(piece, shape, p)[0]] = 0
    near, gap = _neighbourhood(piece), 0.75 * shape.edge * 0.005
    motion = Motion(np.array([0.0, 0.0, -4.0]), 1 / 60 / p.fine_substeps, p.fine_substeps, 0.98, 0.5)
    obstacle = _obstacle(body, p, p.arm_end_deg, p.arm_twist_deg, p.friction_after_lift)
    pairs = NO_PAIRS
    for f in range(p.fine_frames):
        if f % 2 == 0:
            pairs = _close_pairs(state.x, near, gap)
        frame(state.x, state.v, w, cloth, NO_PAIRS, NO_LENGTHS, pairs, gap, obstacle, motion)


def _step(
    state: State, w: F64, cloth: Cloth, pairs: I64, gap: float, body: mannequin.Body, p: DrapeParams, f: int
) -> None:
    """One settling frame: arms fall, a shake dies away, gravity turns round during the lift."""
    done = f / p.settle_frames
    q = min(1.0, done / 0.4)
    q = q * q * (3 - 2 * q)
    angle = p.arm_start_deg + (p.arm_end_deg - p.arm_start_deg) * q
    friction = p.friction if done < p.lift_from else p.friction_after_lift
    gravity = p.lift_gravity if p.lift_from < done < p.lift_from + p.lift_for else 9.81
    shake = p.shake * np.exp(-f / 40)
    x, y = p.lean
    force = np.array([x + shake * np.sin(f * 0.25), y + shake * 0.7 * np.cos(f * 0.19), -gravity])
    motion = Motion(force, 1 / 60 / p.substeps, p.substeps, 0.9985 if done <= 0.8 else 0.985, 2.0)
    obstacle = _obstacle(body, p, angle, p.arm_twist_deg * q, friction, q)
    frame(state.x, state.v, w, cloth, NO_PAIRS, NO_LENGTHS, pairs, gap, obstacle, motion)


def _neighbourhood(piece: Piece) -> csr_matrix:
    """Joints within two edges of each other: they may be closer than the self-collision gap."""
    f, n = piece.faces, len(piece.position)
    i = np.concatenate([f.ravel(), np.roll(f, -1, 1).ravel()])
    j = np.concatenate([np.roll(f, -1, 1).ravel(), f.ravel()])
    one = coo_matrix((np.ones(len(i), np.float32), (i, j)), (n, n)).tocsr()
    return csr_matrix((one @ one + one).astype(bool))


def _close_pairs(x: F64, near: csr_matrix, gap: float) -> I64:
    pairs = cKDTree(x).query_pairs(gap * 1.5, output_type="ndarray")
    if len(pairs) == 0:
        return NO_PAIRS
    apart = ~np.asarray(near[pairs[:, 0], pairs[:, 1]]).ravel()
    return np.asarray(pairs[apart].astype(np.int64))


def save(piece: Piece, fine: Piece, path: Path) -> None:
    """The drape as it ships: joints in metres, the flat mesh in panel centimetres, and by how much the
    refinement's joints moved."""
    np.savez_compressed(
        path,
        position=piece.position.astype(np.float32),
        uv=piece.uv.astype(np.float32),
        panel=piece.panel.astype(np.uint8),
        triangle=piece.triangle.astype(np.uint16),
        joint=piece.joint.astype(np.uint16),
        pucker=(fine.position - refined(piece).position).astype(np.float16),
    )


def make(path: Path, p: DrapeParams = DRAPE) -> None:
    """Drape and save."""
    start = time.perf_counter()
    piece, fine = drape(p=p)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(piece, fine, path)
    print(f"{path.name}: {len(fine.position)} joints in {time.perf_counter() - start:.0f} s")


def main() -> None:
    """The drape that ships, or those among which it was chosen (finish.py and preview show them)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", action="store_true", help="drape all of them into build/candidates")
    if parser.parse_args().candidates:
        for name, change in CANDIDATES.items():
            make(BUILD / "candidates" / f"{name}.npz", replace(DRAPE, **change))  # type: ignore[arg-type]
    else:
        make(DATA / "drape.npz")


if __name__ == "__main__":
    main()
