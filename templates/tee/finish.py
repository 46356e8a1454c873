"""From the drape to the garment that is rendered: `python templates/tee/finish.py` writes build/garment.npz.
Seam curves and surface are smoothed, the mesh is subdivided once, then thickness, normals and rim are set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from collar import Ring, ring_of, with_collar
from facings import with_facings
from folds import folded
from hems import evened_hems, pillowed
from numpy.typing import NDArray
from params import BUILD, COLLAR_FRONT, DATA, FINISH, ORIGINS, PANELS, FinishParams
from refine import finer
from slack import eased
from surface import Surface, calmed, drawn_tight, edges_of, normals
from tangles import untangled
from trims import with_trims

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def load(path: Path) -> Surface:
    """Read the drape as drape.py saves it, with the puckers of its refinement."""
    with np.load(path) as d:
        coarse = Surface(
            d["uv"].astype(float),
            d["panel"].astype(np.int64),
            d["joint"].astype(np.int64),
            d["triangle"].astype(np.int64),
            d["position"].astype(float),
        )
        s = finer(coarse)
        return replace(s, position=s.position + d["pucker"])


def thickness(s: Surface, p: FinishParams = FINISH) -> F64:
    """(joints,) m: what a panel is made of; a joint of two panels takes the thicker."""
    special = {"tape": p.tape_thickness_m, "label": p.label_thickness_m}
    special |= dict.fromkeys(("collar-front", "collar-back"), p.collar_thickness_m)
    own = np.array([special.get(name, p.thickness_m) for name in PANELS])[s.panel]
    result = np.zeros(len(s.position))
    np.maximum.at(result, s.joint, own)
    return result


def rim(s: Surface, atlas: F64, p: FinishParams = FINISH) -> tuple[I64, F64]:
    """Open border edges (e, 2) of split vertices and the atlas places (e, 2, 2) of their inner ends."""
    edges = edges_of(s.faces)
    face, corner = np.nonzero(edges.count[edges.of_half] == 1)
    start, end = s.triangle[face, corner], s.triangle[face, (corner + 1) % 3]
    along = atlas[end] - atlas[start]
    # triangles are clockwise in the y-down atlas: the island lies to the right of a half edge, seen y up
    away = np.stack([-along[:, 1], along[:, 0]], 1)
    sums = np.zeros_like(atlas)
    np.add.at(sums, start, away)
    np.add.at(sums, end, away)
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    pairs = np.stack([end, start], 1)
    return pairs, atlas[pairs] + unit[pairs] * p.rim_uv_cm


def finish(s: Surface, p: FinishParams = FINISH) -> dict[str, NDArray[np.generic]]:
    """The arrays of garment.npz (see tirage.mockup.mesh.Garment)."""
    s = pillowed(evened_hems(eased(untangled(_evened(s, p), p), p), p), p)
    ring = ring_of(s)
    s = _pressed(s, ring, p)
    s = with_trims(with_facings(with_collar(s, ring)), ring)
    atlas = s.uv + np.array([ORIGINS[name] for name in PANELS])[s.panel]
    border, border_uv = rim(s, atlas, p)
    return {
        "position": s.position[s.joint].astype(np.float32),
        "normal": normals(s)[s.joint].astype(np.float32),
        "uv": atlas.astype(np.float32),
        "triangle": s.triangle.astype(np.int32),
        "panel": s.panel.astype(np.uint8),
        "thickness": thickness(s, p)[s.joint].astype(np.float32),
        "rim": border.astype(np.int32),
        "rim_uv": border_uv.astype(np.float32),
    }


def _evened(s: Surface, p: FinishParams) -> Surface:
    """The drape with calm sides, drag lines, and armpits that do not pierce themselves."""
    front, back, *sleeves = (np.unique(s.joint[s.panel == k]) for k in range(COLLAR_FRONT))
    seam = np.intersect1d(front, back)
    ends = [np.intersect1d(seam, sleeve) for sleeve in sleeves]  # an armhole's top and its lowest point
    armpits = s.position[[joints[np.argmin(s.position[joints, 2])] for joints in ends]]
    side = seam[s.position[seam, 2] < armpits[:, 2].min() - p.side_m]
    even = calmed(s, s.position[side], p.side_m, p.side_passes)
    return drawn_tight(folded(even, p), armpits, p.armpit_m, p.armpit_passes)


def _pressed(s: Surface, ring: Ring, p: FinishParams) -> Surface:
    """Without the pinches that the collar's smooth ring leaves where the shoulder seams meet it."""
    collar = np.unique(s.joint[s.panel >= COLLAR_FRONT])
    ends = s.position[ring.joint[[0, ring.split]]]
    body = calmed(s, ends, p.neck_point_m, p.neck_point_passes)
    position = body.position.copy()
    position[collar] = s.position[collar]
    return replace(body, position=position)


def main() -> None:
    """Finish the shipped drape."""
    BUILD.mkdir(exist_ok=True)
    arrays = finish(load(DATA / "drape.npz"))
    np.savez_compressed(BUILD / "garment.npz", **arrays)  # type: ignore[arg-type]
    print(", ".join(f"{len(arrays[name])} of {name}" for name in ("position", "triangle", "rim")))


if __name__ == "__main__":
    main()
