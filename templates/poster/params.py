"""The one source of the poster's numbers: frame, mat, paper, hanger and their places on the atlas; centimetres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"

ATLAS_CM = 118.0
ORIGINS: dict[str, tuple[float, float]] = {  # where a panel's (0, 0) lies on the atlas, y down
    "print": (17.0, 6.0),  # x from the middle of the paper, y from the top of the picture
    "mat": (54.5, 2.0),
    "frame": (1.0, 56.0),
    "board": (96.5, 2.0),
    "hanger": (78.0, 57.0),
}
PRINT_AREA = (-15.0, 0.0, 15.0, 40.0)


@dataclass(frozen=True, slots=True)
class Poster:
    """A wooden box frame of 43.4 × 53.4 cm around a mat of 40 × 50 cm with a window of 30 × 40 cm."""

    picture: tuple[float, float] = (30.0, 40.0)
    paper_margin: float = 0.6  # of the paper, hidden behind the mat
    mat: tuple[float, float] = (40.0, 50.0)
    mat_thickness: float = 0.15  # cut at 45 degrees around the window
    rail: float = 1.9  # width of the frame's face
    depth: float = 2.4
    rabbet: float = 0.2  # how far the face covers the mat
    lip: float = 0.55  # from the face down to the mat
    round: float = 0.09  # of the outer edges
    inner_round: float = 0.05
    back_rail: float = 1.3  # width of the frame's back
    board_recess: float = 0.35

    @property
    def outside(self) -> tuple[float, float]:
        """Width and height of the whole frame."""
        extra = 2 * (self.rail - self.rabbet)
        return self.mat[0] + extra, self.mat[1] + extra


POSTER = Poster()
