"""Where a smooth surface is cut for the atlas, light is made the same on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from tirage.authoring.forms import Patch, solid
from tirage.authoring.seams import find_cut, level, look_up
from tirage.mockup.mesh import Garment

ATLAS_CM, SIZE = 40.0, 512
ROUND, HIGH = 12.0, 8.0
"""A cylinder's way around and height, cm."""


def cylinder() -> Garment:
    """Cut at its back, unrolled from (4, 4) on."""
    turn, height = np.meshgrid(np.linspace(0, 2 * np.pi, 49), np.linspace(HIGH, 0, 17))
    out = np.stack([np.sin(turn), -np.cos(turn), np.zeros_like(turn)], -1)
    position = out * ROUND / (2 * np.pi) + np.stack([0 * turn, 0 * turn, height], -1)
    uv = np.stack([turn * ROUND / (2 * np.pi), HIGH - height], -1)
    return solid([Patch(panel="side", position=position * 0.01, uv=uv, normal=out)], {"side": (4.0, 4.0)})


def test_a_cylinder_is_cut_once_from_top_to_bottom() -> None:
    cut = find_cut(cylinder(), ATLAS_CM)
    assert len(cut.here) == 2 * 17
    across = (cut.there - cut.here) * ATLAS_CM
    assert np.abs(across[:, 0]) == pytest.approx(ROUND)
    assert across[:, 1] == pytest.approx(0)


def test_a_crease_is_no_cut() -> None:
    garment = cylinder()
    ends = np.abs(garment.uv[:, 0] - 4.0 - ROUND) < 1e-3
    garment.normal[ends] = garment.normal[ends][:, [1, 0, 2]]
    assert len(find_cut(garment, ATLAS_CM).here) == 0


def test_both_sides_meet_in_their_mean_and_the_rest_stays() -> None:
    cut = find_cut(cylinder(), ATLAS_CM)
    ramp = np.broadcast_to(np.linspace(0.5, 1.5, SIZE, dtype=np.float32), (SIZE, SIZE)).copy()
    before = np.abs(look_up(ramp, cut.here) - look_up(ramp, cut.there))
    done = level(ramp, cut, ATLAS_CM)
    after = np.abs(look_up(done, cut.here) - look_up(done, cut.there))
    assert after.max() < 0.1 * before.min()
    assert look_up(done, cut.here).mean() == pytest.approx(look_up(ramp, cut.here).mean(), rel=0.01)
    middle = slice(round((4 + 4) / ATLAS_CM * SIZE), round((4 + 8) / ATLAS_CM * SIZE))
    assert np.abs(done - ramp)[:, middle].max() < 1e-3


def test_what_is_not_cut_is_left_alone() -> None:
    plain = np.ones((8, 8), np.float32)
    cut = find_cut(cylinder(), ATLAS_CM)
    nowhere = type(cut)(cut.here[:0], cut.there[:0])
    assert level(plain, nowhere, ATLAS_CM) is plain
