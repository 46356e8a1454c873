"""Builds the framed poster: `python templates/poster/model.py` writes build/garment.npz.

Front at -y, the middle of the frame at the origin; all lengths are true but for the frame's narrow bevels."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from params import BUILD, HERE, POSTER, Poster

from tirage.authoring.forms import Patch, along, arc, rotate, solid
from tirage.authoring.source import Source

F64 = NDArray[np.float64]
NARROWEST_CM = 0.7  # on the atlas: six texels of light for a bevel
RAIL_GAP_CM = 1.2
BEVEL_SHORTER = 0.45  # the mat's bevels on the atlas, where they lie inside its window
LENGTHWISE = 24


def profile(p: Poster) -> list[F64]:
    """The rail's section as pieces (n, 2) of (inwards from the outer edge, forwards from the back), from the
    back's inner edge around the outside to the mat."""
    r, s, mat = p.round, p.inner_round, p.depth - p.lip
    corners = [
        arc((r, r), r, 270, 180, 5),
        arc((r, p.depth - r), r, 180, 90, 7),
        arc((p.rail - s, p.depth - s), s, 90, 0, 5),
    ]
    inner_back = np.array([p.back_rail, p.board_recess - 0.1])
    ends = [np.array([p.back_rail, 0.0]), *(point for c in corners for point in (c[0], c[-1]))]
    ends.append(np.array([p.rail, mat]))
    flats = [np.stack(ends[i : i + 2]) for i in range(0, len(ends), 2)]
    pieces = [np.stack([inner_back, ends[0]])]
    for flat, corner in zip(flats, [*corners, None], strict=True):
        pieces += [flat] if corner is None else [flat, corner]
    return pieces


def rail(p: Poster, length: float, top: float, place: float, name: str) -> list[Patch]:
    """The upper rail of a frame `length` wide whose upper edge lies at `top`; place: its uv's y."""
    patches, y = [], place
    for piece in profile(p):
        count = max(2, len(piece))
        true = along(piece)
        across = true * max(1.0, NARROWEST_CM / true[-1])
        reach = (length / 2 - piece[:, 0])[:, None]
        x = np.linspace(-1, 1, LENGTHWISE) * reach
        z = np.broadcast_to((top - piece[:, 0])[:, None], x.shape)
        depth = np.broadcast_to((p.depth / 2 - piece[:, 1])[:, None], x.shape)
        v = np.broadcast_to((y + across)[:, None], x.shape)
        patches.append(
            Patch(
                panel="frame",
                position=np.stack([x, depth, z], -1) * 0.01,
                uv=np.stack([x + length / 2, v], -1),
                surface=name if count > 2 else f"{name} {len(patches)}",
                normal=_normals(piece, x.shape[1]),
            )
        )
        y += across[-1]
    return patches


def _normals(piece: F64, columns: int) -> F64:
    """A section's outward normals, the same along the rail, (n, columns, 3)."""
    step = np.gradient(piece, axis=0)
    out = np.stack([np.zeros(len(piece)), -step[:, 0], step[:, 1]], 1)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return np.repeat(out[:, None], columns, 1)


def frame(p: Poster) -> list[Patch]:
    """Four rails, mitred at the corners."""
    width, height = p.outside
    high = sum(max(NARROWEST_CM, along(piece)[-1]) for piece in profile(p)) + RAIL_GAP_CM
    patches: list[Patch] = []
    for turn, (length, across) in enumerate(((width, height), (height, width)) * 2):
        rows = rail(p, length, across / 2, turn * high, f"rail {turn}")
        patches += [rotate(patch, (0, 1, 0), 90 * turn) for patch in rows]
    return patches


def sheet(panel: str, box: tuple[float, float, float, float], depth: float, *, back: bool = False) -> Patch:
    """A flat rectangle (left, top, right, bottom as one looks at it, y up, cm), `depth` from the back."""
    left, top, right, bottom = box
    x, z = np.meshgrid(np.linspace(left, right, 5), np.linspace(top, bottom, 5))
    y = np.full_like(x, depth)
    place = np.stack([-x if back else x, POSTER.depth / 2 - y, z], -1) * 0.01
    return Patch(panel=panel, position=place, uv=np.stack([x, top - z], -1))


def mat(p: Poster) -> list[Patch]:
    """The mat in four mitred pieces, and the white bevel around its window."""
    level = p.depth - p.lip
    (width, height), (inner_w, inner_h) = p.mat, p.picture
    bevel = p.mat_thickness
    patches = []
    for turn in range(4):
        wide, high = (width, height) if turn % 2 == 0 else (height, width)
        in_w, in_h = (inner_w, inner_h) if turn % 2 == 0 else (inner_h, inner_w)
        rows = [  # half width, height above the middle, depth
            (wide / 2, high / 2, level),
            (in_w / 2 + bevel, in_h / 2 + bevel, level),
            (in_w / 2, in_h / 2, level - bevel),
        ]
        for number, (upper, lower) in enumerate(itertools.pairwise(rows)):
            grid = [
                [(a * t, p.depth / 2 - d, z) for t in np.linspace(-1, 1, LENGTHWISE)]
                for a, z, d in (upper, lower)
            ]
            position = np.array(grid) * 0.01
            patches.append(
                rotate(
                    Patch(panel="mat", position=position, uv=_mat_uv(p, turn, number, upper, lower)),
                    (0, 1, 0),
                    90 * turn,
                )
            )
    return patches


