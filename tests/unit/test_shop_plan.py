"""What is written to shops, worked out on lists: places, thumbnails, what others did."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirage.shops.connected import Change, Image, Link, Posted, Shown
from tirage.shops.line import asked_wait, form
from tirage.shops.model import Medium
from tirage.shops.plan import Wanted, arranged, assignments, change, seen, without_taken

AT = datetime(2026, 1, 1, tzinfo=UTC)
LINK = Link(product_id="p1", shop="main", external_id="p1")


def medium(name: str, kind: str = "image") -> Medium:
    return Medium(
        id=name, product_id="p1", key=name, media_type=kind, rank=0, job_id="j", role=name, metadata={},
        created_at=AT, updated_at=AT,
    )  # fmt: skip


def posted(name: str, **fields: object) -> Posted:
    known = Posted(product_id="p1", key=name, job_id="j", url=f"u/{name}")
    return replace(known, **fields)  # type: ignore[arg-type]


def wanted(names: str, *more: Posted, known: str = "", thumbnail: str | None = None) -> Wanted:
    """Media by letters; `known`: those the shop knows of besides."""
    table = {name: posted(name) for name in names + known} | {each.key: each for each in more}
    return Wanted(tuple(medium(name) for name in names), thumbnail, table)


def images(text: str) -> tuple[Image, ...]:
    """Capitals are of others."""
    return tuple(Image(f"id{sign}", sign if sign.isupper() else f"u/{sign}") for sign in text)


def shown(text: str, thumbnail: str | None = None) -> Shown:
    return Shown(images(text), thumbnail, {}, None)


def spelled(found: tuple[Image, ...]) -> str:
    return "".join(image.url[-1] for image in found)


@pytest.mark.parametrize(
    ("names", "known", "there", "then"),
    [
        ("ab", "", "XY", "XYab"),
        ("ab", "", "XaYb", "XaYb"),
        ("ab", "", "XbYa", "XaYb"),  # another order: ours change places, those of others stay
        ("ab", "", "XaaY", "XaYb"),
        ("b", "a", "XaYb", "XYb"),
        ("", "ab", "aXbY", "XY"),
        ("abc", "", "aXb", "aXbc"),
        ("", "", "", ""),
    ],
)
def test_ours_among_others(names: str, known: str, there: str, then: str) -> None:
    found = arranged(wanted(names, known=known), images(there))
    assert spelled(found) == then
    assert all(image.id for image in found if image.url.isupper())


def test_what_comes_back_comes_where_it_was() -> None:
    after_x, first = posted("a", anchor="X"), posted("b", anchor="")
    gone = posted("c", anchor="W")
    assert spelled(arranged(wanted("bac", after_x, first, gone), images("XY"))) == "bXaYc"


@given(
    st.text("XYZabcd", max_size=9),
    st.lists(st.sampled_from("abcd"), unique=True, max_size=4).map("".join),
)
def test_any_list_ends_as_it_shall(there: str, names: str) -> None:
    task = wanted(names, known="abcd")
    found = arranged(task, images(there))
    text = spelled(found)
    assert [sign for sign in text if sign.isupper()] == [sign for sign in there if sign.isupper()]
    assert [sign for sign in text if sign.islower()] == list(names)
    assert arranged(task, found) == found
    assert all(image.id or image.url[-1] not in there for image in found)


def test_nothing_to_do() -> None:
    task = wanted("ab", thumbnail="a")
    now = Shown(images("Xab"), "u/a", {}, {"media": [{"url": f"u/{n}", "role": n} for n in "ab"]})
    assert not change(task, now, replace(LINK, thumbnail_key="a", remembers=True))
    assert change(task, replace(now, about=None), LINK) == Change(about=(now.about,))


@pytest.mark.parametrize(
    ("key", "there", "link", "then"),
    [
        ("a", "X", {}, "u/a"),
        ("a", None, {}, "u/a"),
        ("a", "X", {"thumbnail_key": "a", "remembers": True}, "X"),  # somebody chose it since
        ("b", "X", {"thumbnail_key": "a", "remembers": True}, "u/b"),
        (None, "u/a", {"thumbnail_key": "a", "remembers": True, "thumbnail_before": "X"}, "X"),
        (None, "u/a", {"thumbnail_key": "a", "remembers": True}, None),
        (None, "Y", {"thumbnail_key": "a", "remembers": True, "thumbnail_before": "X"}, "Y"),
        (None, None, {}, None),
    ],
)
def test_thumbnails(key: str | None, there: str | None, link: dict[str, object], then: str | None) -> None:
    task = wanted("ab", thumbnail=key)
    found = change(task, shown("Xab", there), replace(LINK, **link)).thumbnail  # type: ignore[arg-type]
    assert (found[0] if found else there) == then


def test_what_people_took_away_stays_away() -> None:
    task = wanted("ab", posted("a", settled=True), thumbnail="a")
    left = without_taken(task, shown("Xb"))
    assert [each.key for each in left.media] == ["b"]
    assert left.thumbnail is None
    assert without_taken(task, shown("Xab")) == task
    assert len(without_taken(wanted("ab"), shown("X")).media) == 2


def test_what_is_remembered() -> None:
    found = {each.key: (each.image_id, each.anchor) for each in seen(wanted("abc"), shown("aXbb"))}
    assert found == {"a": ("ida", ""), "b": ("idb", "X")}


def test_variants() -> None:
    now = replace(shown("Xab"), variants={"v1": frozenset({"idX", "ida"}), "v2": frozenset({"idb"})})
    owners = {"a": frozenset({"v2"}), "b": frozenset({"v2"}), "c": frozenset({"v3"})}
    assert assignments(wanted("abc"), now, owners) == {"v1": ([], ["ida"]), "v2": (["ida"], [])}
    assert assignments(wanted("", known="ab"), now, {}) == {}


def test_waiting_as_asked() -> None:
    cases = {"": 0, "7": 7, "99999999999": 3600, "soon": 0, "-3": 0, "²": 0}
    assert {text: asked_wait(text, AT) for text in cases} == cases
    assert asked_wait("Thu, 01 Jan 2026 00:01:00 GMT", AT) == 60
    assert asked_wait("Wed, 31 Dec 2025 00:01:00 GMT", AT) == 0


def test_a_form_holds_its_file_as_it_is() -> None:
    data = bytes(range(256))
    body, kind = form("files", "a.png", data, "image/png")
    edge = kind.partition("boundary=")[2].encode()
    assert data in body
    assert body.count(edge) == 2
    assert body.endswith(b"--" + edge + b"--\r\n")
