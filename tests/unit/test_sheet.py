"""Products from CSV files, as spreadsheets write them and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirage.errors import BadInput
from tirage.shops.model import NewProduct, NewVariant
from tirage.shops.sheet import MAX_BYTES, read_products

GOOD = """id,title,variant_id,variant_title,metadata
p1,Tee,v1,S,"{""sku"": ""T-1""}"
p1,Tee,v2,M,
p2,"Mug, large",,,

,Poster,,A3,
,,,A2,
,Poster,,A1,
"""


def refused(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as caught:
        read_products(data)
    assert caught.value.code == "INVALID_DATA"
    return [(finding.where, finding.message) for finding in caught.value.findings]


def test_products_and_their_variants() -> None:
    s, m = NewVariant(id="v1", title="S"), NewVariant(id="v2", title="M")
    assert read_products(GOOD.encode()) == [
        NewProduct(id="p1", title="Tee", metadata={"sku": "T-1"}, variants=(s, m)),
        NewProduct(id="p2", title="Mug, large"),
        NewProduct(title="Poster", variants=(NewVariant(title="A3"), NewVariant(title="A2"))),
        NewProduct(title="Poster", variants=(NewVariant(title="A1"),)),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "id;title\r\np1;Tee, white\r\n".encode("utf-8-sig"),
        b"ID\tTitle\np1\tTee, white",
        b'title,id\n"Tee, white",p1\n\n\n',
    ],
)
def test_what_spreadsheets_write(data: bytes) -> None:
    assert read_products(data) == [NewProduct(id="p1", title="Tee, white")]


def test_all_findings_with_their_lines() -> None:
    data = b"id,title,metadata\np1,\n../x,Tee\np3,Tee,[]\np4,Tee,{},more\np3,Mug\n"
    assert refused(data) == [
        ("line 4", "Line 4: metadata is no JSON object."),
        ("line 5", "Line 5: there are 4 cells under 3 headings."),
        ("line 2: title", "Line 2: A title is missing."),
        ("line 3: id", "Line 3: id cannot be '../x'."),
        ("id", "The product 'p3' is given 2 times."),
    ]


def test_lines_are_counted_as_editors_count_them() -> None:
    assert refused(b'title,id\n"Tee\nwhite",p1\nMug,../x\n') == [
        ("line 2: title", "Line 2: A title has at most 200 characters, all printable."),
        ("line 4: id", "Line 4: id cannot be '../x'."),
    ]
    assert refused(b"title,id\nMug,../x\n") == [("line 2: id", "Line 2: id cannot be '../x'.")]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "line 1"),
        (b"title\n", "line 1"),
        (b"name,price\nTee,3\n", "line 1"),
        (b"title,title\nTee,Tee\n", "line 1"),
        ("title\nTee\n".encode("utf-16"), "line 1"),
        (b"title\nTee\n\xff\n", "line 3"),
        (b'title\n"Tee\n', "line 3"),
        (b"title\n" + b"x" * 200_000, "line 2"),
    ],
)
def test_files_that_are_none(data: bytes, where: str) -> None:
    assert refused(data)[0][0] == where


def test_too_much() -> None:
    with pytest.raises(BadInput, match="10 MiB"):
        read_products(b"title\n" + b"x" * MAX_BYTES)
    with pytest.raises(BadInput, match="more than 20000"):
        read_products(b"title\n" + b"x\n" * 20_001)


@given(data=st.one_of(st.binary(), st.text(alphabet='title,id;"\n\r\t{}\0x').map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for given_data in (data, b"title,id,metadata\n" + data):
        try:
            read_products(given_data)
        except BadInput as error:
            assert error.message
