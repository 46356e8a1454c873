"""From the drape to the bag that is rendered: `python templates/tote/finish.py` writes build/garment.npz.

Handles become a surface of their own that lies on the bag's; then thickness, hem and borders are set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from params import BACK, BUILD, CUT, DATA, FINISH, FRONT, HANDLE_BACK, HANDLE_FRONT, HERE, Finish
from scipy.spatial import cKDTree

from tirage.authoring.sheets import Sheet, garment, offset, part, subdivide, together
from tirage.authoring.source import Source
from tirage.mockup.mesh import Garment


def load(path: Path) -> Sheet:
    """The drape as drape.py saves it."""
    with np.load(path) as d:
        return Sheet(
            uv=d["uv"].astype(float),
            panel=d["panel"].astype(np.int64),
            joint=d["joint"].astype(np.int64),
            triangle=d["triangle"].astype(np.int64),
            position=d["position"].astype(float),
        )


def finish(drape: Sheet, p: Finish = FINISH) -> Garment:
    """The bag's arrays."""
    sides = [subdivide(part(drape, (panel,))) for panel in (FRONT, BACK)]  # apart: their seams are creases
    handles = [
        offset(subdivide(subdivide(part(drape, (panel,)))), p.handle_m + 1e-4)
        for panel in (HANDLE_FRONT, HANDLE_BACK)
    ]
    bag = together([*sides, *handles])
    hem = (bag.uv[:, 1] < CUT.hem) & (bag.panel <= BACK)
    thick = np.where(bag.panel >= HANDLE_FRONT, p.handle_m, np.where(hem, p.hem_m, p.canvas_m))
    thick = np.minimum(thick, room(bag))
    origins = list(Source.open(HERE).origins.values())
    return garment(bag, origins=origins, thickness=thick, rim_cm=p.rim_cm)


def room(bag: Sheet) -> NDArray[np.float64]:
    """(n,) m: how thick the cloth can be before front and back meet inside; none at a seam,
    where it would come out on the other side."""
    at = bag.position[bag.joint]
    result = np.full(len(at), np.inf)
    for own, other in ((FRONT, BACK), (BACK, FRONT)):
        own_at, other_at = at[bag.panel == own], at[bag.panel == other]
        result[bag.panel == own] = 0.45 * cKDTree(other_at).query(own_at)[0]
    return result


def main() -> None:
    """Finish the drape that ships."""
    BUILD.mkdir(exist_ok=True)
    bag = finish(load(DATA / "drape.npz"))
    bag.save(BUILD / "garment.npz")
    print(f"{len(bag.position)} points, {len(bag.triangle)} triangles, {len(bag.rim)} border edges")


if __name__ == "__main__":
    main()
