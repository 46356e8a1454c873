"""Grain and fibres over the atlas: `python templates/poster/detail.py` writes build/detail.png.

The frame's wood runs along its rails, each cut from another board; the backing board is pressed fibre."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from params import BUILD, HERE, WOOD, Wood
from scipy.ndimage import distance_transform_edt, gaussian_filter

from tirage.authoring.source import Source
from tirage.mockup.mesh import Garment

F64 = NDArray[np.float64]


def islands(garment: Garment, panel: int, scale: float, size: int) -> NDArray[np.uint8]:
    """(size, size) the number of the island that each pixel shows, 0 between them."""
    mask = np.zeros((size, size), np.uint8)
    chosen = garment.triangle[garment.panel[garment.triangle[:, 0]] == panel]
    for corners in garment.uv[chosen]:
        cv2.fillConvexPoly(mask, np.rint(corners * scale * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    count, labels = cv2.connectedComponents(mask)
    assert count < 256
    return labels.astype(np.uint8)


def noise(rng: np.random.Generator, shape: tuple[int, int], along_px: float, across_px: float) -> F64:
    """Smooth noise of unit deviation, stretched along the rows."""
    field = gaussian_filter(rng.normal(size=shape), (across_px, along_px), mode="wrap")
    return np.asarray(field / field.std())


def grain(rng: np.random.Generator, shape: tuple[int, int], scale: float, p: Wood) -> F64:
    """1 and less: growth rings that wander along the board, and dark pores in them."""
    y = np.arange(shape[0])[:, None] / scale
    wander = 0.35 * noise(rng, shape, 9 * scale, 1.2 * scale)
    rings = np.cos(2 * np.pi * p.rings_per_cm * (y + wander) + 2 * noise(rng, shape, 14 * scale, 0.5 * scale))
    streaks = noise(rng, shape, 2.2 * scale, 0.016 * scale)
    pores = np.clip(noise(rng, shape, 0.5 * scale, 0.012 * scale) - 1.5, 0, 1.5)
    dark = p.ring_dark * (0.5 + 0.5 * rings) ** 2 + p.streak_dark * streaks + p.pore_dark * pores
    return np.asarray(1 - p.ring_dark / 2 - dark)


def fibre(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> F64:
    """Pressed board: fine specks, and a little cloudiness."""
    specks = noise(rng, shape, 0.03 * scale, 0.03 * scale)
    flakes = noise(rng, shape, 0.16 * scale, 0.05 * scale) + noise(rng, shape, 0.05 * scale, 0.16 * scale)
    return np.asarray(
        0.93 + 0.022 * specks + 0.018 * flakes + 0.012 * noise(rng, shape, 2 * scale, 2 * scale)
    )


def draw(p: Wood = WOOD) -> NDArray[np.uint8]:
    """(size, size) the factor on the albedo, 255 = plain."""
    source = Source.open(HERE)
    garment, size = source.garment(), p.px
    scale = size / source.atlas_cm
    names = [panel["name"] for panel in source.description["panels"]]
    rng = np.random.default_rng(p.seed)
    factor = np.ones((size, size))
    rails = islands(garment, names.index("frame"), scale, size)
    for number in range(1, int(rails.max()) + 1):
        rows, columns = (slice(at.min(), at.max() + 1) for at in np.nonzero(rails == number))
        here = rails[rows, columns] == number
        wood = grain(rng, here.shape, scale, p)
        mitre = distance_transform_edt(np.pad(here, 1))[1:-1, 1:-1] / scale
        factor[rows, columns] = np.where(here, wood * (1 - 0.45 * np.exp(-((mitre / 0.03) ** 2))), 1)
    board = islands(garment, names.index("board"), scale, size) > 0
    factor = np.where(board, fibre(rng, factor.shape, scale), factor)
    return np.asarray(np.rint(np.clip(factor, 0, 1) * 255), np.uint8)


def main() -> None:
    """Write the map."""
    cv2.imwrite(str(BUILD / "detail.png"), draw(), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
