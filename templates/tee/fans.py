"""Where cloth is held and folds fan out from, on the body: a table that folds.py draws from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fan:
    """Ridges that leave one place of a panel, or of both panels beside a side seam (SIDES): where, which
    way they go (degrees from +x towards +y, which is down), how many, how long, how wide (deviation) and how
    high, cm. Each is drawn between these bounds."""

    panel: str
    at: tuple[float, float]
    scatter: tuple[float, float]  # cm around it
    way: tuple[float, float]
    count: int
    length: tuple[float, float]
    width: tuple[float, float]
    height: tuple[float, float]
    bend: float = 0.12  # of its length, how far a ridge's middle lies off its straight line


BODY = (
    # the wearer's right armpit pulls harder than the left: nobody hangs evenly
    Fan("front", (-25.5, 14.5), (0.8, 2.0), (8, 66), 6, (11, 22), (0.6, 0.9), (0.22, 0.38)),
    Fan("front", (-24.0, 10.0), (0.6, 3.0), (-56, -14), 4, (6, 12), (0.5, 0.8), (0.18, 0.32)),
    Fan("front", (25.5, 15.0), (0.8, 2.0), (116, 170), 5, (9, 18), (0.6, 0.95), (0.22, 0.40)),
    Fan("front", (23.5, 9.5), (0.6, 3.0), (194, 232), 3, (5, 10), (0.5, 0.8), (0.16, 0.28)),
    Fan("right side", (2.0, 16.0), (4.0, 4.0), (152, 196), 4, (13, 22), (0.8, 1.2), (0.15, 0.26)),
    Fan("right side", (-3.0, 27.0), (4.0, 3.0), (-24, 22), 3, (12, 20), (0.8, 1.2), (0.16, 0.28)),
    Fan("left side", (-2.0, 20.0), (4.0, 5.0), (-20, 26), 5, (12, 22), (0.7, 1.1), (0.18, 0.30)),
    Fan("left side", (4.0, 31.0), (4.0, 3.0), (160, 204), 3, (12, 19), (0.8, 1.2), (0.14, 0.26)),
    Fan("front", (-3.0, 47.0), (13.0, 4.0), (72, 108), 7, (11, 19), (0.8, 1.3), (0.14, 0.28)),
    Fan("back", (-25.5, 20.5), (0.8, 2.0), (10, 70), 5, (11, 23), (0.6, 0.9), (0.24, 0.42)),
    Fan("back", (25.5, 20.5), (0.8, 2.0), (108, 172), 6, (10, 21), (0.6, 0.9), (0.24, 0.42)),
    Fan("back", (-22.5, 12.0), (0.6, 4.0), (-34, 22), 4, (7, 13), (0.6, 0.9), (0.16, 0.30)),
    Fan("back", (22.5, 11.0), (0.6, 4.0), (158, 208), 4, (7, 13), (0.6, 0.9), (0.16, 0.28)),
    Fan("back", (3.0, 52.0), (13.0, 4.0), (72, 108), 7, (11, 19), (0.8, 1.4), (0.14, 0.28)),
)
