"""Ids, failures, checks: what the job core builds on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsteps import ORDER, order
from tirage.errors import CODES, BadInput, Finding, Severity
from tirage.jobs import checks
from tirage.jobs.failure import FAILURES, Failure, FailureClass
from tirage.jobs.ids import PATTERN, Ids
from tirage.jobs.model import Job, NewJob, Page
from tirage.mockup.catalogue import Preset
from tirage.mockup.submission import check_submission, prefixes
from tirage.testing import FakeClock


def findings(new: NewJob) -> list[Finding]:
    return [*checks.submission(new), *check_submission(new)]


@pytest.mark.rows("R070")
def test_ids_sort_by_age_even_when_the_clock_is_set_back() -> None:
    clock = FakeClock()
    ids = Ids(clock)
    made = [ids.new() for _ in range(100)]
    clock.advance(60)
    made.append(ids.new())
    clock.advance(-3600)
    made += [ids.new() for _ in range(100)]
    assert made == sorted(set(made))
    assert all(PATTERN.fullmatch(each) for each in made)
    assert made[0].startswith("rjob_01KDV")  # the first days of 2026
    assert Ids(FakeClock(datetime(2025, 6, 1, tzinfo=UTC))).new() < made[0]


def test_ids_of_threads_differ() -> None:
    ids = Ids(FakeClock())
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: ids.new(), range(2000)))) == 2000


@pytest.mark.rows("R187")
def test_every_class_of_failure_says_what_users_read_and_whether_to_try_again() -> None:
    assert FAILURES.keys() == set(FailureClass)
    permanent = {kind for kind, rule in FAILURES.items() if rule.retries == 0}
    assert permanent == {"invalid_input", "not_found", "configuration", "cancelled"}
    assert {kind for kind, rule in FAILURES.items() if rule.retries == 1} == {"resource", "bug"}
    for kind, rule in FAILURES.items():
        made = Failure.of(kind, detail="stack")
        assert (made.code, made.message, made.hint) == (rule.code, rule.message, CODES[rule.code].hint)
        assert made.message.endswith(".")
    own = Failure.of(FailureClass.INVALID_INPUT, code="IMAGE_DAMAGED", message="It is cut off.")
    assert (own.code, own.message, own.hint) == (
        "IMAGE_DAMAGED",
        "It is cut off.",
        CODES["IMAGE_DAMAGED"].hint,
    )
    with pytest.raises(FrozenInstanceError):
        own.code = "OTHER"  # type: ignore[misc]


def test_a_usual_order_is_right() -> None:
    assert findings(ORDER) == []
    assert (
        findings(NewJob(pipeline="mockup", product_id="p", design_file_url="d.png", preset="back-small"))
        == []
    )


@pytest.mark.rows("R042", "R043")
@pytest.mark.parametrize("field", ["product_id", "design_file_url", "preset"])
@pytest.mark.parametrize("value", [None, "", " \t"])
def test_what_is_required_cannot_be_missing_empty_or_blank(field: str, value: str | None) -> None:
    found = findings(order(**{field: value}))
    assert {finding.where for finding in found} == {field}
    assert any(finding.message == f"{field} is missing." for finding in found)


@pytest.mark.rows("R043")
@pytest.mark.parametrize("field", ["variant_id", "template_id"])
def test_what_is_optional_can_be_missing(field: str) -> None:
    assert findings(order(**{field: None})) == []


@pytest.mark.rows("R044", "R078", "C-01", "R198")
def test_there_are_nine_presets() -> None:
    assert all(findings(order(preset=preset.value)) == [] for preset in Preset)
    assert len(Preset) == 9
    for name in ("dead-center-medium", "chest-Medium", "chest medium"):
        (found,) = findings(order(preset=name))
        assert (found.code, found.where) == ("INVALID_PRESET", "preset")


@pytest.mark.rows("R197")
@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("uploads/render-jobs/rjob_1/design.png", True),
        ("/static/uploads/a.jpg", True),
        ("https://cdn.example.com/a%20b.png?x=1", True),
        ("http://127.0.0.1:9000/static/x.png", True),
        ("http://[::1]:9000/x.png", True),
        ("../etc/passwd", False),
        ("uploads/../../etc/passwd", False),
        ("uploads/%2e%2e/x", False),
        ("uploads\\x.png", False),
        ("file:///etc/passwd", False),
        ("ftp://example.com/x.png", False),
        ("javascript:alert(1)", False),
        ("https://user:secret@example.com/x.png", False),
        ("https://example.com/a b", False),
        ("uploads/a\0.png", False),
        ("uploads/\u202egnp.a", False),
        ("a" * 2049, False),
        (7, False),
    ],
)
def test_a_design_is_a_storage_key_or_a_web_address(url: str, good: bool) -> None:
    assert (findings(order(design_file_url=url)) == []) is good


@pytest.mark.rows("R196")
@pytest.mark.parametrize(
    "value", ["..", "a/b", "a\\b", "%2e%2e", "a\0", "x" * 129, "\u202e", " ", "-x", 5, "a\n"]
)
def test_ids_of_others_cannot_lead_anywhere(value: object) -> None:
    for field in ("product_id", "variant_id", "template_id"):
        assert {finding.where for finding in findings(order(**{field: value}))} == {field}


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "red"},
        {"samples": 0},
        {"samples": 4097},
        {"samples": True},
        {"samples": "64"},
        {"render_mode": "video"},
        {"fabric_color": 7},
        {"background_color": None},
    ],
)
def test_options_that_there_are_not(options: dict[str, object]) -> None:
    (found,) = findings(order(options=options))
    assert found.where == f"options.{next(iter(options))}"


@pytest.mark.rows("R082")
@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", {1: 2}, {"a": (1,)}, {"a": {1, 2}}, {"a": float("nan")}, {"a": "\0"},
        {"a": "\ud800"}, {"a": "x" * 70_000}, {"a": b""},
    ],
)  # fmt: skip
def test_metadata_is_a_json_object_that_fits(value: object) -> None:
    assert {finding.where for finding in findings(order(metadata=value))} == {"metadata"}
    assert findings(order(metadata={"a": r"not a NUL: \u0000", "b": "é ✓ 👕", "c": [{"d": 1e-9}]})) == []


def test_metadata_that_is_too_deep_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert {finding.where for finding in findings(order(metadata=deep))} == {"metadata"}


def test_all_faults_are_found_at_once() -> None:
    wrong = order(id="job", product_id="", preset="x", priority=10, metadata=[], options={"samples": 0})
    assert {finding.where for finding in findings(wrong)} == {
        "id", "product_id", "preset", "priority", "metadata", "options.samples"
    }  # fmt: skip
    with pytest.raises(BadInput) as caught:
        checks.raise_if_any(findings(wrong))
    assert caught.value.code == "INVALID_DATA"
    assert len(caught.value.findings) >= 6
    with pytest.raises(BadInput) as caught:
        checks.raise_if_any(Finding("INVALID_DATA", Severity.ERROR, f"{n} is wrong.") for n in range(10_000))
    assert len(caught.value.findings) == 10_000
    assert len(caught.value.message) < 200
    with pytest.raises(BadInput) as caught:
        checks.raise_if_any(findings(order(preset="x")))
    assert caught.value.code == "INVALID_PRESET"
    assert "chest-small" in caught.value.hint


@given(st.integers(-3, 200), st.integers(-3, 200))
def test_pages_out_of_range_are_refused_not_clamped(limit: int, offset: int) -> None:
    try:
        checks.page(Page(limit=limit, offset=offset))
    except BadInput as error:
        assert error.code == "INVALID_DATA"
        assert not (1 <= limit <= 100 and offset >= 0)
    else:
        assert 1 <= limit <= 100
        assert offset >= 0


def test_a_jobs_files_have_prefixes_of_their_own() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    job = Job(
        id="rjob_1", pipeline="mockup", status="pending", product_id="p1", design_file_url="d", preset="x",
        created_at=at, updated_at=at,
    )  # fmt: skip
    assert list(prefixes(job)) == ["uploads/render-jobs/rjob_1/", "media/products/p1/renders/rjob_1/"]
