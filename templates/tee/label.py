"""The woven label's picture: `python templates/tee/label.py` writes label.png.
Letters are strokes, as on a loom."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from trims import LABEL

HERE = Path(__file__).resolve().parent
PX_PER_CM = 96
FINER = 4  # drawn so many times larger
GROUND, THREAD = (38, 36, 35), (224, 231, 233)  # BGR
WEFT_PER_CM = 32
Stroke = tuple[tuple[float, float], ...]
LETTERS: dict[str, tuple[Stroke, ...]] = {  # polylines in a box one high, y down; widths below
    "T": (((0.0, 0.0), (0.7, 0.0)), ((0.35, 0.0), (0.35, 1.0))),
    "I": (((0.0, 0.0), (0.0, 1.0)),),
    "R": (
        (
            (0.0, 1.0),
            (0.0, 0.0),
            (0.36, 0.0),
            (0.52, 0.08),
            (0.58, 0.27),
            (0.52, 0.46),
            (0.36, 0.54),
            (0.0, 0.54),
        ),
        ((0.3, 0.54), (0.6, 1.0)),
    ),
    "A": (((0.0, 1.0), (0.38, 0.0), (0.76, 1.0)), ((0.14, 0.66), (0.62, 0.66))),
    "G": (
        (
            *(
                (0.72, 0.2),
                (0.6, 0.06),
                (0.4, 0.0),
                (0.18, 0.07),
                (0.04, 0.27),
                (0.0, 0.5),
                (0.04, 0.73),
                (0.18, 0.93),
            ),
            *((0.4, 1.0), (0.6, 0.95), (0.72, 0.83), (0.72, 0.55), (0.44, 0.55)),
        ),
    ),
    "E": (((0.58, 0.0), (0.0, 0.0), (0.0, 1.0), (0.58, 1.0)), ((0.0, 0.48), (0.48, 0.48))),
    "M": (((0.0, 1.0), (0.0, 0.0), (0.4, 0.62), (0.8, 0.0), (0.8, 1.0)),),
}


def draw() -> NDArray[np.uint8]:
    """(h, w, 3) BGR."""
    scale = PX_PER_CM * FINER
    width, height = (round(size * scale) for size in LABEL)
    picture = np.full((height, width, 3), GROUND, np.float32)
    write(picture, "TIRAGE", (LABEL[0] / 2, 0.42), tall=0.55, apart=0.2, stroke=0.07)
    write(picture, "M", (LABEL[0] / 2, 1.75), tall=0.4, apart=0.2, stroke=0.065)
    line(picture, ((0.5, 1.36), (LABEL[0] - 0.5, 1.36)), 0.03)
    return weave(picture)


def write(
    picture: NDArray[np.float32],
    text: str,
    top: tuple[float, float],
    *,
    tall: float,
    apart: float,
    stroke: float,
) -> None:
    """Letters centred on x under y, in cm."""
    widths = [max(x for part in LETTERS[c] for x, _ in part) * tall for c in text]
    x, y = top[0] - (sum(widths) + apart * (len(text) - 1)) / 2, top[1]
    for c, width in zip(text, widths, strict=True):
        for part in LETTERS[c]:
            line(picture, tuple((x + u * tall, y + v * tall) for u, v in part), stroke)
        x += width + apart


def line(picture: NDArray[np.float32], points: Stroke, wide: float) -> None:
    """A polyline of thread, in cm."""
    scale = PX_PER_CM * FINER
    fixed = np.round(np.array(points) * scale).astype(np.int32)
    cv2.polylines(picture, [fixed[:, None]], False, THREAD, round(wide * scale), cv2.LINE_AA)


def weave(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Steps of the weft along letters' edges, its ribbing and unevenness; reduced to the picture's size."""
    height, width = picture.shape[:2]
    rng = np.random.default_rng(0)
    pick = (np.arange(height) / (PX_PER_CM * FINER) * WEFT_PER_CM).astype(int)
    shift = rng.integers(-FINER, FINER + 1, pick.max() + 1)[pick]
    column = (np.arange(width)[None] + shift[:, None]).clip(0, width - 1)
    woven = picture[np.arange(height)[:, None], column]
    across = np.arange(height) / (PX_PER_CM * FINER) * WEFT_PER_CM * 2 * np.pi
    ribbed = 1 + 0.10 * np.sin(across)[:, None] * np.ones((1, width))
    uneven = rng.normal(1, 0.05, pick.max() + 1)[pick][:, None]
    small = cv2.resize(
        woven * (ribbed * uneven)[..., None], None, fx=1 / FINER, fy=1 / FINER, interpolation=cv2.INTER_AREA
    )
    return np.asarray(np.rint(small).clip(0, 255), np.uint8)


if __name__ == "__main__":
    cv2.imwrite(str(HERE / "label.png"), draw(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