def _mat_uv(
    p: Poster, turn: int, number: int, upper: tuple[float, float, float], lower: tuple[float, float, float]
) -> F64:
    """The mat's face lies on the atlas as it hangs; the bevels are strips in its window, wider, shorter."""
    t = np.linspace(-1, 1, LENGTHWISE)
    if number == 0:
        flat = np.array([[(a * x, z) for x in t] for a, z, _ in (upper, lower)])
        angle = np.radians(90 * turn)
        c, s = np.round(np.cos(angle)), np.round(np.sin(angle))
        x, z = flat[..., 0], flat[..., 1]
        return np.stack([x * c + z * s, p.mat[1] / 2 - (z * c - x * s)], -1)
    strip = np.array(
        [
            [(BEVEL_SHORTER * a * x, row * NARROWEST_CM) for x in t]
            for row, (a, _, _) in enumerate((upper, lower))
        ]
    )
    middle = np.array([0.0, p.mat[1] / 2])
    if turn % 2:  # the long ones lie upright at the window's sides
        return np.stack([strip[..., 1], -strip[..., 0]], -1) + middle + [10.0 * (turn - 2), 0.0]
    return strip + middle + [0.0, 3.0 * (turn - 1)]


def hanger(p: Poster) -> list[Patch]:
    """A sawtooth hanger's plate and two picture plates on the board."""
    patches = []
    for number, (x, z, wide, high) in enumerate(
        (
            (0.0, p.mat[1] / 2 - 1.7, 5.6, 1.1),
            (-9.0, -p.mat[1] / 2 + 0.9, 1.0, 2.2),
            (9.0, -p.mat[1] / 2 + 0.9, 1.0, 2.2),
        )
    ):
        low, top = p.board_recess, 0.16
        for size, level, outer, at in (
            ((wide, high), (top, top), None, 0),
            ((wide, high), (top, low), 0.08, 1),
        ):
            patches += _plate(p, number, x, z, size, level, outer, at)
    return patches


def _plate(
    p: Poster,
    number: int,
    x: float,
    z: float,
    size: tuple[float, float],
    level: tuple[float, float],
    grow: float | None,
    at: int,
) -> list[Patch]:
    half = np.array(size) / 2
    place = np.array([number * 8.5 + 3.0, at * 3.4 + 1.4])
    if grow is None:
        u, v = np.meshgrid(np.linspace(-half[0], half[0], 3), np.linspace(half[1], -half[1], 3))
        position = np.stack([-(x + u), np.full_like(u, p.depth / 2 - level[0]), z + v], -1) * 0.01
        return [Patch(panel="hanger", position=position, uv=np.stack([u, -v], -1) + place)]
    patches = []
    for turn in range(4):
        wide, high = half if turn % 2 == 0 else half[::-1]
        t = np.array([-1.0, 1.0])
        outer = np.stack([t * (wide + grow), np.full(2, level[1]), np.full(2, high + grow)], -1)
        inner = np.stack([t * wide, np.full(2, level[0]), np.full(2, high)], -1)
        grid = np.stack([outer, inner])
        position = np.stack([-grid[..., 0], p.depth / 2 - grid[..., 1], grid[..., 2]], -1)
        uv = np.stack([grid[..., 0], np.array([[0.0, 0.0], [NARROWEST_CM] * 2])], -1)
        patch = rotate(
            Patch(panel="hanger", position=position, uv=uv + place + [0.0, turn * 1.3]), (0, 1, 0), -90 * turn
        )
        place_m = (patch.position + np.array([-x, 0, z])) * 0.01
        patches.append(Patch(panel="hanger", position=place_m, uv=patch.uv))
    return patches


def poster(p: Poster = POSTER) -> list[Patch]:
    """All patches."""
    (width, height), margin = p.picture, p.paper_margin
    paper = sheet(
        "print",
        (-width / 2 - margin, height / 2 + margin, width / 2 + margin, -height / 2 - margin),
        p.depth - p.lip - p.mat_thickness,
    )
    paper = Patch(panel="print", position=paper.position, uv=paper.uv - [0.0, margin])
    inner = [size / 2 - p.back_rail for size in p.outside]
    board = sheet("board", (-inner[0], inner[1], inner[0], -inner[1]), p.board_recess - 0.1, back=True)
    return [paper, *mat(p), *frame(p), board, *hanger(p)]


def main() -> None:
    """Write the garment."""
    BUILD.mkdir(exist_ok=True)
    garment = solid(poster(), Source.open(HERE).origins)
    garment.save(BUILD / "garment.npz")
    print(f"{len(garment.position)} points, {len(garment.triangle)} triangles")


if __name__ == "__main__":
    main()
