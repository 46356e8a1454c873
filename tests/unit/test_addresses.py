"""Keys, paths and URLs: each way back leads where it came from, and none leads outside."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tirage.errors import BadInput
from tirage.stores.addresses import KEY_LENGTH, NAME_LENGTH, Addresses, Folder, is_key

BASES = (
    "https://cdn.example.com",
    "https://cdn.example.com/files/v1",
    "http://127.0.0.1:9000/static",
    "http://[::1]:9000/a%20b",
)
PARTS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._~-]{0,40}\Z")
KEYS = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                "..",
                ".",
                "",
                "a",
                "%2e%2e",
                "%252e%252e",
                "\\",
                "/",
                "//",
                "\0",
                "%00",
                "\u202e",
                "etc",
                "#1",
                "?x",
                "~",
            ]
        )
    ).map("/".join),
    st.text("./\\%0a2eE~", max_size=12),
    st.integers(1, 5000).map(lambda length: "a" * length),
)
ROOT = Path("/srv/tirage/static")


@pytest.mark.rows("R228", "R249")
@given(key=KEYS, base=st.sampled_from(BASES))
def test_an_address_leads_back_to_its_key(key: str, base: str) -> None:
    addresses = Addresses(base)
    url = addresses.url(key)
    assert url == f"{base}/{key}"
    assert "//" not in url.removeprefix(base)
    assert addresses.key(url) == key
    assert addresses.shown(key) == addresses.shown(f"/{key}") == url
    others = [Addresses(other) for other in BASES if other != base]
    assert all(other.key(url) is None or url.startswith(other.base_url) for other in others)


@pytest.mark.rows("R249")
@given(key=KEYS)
def test_a_path_leads_back_to_its_key(key: str) -> None:
    folder = Folder(ROOT)
    assert folder.path(key).is_relative_to(folder.root)
    assert folder.key(folder.path(key)) == key


@pytest.mark.rows("R201", "R251")
@given(text=HOSTILE, base=st.sampled_from(BASES))
@example(text="%2e%2e/%2e%2e/etc/passwd", base=BASES[1])
@example(text="a/%2E%2E%2Fb", base=BASES[1])
@example(text="..%2f..", base=BASES[1])
@example(text="a%2fb", base=BASES[1])
def test_no_text_leads_outside(text: str, base: str) -> None:
    addresses, folder = Addresses(base), Folder(ROOT)
    key = addresses.key(f"{base}/{text}")
    assert key is None or is_key(key)
    assert addresses.key(f"{base}/{quote(text)}") in (text, None)
    if is_key(text):
        path = folder.path(text)
        assert path.is_relative_to(folder.root)
        assert path.parts[len(folder.root.parts) :] == tuple(text.split("/"))
    else:
        for refuse in (folder.path, addresses.url):
            with pytest.raises(BadInput):
                refuse(text)
        assert addresses.key(f"{base}/{text}") != text


def test_lengths() -> None:
    name, long = "a" * NAME_LENGTH, "/".join(["ab"] * 400)
    assert is_key(name)
    assert not is_key(name + "a")
    assert len(long) > KEY_LENGTH
    assert not is_key(long)


def test_other_addresses_are_none_of_ours() -> None:
    addresses = Addresses("https://cdn.example.com/files")
    for url in (
        "https://cdn.example.com/files",
        "https://cdn.example.com/files/",
        "https://cdn.example.com/filesystem/a",
        "https://cdn.example.com.evil.org/files/a",
        "https://evil.org/?https://cdn.example.com/files/a",
        "http://cdn.example.com/files/a",
        "https://cdn.example.com/files/a?b",
        "https://cdn.example.com/files/a#b",
        "https://cdn.example.com/files//a",
    ):
        assert addresses.key(url) is None, url
    assert addresses.shown("https://elsewhere.org/x.png") == "https://elsewhere.org/x.png"
    assert addresses.shown(None) is None


def test_paths_of_others_have_no_key(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for path in (tmp_path, tmp_path.parent, Path("/etc/passwd"), tmp_path / ".hidden", tmp_path / "a b"):
        assert folder.key(path) is None


def test_private_files_get_signed_addresses() -> None:
    addresses = Addresses("https://cdn.example.com", sign=lambda key: f"https://s3.example.com/{key}?signed")
    assert (
        addresses.shown("/uploads/designs/d1/a.png")
        == "https://s3.example.com/uploads/designs/d1/a.png?signed"
    )
    assert addresses.url("media/a.png") == "https://cdn.example.com/media/a.png"
    assert addresses.shown("https://elsewhere/uploads/a.png") == "https://elsewhere/uploads/a.png"
    with pytest.raises(BadInput):
        addresses.url("uploads/../a.png")
