"""The one source of the poster's measures, cm; where panels lie on the atlas stands in source.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"


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


@dataclass(frozen=True, slots=True)
class Wood:
    """The frame's grain in the detail map."""

    px: int = 4096
    seed: int = 7
    rings_per_cm: float = 2.3
    ring_dark: float = 0.12
    streak_dark: float = 0.025
    pore_dark: float = 0.10


POSTER = Poster()
WOOD = Wood()
