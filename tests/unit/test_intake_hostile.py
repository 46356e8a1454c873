"""Hostile designs: each gets its code within the limits of time and memory, or only its pixels survive."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import images
from tirage.errors import BadInput
from tirage.media.intake import inspect_design, read_design

RGB = images.art()[..., :3]
GOOD = {
    "png": images.rgba_png(images.art()),
    "jpeg": images.jpeg(RGB),
    "progressive": images.jpeg(RGB, interlace=True),
}
DOT = b"\0\1\2\3\4"


def bomb(million: int, byte: bytes, start: bytes = b"") -> bytes:
    """Deflated: `start`, then millions of one byte; made without holding them."""
    packer = zlib.compressobj()
    parts = [packer.compress(start), *(packer.compress(byte * 1_000_000) for _ in range(million))]
    return b"".join([*parts, packer.flush()])


TEXT_BOMB = bomb(200, b"A")


def dot(*extra: bytes) -> bytes:
    return images.png(1, 1, DOT, extra=extra)


def resized(width: int, height: int) -> bytes:
    return GOOD["jpeg"].replace(struct.pack(">HH", 32, 48), struct.pack(">HH", height, width), 1)


def many(chunk: bytes) -> bytes:
    return images.MAGIC + images.header(1, 1) + chunk * ((10 * 2**20 - 100) // len(chunk))


def scans(number: int) -> bytes:
    file = GOOD["progressive"]
    last = file.rindex(b"\xff\xda")
    return file[:-2] + file[last:-2] * (number - file.count(b"\xff\xda")) + b"\xff\xd9"


LIMIT = 10 * 2**20 - len(GOOD["jpeg"])
HOSTILE = {
    # pixel bombs
    "bomb-1bit.png": (images.png(30_000, 30_000, b"", depth=1, colour=0), "IMAGE_TOO_LARGE"),
    "bomb-full.png": (
        images.MAGIC
        + images.header(30_000, 30_000, depth=1, colour=0)
        + images.chunk(b"IDAT", bomb(113, b"\0"))
        + images.chunk(b"IEND"),
        "IMAGE_TOO_LARGE",
    ),
    "bomb-100k.png": (images.png(100_000, 100_000, b"\0" * 1000), "IMAGE_TOO_LARGE"),
    "bomb-2g.png": (images.png(2**31 - 1, 2**31 - 1, b"\0"), "IMAGE_TOO_LARGE"),
    "bomb-long.png": (images.png(20_001, 1, b"\0"), "IMAGE_TOO_LARGE"),
    "bomb-lies.png": (images.png(7000, 7000, b"\0" * 1000), "IMAGE_DAMAGED"),
    "bomb-65535.jpg": (resized(65_535, 65_535), "IMAGE_TOO_LARGE"),
    "bomb-idat.png": (
        images.MAGIC
        + images.header(1, 1)
        + images.chunk(b"IDAT", bomb(300, b"\0", DOT))
        + images.chunk(b"IEND"),
        "(1, 1, 4)",
    ),
    # bombs beside the pixels
    "ztxt.png": (dot(images.chunk(b"zTXt", b"k\0\0" + TEXT_BOMB)), "(1, 1, 4)"),
    "itxt.png": (dot(images.chunk(b"iTXt", b"k\0\1\0\0\0" + TEXT_BOMB)), "(1, 1, 4)"),
    "iccp.png": (dot(images.chunk(b"iCCP", b"k\0\0" + TEXT_BOMB)), "(1, 1, 4)"),
    "text.png": (dot(images.chunk(b"tEXt", b"k\0" + b"A" * 9_000_000)), "(1, 1, 4)"),
    "exif.png": (dot(images.chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + b"\x12\1" * 4_000_000)), "(1, 1, 4)"),
    "chunks.png": (many(images.chunk(b"tEXt")), "IMAGE_DAMAGED"),
    "chunks-idat.png": (many(images.chunk(b"IDAT")), "IMAGE_DAMAGED"),
    "segments.jpg": (b"\xff\xd8" + b"\xff\xfe\0\2" * (LIMIT // 4), "IMAGE_DAMAGED"),
    "fill.jpg": (b"\xff\xd8" + b"\xff" * LIMIT, "IMAGE_DAMAGED"),
    "fill-good.jpg": (GOOD["jpeg"][:2] + b"\xff" * LIMIT + GOOD["jpeg"][2:], "(32, 48, 4)"),
    "stuffing.jpg": (GOOD["jpeg"][:-2] + b"\xff\0" * 4_000_000 + b"\xff\xd9", "(32, 48, 4)"),
    "scans-33.jpg": (scans(33), "IMAGE_DAMAGED"),
    # other formats under a false name
    "svg.png": (
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        "INVALID_FILE_TYPE",
    ),
    "postscript.png": (b"%!PS\n(%pipe%id) (w) file\n", "INVALID_FILE_TYPE"),
    "gif.png": (
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80" + bytes(8) + b";",
        "INVALID_FILE_TYPE",
    ),
    "webp.png": (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24), "INVALID_FILE_TYPE"),
    "html.jpg": (b"<!DOCTYPE html><script>alert(1)</script>", "INVALID_FILE_TYPE"),
    "zip.png": (b"PK\3\4" + bytes(100), "INVALID_FILE_TYPE"),
    "jpeg.png": (GOOD["jpeg"], "TYPE_MISMATCH"),
    "png.jpg": (GOOD["png"], "TYPE_MISMATCH"),
    "almost.png": (b"\x89PNG\r\n\x1a\r" + GOOD["png"][8:], "INVALID_FILE_TYPE"),
    "unix.png": (GOOD["png"].replace(b"\r\n", b"\n"), "INVALID_FILE_TYPE"),
    "jpeg2000.jpg": (b"\xff\x4f\xff\x51" + bytes(50), "INVALID_FILE_TYPE"),
    # broken structure
    "zero.png": (images.png(0, 0, b""), "IMAGE_DAMAGED"),
    "zero.jpg": (resized(48, 0), "IMAGE_DAMAGED"),
    "no-header.png": (images.MAGIC + images.chunk(b"IDAT") + images.chunk(b"IEND"), "IMAGE_DAMAGED"),
    "two-headers.png": (dot(images.header(2, 2)), "IMAGE_DAMAGED"),
    "short-header.png": (
        images.MAGIC + images.chunk(b"IHDR", b"\0\0\0\1") + images.chunk(b"IEND"),
        "IMAGE_DAMAGED",
    ),
    "depth-3.png": (images.png(1, 1, DOT, depth=3), "IMAGE_DAMAGED"),
    "colour-5.png": (images.png(1, 1, DOT, colour=5), "IMAGE_DAMAGED"),
    "interlace-2.png": (images.png(1, 1, DOT, interlace=2), "IMAGE_DAMAGED"),
    "critical.png": (dot(images.chunk(b"CgBI", b"\0\0\0\0")), "IMAGE_DAMAGED"),
    "length.png": (images.MAGIC + images.header(1, 1) + b"\xff\xff\xff\xffIDAT", "IMAGE_DAMAGED"),
    "check-sum.png": (GOOD["png"][:60] + bytes((GOOD["png"][60] ^ 1,)) + GOOD["png"][61:], "IMAGE_DAMAGED"),
    "no-palette.png": (images.png(4, 1, b"\0\1\2\3\0", colour=3), "IMAGE_DAMAGED"),
    "filter-9.png": (images.png(1, 1, b"\x09\1\2\3\4"), "IMAGE_DAMAGED"),
    "too-short.png": (images.png(40, 40, bytes(1000)), "IMAGE_DAMAGED"),
    "not-deflate.png": (
        images.MAGIC + images.header(1, 1) + images.chunk(b"IDAT", b"junk") + images.chunk(b"IEND"),
        "IMAGE_DAMAGED",
    ),
    "half.jpg": (GOOD["jpeg"][:2000] + b"\xff\xd9", "IMAGE_DAMAGED"),
    "no-end.jpg": (GOOD["jpeg"][:-2], "IMAGE_DAMAGED"),
    "no-scan.jpg": (GOOD["jpeg"][: GOOD["jpeg"].index(b"\xff\xda")] + b"\xff\xd9", "IMAGE_DAMAGED"),
    "no-tables.jpg": (b"\xff\xd8" + GOOD["jpeg"][GOOD["jpeg"].index(b"\xff\xc0") :], "IMAGE_DAMAGED"),
    "two-frames.jpg": (
        images.insert_segment(GOOD["jpeg"], 0xC0, b"\x08\0\x08\0\x08\1\1\x11\0"),
        "IMAGE_DAMAGED",
    ),
    "lossless.jpg": (GOOD["jpeg"].replace(b"\xff\xc0", b"\xff\xc3", 1), "INVALID_FILE_TYPE"),
    "twelve-bit.jpg": (
        GOOD["jpeg"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1),
        "INVALID_FILE_TYPE",
    ),
    "five-parts.jpg": (
        GOOD["jpeg"].replace(b"\xff\xc0\0\x11\x08\0\x20\0\x30\3", b"\xff\xc0\0\x11\x08\0\x20\0\x30\5", 1),
        "IMAGE_DAMAGED",
    ),
    "junk.jpg": (
        images.insert_segment(GOOD["jpeg"], 0xFE, b"")[:6] + b"junk" + GOOD["jpeg"][2:],
        "IMAGE_DAMAGED",
    ),
    "segment-length.jpg": (b"\xff\xd8\xff\xe0\0\1" + GOOD["jpeg"][2:], "IMAGE_DAMAGED"),
    "empty.png": (b"", "EMPTY_FILE"),
    "magic-only.png": (images.MAGIC, "IMAGE_DAMAGED"),
    "magic-only.jpg": (b"\xff\xd8\xff", "IMAGE_DAMAGED"),
    # several formats at once: only the pixels survive
    "polyglot.png": (GOOD["png"] + b"<script>alert(1)</script>PK\3\4", "(32, 48, 4)"),
    "polyglot.jpg": (GOOD["jpeg"] + b"<script>alert(1)</script>PK\3\4", "(32, 48, 4)"),
}


def verdict(data: bytes, name: str | None = None) -> str:
    try:
        return f"{read_design(data, name=name).pixels.shape}"
    except BadInput as error:
        assert error.hint
        assert error.category == "image"
        return error.code


@pytest.mark.rows("R218", "R208", "R266")
@pytest.mark.parametrize("name", HOSTILE)
def test_each_gets_its_code(name: str) -> None:
    data, expected = HOSTILE[name]
    assert verdict(data, name) == expected


@pytest.mark.parametrize(
    "name", ["bomb-lies.png", "check-sum.png", "scans-33.jpg", "two-frames.jpg", "zero.jpg"]
)
def test_some_are_refused_before_any_decoder_runs(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_design(HOSTILE[name][0])
    assert caught.value.code == "IMAGE_DAMAGED"
    assert inspect_design(scans(32)).kind == "jpeg"


@pytest.mark.rows("R219")
def test_each_is_judged_in_250_ms_and_64_mib(tmp_path: Path) -> None:
    (tmp_path / "warm.png").write_bytes(
        images.rgba_png(images.art(), extra=[images.iccp(images.profile("p3"))])
    )
    for name, (data, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(data)
    judge = Path(__file__).parents[1] / "judge.py"
    child = subprocess.run([sys.executable, judge, tmp_path], capture_output=True, text=True, check=True)
    verdicts = json.loads(child.stdout)
    assert {name: verdicts[name]["verdict"] for name in HOSTILE} == {
        name: code for name, (_, code) in HOSTILE.items()
    }
    assert {
        name: cost for name, cost in verdicts.items() if cost["seconds"] > 0.25 or cost["mebibytes"] > 64
    } == {}
    assert child.stderr == ""


@pytest.mark.parametrize("kind", GOOD)
def test_truncation_anywhere(kind: str) -> None:
    file = GOOD[kind]
    ends = sorted({*range(0, len(file), 16), *range(80), *range(len(file) - 40, len(file))})
    verdicts = {verdict(file[:end]) for end in ends}
    assert verdicts == {"EMPTY_FILE", "INVALID_FILE_TYPE", "IMAGE_DAMAGED"}
    assert verdict(file) == "(32, 48, 4)"


@pytest.mark.parametrize("at", range(8, len(GOOD["png"]), 97))
def test_every_flipped_bit_of_a_png_is_noticed(at: int) -> None:
    file = bytearray(GOOD["png"])
    file[at] ^= 1 << at % 8
    assert verdict(bytes(file)) == "IMAGE_DAMAGED"


CODES = {"EMPTY_FILE", "INVALID_FILE_TYPE", "IMAGE_DAMAGED", "IMAGE_TOO_LARGE"}


@settings(max_examples=400)
@given(
    kind=st.sampled_from(sorted(GOOD)),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_changed_bytes_never_crash(kind: str, changes: list[tuple[int, int]]) -> None:
    file = bytearray(GOOD[kind])
    for at, value in changes:
        file[at % len(file)] = value
    result = verdict(bytes(file))
    assert result in CODES or result.endswith(", 4)")


@settings(max_examples=400)
@given(
    magic=st.sampled_from([b"\xff\xd8\xff", images.MAGIC, images.MAGIC + images.header(3, 3)]),
    rest=st.binary(max_size=400),
)
def test_noise_behind_magic_bytes_never_crashes(magic: bytes, rest: bytes) -> None:
    assert verdict(magic + rest) in CODES


def test_only_pixels_reach_the_decoder() -> None:
    secret = b"do not carry me on"
    extra = [images.chunk(kind, b"k\0" + secret) for kind in (b"tEXt", b"eXIf", b"prVt", b"tIME")]
    from tirage.media.jpeg import read_jpeg
    from tirage.media.png import read_png

    assert secret not in read_png(images.rgba_png(images.art(), extra=extra)).clean
    file = GOOD["jpeg"]
    for marker in (0xE1, 0xE2, 0xED, 0xFE):
        file = images.insert_segment(file, marker, secret)
    assert read_jpeg(file).clean == read_jpeg(GOOD["jpeg"]).clean == GOOD["jpeg"]


def test_messages_name_the_file_and_nothing_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "art.png"
    path.write_bytes(GOOD["png"][:100])
    with pytest.raises(BadInput) as caught:
        read_design(path)
    assert caught.value.message == "art.png: the picture is damaged: the file is cut off."


def test_pixels_are_the_same_with_and_without_trailing_data() -> None:
    plain, polyglot = read_design(GOOD["png"]), read_design(HOSTILE["polyglot.png"][0])
    assert np.array_equal(plain.pixels, polyglot.pixels)
    assert plain.sha256 != polyglot.sha256
