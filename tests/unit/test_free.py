"""Places that an order names by itself."""

from __future__ import annotations

import pytest

from tirage.errors import BadInput
from tirage.jobs.model import NewJob
from tirage.mockup.free import FreePlace, free_places
from tirage.mockup.placement import Placement
from tirage.mockup.submission import check_submission

PLACE = {"panel": "front", "x": 1, "y": 22.5, "width": 20}


def submission(**changes: object) -> NewJob:
    fields = {"product_id": "p1", "design_file_url": "uploads/a.png", "preset": None, **changes}
    return NewJob(pipeline="mockup", **fields)  # type: ignore[arg-type]


def test_they_are_read_with_their_designs() -> None:
    turned = {**PLACE, "rotation": -15.5, "design_file_url": "uploads/b.png"}
    assert free_places({"placements": [PLACE, turned]}) == (
        FreePlace(Placement("front", 1, 22.5, 20), None),
        FreePlace(Placement("front", 1, 22.5, 20, -15.5), "uploads/b.png"),
    )
    assert free_places({}) == ()


@pytest.mark.parametrize(
    "given",
    [
        [],
        [PLACE] * 9,
        {},
        None,
        ["front"],
        [{**PLACE, "panel": 3}],
        [{**PLACE, "x": "1"}],
        [{**PLACE, "x": True}],
        [{**PLACE, "x": float("nan")}],
        [{**PLACE, "width": 0.1}],
        [{**PLACE, "rotation": None}],
        [{**PLACE, "height": 3}],
        [{**PLACE, "design_file_url": 1}],
        [{name: PLACE[name] for name in ("panel", "x", "y")}],
    ],
)
def test_what_is_no_place(given: object) -> None:
    with pytest.raises(BadInput) as caught:
        free_places({"placements": given})
    assert caught.value.code == "INVALID_PLACEMENT"
    found = check_submission(submission(options={"placements": given}))
    assert [(each.code, each.where) for each in found] == [("INVALID_PLACEMENT", "options.placements")]


def test_an_order_has_them_or_a_preset() -> None:
    assert not check_submission(submission(options={"placements": [PLACE]}))
    both = check_submission(submission(preset="chest-medium", options={"placements": [PLACE]}))
    assert [(each.code, each.where) for each in both] == [("INVALID_PLACEMENT", "preset")]
    assert [each.where for each in check_submission(submission())] == ["preset"]
