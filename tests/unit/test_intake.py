"""Good designs in every variety come out as the same upright sRGB pixels; names and types have to agree."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

import images
from tirage.errors import BadInput, NotFound, TirageError
from tirage.media.intake import MAX_BYTES, Design, inspect_design, read_design

RGB = images.art()[..., :3]
GREY = images.art()[..., 0]


def refused(source: Path | bytes, *, name: str | None = None, mime: str | None = None) -> TirageError:
    with pytest.raises(BadInput) as caught:
        read_design(source, name=name, mime=mime)
    assert caught.value.hint
    return caught.value


def opaque(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def closest(design: Design, expected: NDArray[np.uint8]) -> int:
    return int(np.abs(design.pixels.astype(int) - expected.astype(int)).max())


def from_vips(pixels: NDArray[np.generic], space: str, **options: object) -> bytes:
    return bytes(pyvips.Image.new_from_array(pixels).copy(interpretation=space).pngsave_buffer(**options))


@pytest.mark.rows("R271", "R284")
def test_a_png_comes_out_as_it_is() -> None:
    file = images.rgba_png(images.art())
    design = read_design(file, name="art.png", mime="image/png")
    assert np.array_equal(design.pixels, images.art())
    assert (design.width, design.height, design.kind, design.name) == (48, 32, "png", "art.png")
    assert design.sha256 == hashlib.sha256(file).hexdigest()
    assert design.bytes_size == len(file)
    assert design.findings == ()
    assert not design.pixels.flags.writeable


@pytest.mark.rows("R271")
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_comes_out_opaque(progressive: bool) -> None:
    smooth = np.dstack([np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (40, 1))] * 3)
    design = read_design(images.jpeg(smooth, Q=100, interlace=progressive), name="art.JPG", mime="image/jpg")
    assert design.kind == "jpeg"
    assert closest(design, opaque(smooth)) <= 2


PNG_VARIETIES = {
    "rgb": (from_vips(RGB, "srgb"), opaque(RGB)),
    "rgb interlaced": (from_vips(RGB, "srgb", interlace=True), opaque(RGB)),
    "grey": (from_vips(GREY, "b-w"), opaque(np.dstack([GREY] * 3))),
    "grey and alpha": (
        from_vips(images.art()[..., [0, 3]], "b-w"),
        images.art()[..., [0, 0, 0, 3]],
    ),
    "one bit": (
        images.png(16, 2, b"\0\xaa\xaa\0\x0f\x0f", depth=1, colour=0),
        opaque(np.dstack([np.array([[255, 0] * 8, ([0] * 4 + [255] * 4) * 2], np.uint8)] * 3)),
    ),
    "palette with transparency": (
        images.png(
            4,
            1,
            b"\0\x01\x23",
            depth=4,
            colour=3,
            extra=[images.chunk(b"PLTE", bytes(range(12))), images.chunk(b"tRNS", b"\x00\x80")],
        ),
        np.array([[[0, 1, 2, 0], [3, 4, 5, 128], [6, 7, 8, 255], [9, 10, 11, 255]]], np.uint8),
    ),
    "one colour transparent": (
        images.png(2, 1, b"\0\1\2\3\4\5\6", colour=2, extra=[images.chunk(b"tRNS", b"\0\1\0\2\0\3")]),
        np.array([[[1, 2, 3, 0], [4, 5, 6, 255]]], np.uint8),
    ),
}


@pytest.mark.parametrize("variety", PNG_VARIETIES)
def test_every_variety_of_png(variety: str) -> None:
    file, expected = PNG_VARIETIES[variety]
    assert np.array_equal(read_design(file).pixels, expected)


def test_16_bits_are_rounded_not_cut() -> None:
    values = np.arange(0, 65536, 7, dtype=np.uint16)[: 96 * 96].reshape(96, 96)
    sixteen = np.dstack([values, values[::-1], values.T, values[:, ::-1]])
    design = read_design(from_vips(sixteen, "rgb16"))
    assert np.array_equal(design.pixels, np.floor(sixteen / 257 + 0.5).astype(np.uint8))


def test_16_bit_grey() -> None:
    design = read_design(from_vips(np.array([[0, 128, 129, 65535]], np.uint16), "grey16"))
    assert design.pixels[0, :, 0].tolist() == [0, 0, 1, 255]


TURNS = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: np.swapaxes(p, 0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(np.swapaxes(p, 0, 1), 2),
    8: np.rot90,
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("number", TURNS)
def test_orientation_is_applied_to_png_and_jpeg(number: int, order: str) -> None:
    block = images.exif(number, order=order)
    design = read_design(images.rgba_png(images.art(), extra=[images.chunk(b"eXIf", block)]))
    assert np.array_equal(design.pixels, TURNS[number](images.art()))
    plain = images.jpeg(RGB)
    turned = read_design(images.insert_segment(plain, 0xE1, b"Exif\0\0" + block))
    assert np.array_equal(turned.pixels, TURNS[number](read_design(plain).pixels))
    assert (turned.width, turned.height) == turned.pixels.shape[1::-1]


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08",
        images.exif(0),
        images.exif(9),
        b"XX" + images.exif(6)[2:],
    ],
)
def test_exif_without_sense_turns_nothing(block: bytes) -> None:
    file = images.rgba_png(images.art(), extra=[images.chunk(b"eXIf", block)])
    assert np.array_equal(read_design(file).pixels, images.art())


def test_our_turns_agree_with_libvips() -> None:
    for number in TURNS:
        file = images.insert_segment(images.jpeg(RGB), 0xE1, b"Exif\0\0" + images.exif(number))
        theirs = pyvips.Image.jpegload_buffer(file, autorotate=True).numpy()
        assert np.array_equal(read_design(file).pixels[..., :3], theirs)


def srgb_of_p3(*codes: int) -> NDArray[np.float64]:
    """Display P3 codes as sRGB codes, by the primaries' matrix (SMPTE EG 432-1, both D65)."""
    encoded = np.array(codes) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    moved = np.array([[1.2249, -0.2249, 0], [-0.0420, 1.0420, 0], [-0.0196, -0.0786, 1.0983]]) @ linear
    return 255 * np.where(moved <= 0.0031308, moved * 12.92, 1.055 * moved ** (1 / 2.4) - 0.055)


def test_a_wide_profile_is_converted_and_alpha_kept() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[...] = (200, 100, 50, 77)
    design = read_design(images.rgba_png(pixels, extra=[images.iccp(images.profile("p3"))]))
    assert np.abs(design.pixels[0, 0] - np.array([*srgb_of_p3(200, 100, 50), 77])).max() < 1.5
    assert design.findings == ()


def test_a_wide_profile_in_a_jpeg_of_several_parts() -> None:
    icc = images.profile("p3")
    file = images.jpeg(np.full((8, 8, 3), (200, 100, 50), np.uint8), Q=100)
    for number, part in ((2, icc[200:]), (1, icc[:200])):
        file = images.insert_segment(file, 0xE2, b"ICC_PROFILE\0" + bytes((number, 2)) + part)
    assert np.abs(read_design(file).pixels[0, 0, :3] - srgb_of_p3(200, 100, 50)).max() <= 2


@pytest.mark.parametrize("more_gamma", [0, 800, -800])
def test_an_srgb_profile_changes_no_byte(more_gamma: int) -> None:
    """Also one whose curve is a little off, as many are: by ± .012 in gamma, less than a code anywhere."""
    icc = bytearray(images.profile("srgb"))
    at = icc.index(b"para") + 12
    icc[at : at + 4] = (int.from_bytes(icc[at : at + 4]) + more_gamma).to_bytes(4)
    design = read_design(images.rgba_png(images.art(), extra=[images.iccp(bytes(icc))]))
    assert np.array_equal(design.pixels, images.art())
    assert design.findings == ()


JUNK = b"\0" * 36 + b"acsp" + b"\0" * 100


@pytest.mark.parametrize(
    "extra",
    [
        images.iccp(b"junk" * 40),
        images.iccp(images.profile("cmyk")[:5000]),
        images.iccp(images.profile("p3")[:-1]),
        images.iccp(JUNK),
        images.chunk(b"iCCP", b"profile\0\0not deflate"),
        images.chunk(b"iCCP", b"no end of name"),
        images.chunk(b"iCCP", b""),
        images.chunk(b"cICP", bytes((9, 16, 0, 1))),
    ],
)
def test_a_profile_that_cannot_be_used_is_left_out_and_said(extra: bytes) -> None:
    design = read_design(images.rgba_png(images.art(), extra=[extra]))
    assert np.array_equal(design.pixels, images.art())
    assert [finding.code for finding in design.findings] == ["PROFILE_IGNORED"]


def test_a_grey_profile_is_converted() -> None:
    file = images.png(3, 1, b"\0\x00\x80\xff", colour=0, extra=[images.iccp(images.grey_profile(1.0))])
    # Linear .502 in sRGB is code 188.
    assert read_design(file).pixels.tolist() == [[[0, 0, 0, 255], [188, 188, 188, 255], [255, 255, 255, 255]]]


def test_a_profile_for_colours_does_not_fit_grey() -> None:
    file = images.png(1, 1, b"\0\x80", colour=0, extra=[images.iccp(images.profile("p3"))])
    design = read_design(file)
    assert design.pixels.tolist() == [[[128, 128, 128, 255]]]
    assert [finding.code for finding in design.findings] == ["PROFILE_IGNORED"]


def test_a_profile_beyond_all_measure_in_a_jpeg_is_left_out_and_said() -> None:
    file = images.jpeg(RGB)
    for number in range(70, 0, -1):
        file = images.insert_segment(file, 0xE2, b"ICC_PROFILE\0" + bytes((number, 70)) + b"x" * 65_000)
    assert [finding.code for finding in read_design(file).findings] == ["PROFILE_IGNORED"]


def test_an_incomplete_profile_in_a_jpeg_is_left_out_and_said() -> None:
    file = images.insert_segment(images.jpeg(RGB), 0xE2, b"ICC_PROFILE\0\2\2" + images.profile("p3"))
    assert [finding.code for finding in read_design(file).findings] == ["PROFILE_IGNORED"]


def test_cmyk_becomes_srgb() -> None:
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, :8] = (0, 255, 255, 0)
    inks[:, 16:24] = (0, 0, 0, 255)
    inks[:, 24:] = (255, 0, 0, 0)
    design = read_design(images.jpeg(inks, space="cmyk", Q=100))
    red, paper, black, cyan = (design.pixels[8, x].astype(int) for x in (4, 12, 20, 28))
    assert red[0] > 200
    assert max(red[1:3]) < 60
    assert min(paper) >= 250
    assert max(black[:3]) < 40
    assert cyan[0] < 60 < 130 < min(cyan[1:3])


def test_an_animation_gives_its_default_picture() -> None:
    control = images.chunk(b"acTL", b"\0\0\0\2\0\0\0\0")
    frame = images.chunk(b"fcTL", b"\0" * 26) + images.chunk(b"fdAT", b"\0\0\0\1junk")
    design = read_design(images.rgba_png(images.art(), extra=[control, frame]))
    assert np.array_equal(design.pixels, images.art())
    assert [finding.code for finding in design.findings] == ["ANIMATION_STILL"]


@pytest.mark.rows("R220", "R203")
@pytest.mark.parametrize(
    ("name", "mime", "code"),
    [
        ("art.jpg", None, "TYPE_MISMATCH"),
        ("art.gif", None, "TYPE_MISMATCH"),
        ("art.png.exe", None, "TYPE_MISMATCH"),
        ("art.png", "image/jpeg", "TYPE_MISMATCH"),
        ("art.png", "image/gif", "INVALID_FILE_TYPE"),
        ("art.png", "text/html", "INVALID_FILE_TYPE"),
        ("art.png", "", "INVALID_FILE_TYPE"),
    ],
)
def test_names_and_types_that_disagree(name: str, mime: str | None, code: str) -> None:
    assert refused(images.rgba_png(images.art()), name=name, mime=mime).code == code


@pytest.mark.rows("R220")
@pytest.mark.parametrize(
    ("name", "mime"), [("ART.PNG", "image/png; charset=binary"), ("art", None), (None, "IMAGE/PNG")]
)
def test_names_and_types_that_agree(name: str | None, mime: str | None) -> None:
    assert read_design(images.rgba_png(images.art()), name=name, mime=mime).kind == "png"


@pytest.mark.rows("R222", "R120")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/art.png", "art.png"),
        ("C:\\x\\art.png", "art.png"),
        ("a\x1b[31m\u202e\0.png", "a?[31m??.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("", "design"),
    ],
)
def test_names_are_reduced_to_something_harmless(given: str, kept: str) -> None:
    assert read_design(images.rgba_png(images.art()), name=given).name == kept


def test_a_file_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(images.rgba_png(images.art()))
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    assert np.array_equal(read_design(tmp_path / "link.png").pixels, images.art())


@pytest.mark.rows("R213", "R042")
@pytest.mark.parametrize("missing", ["no.png", "file.png/x.png", "dangling.png"])
def test_missing_files(tmp_path: Path, missing: str) -> None:
    (tmp_path / "file.png").write_bytes(b"x")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    error = refused(tmp_path / missing)
    assert error.code == "MISSING_FILE"
    assert isinstance(error, NotFound)
    assert str(tmp_path) not in error.message


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "folder.png").mkdir()
    for path in (
        tmp_path / "pipe.png",
        tmp_path / "loop.png",
        tmp_path / "folder.png",
        Path("/dev/zero"),
        Path("a\0.png"),
        tmp_path / ("n" * 300),
    ):
        assert refused(path).code == "UNREADABLE_FILE", path


@pytest.mark.rows("R219", "R271")
def test_ten_mebibytes_and_not_one_byte_more(tmp_path: Path) -> None:
    file = images.rgba_png(images.art())
    full = file + b"\0" * (MAX_BYTES - len(file))
    assert read_design(full).bytes_size == 10 * 1024 * 1024
    assert refused(full + b"\0").code == "FILE_TOO_LARGE"
    (tmp_path / "art.png").write_bytes(full + b"\0")
    assert refused(tmp_path / "art.png").code == "FILE_TOO_LARGE"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(2**40)
    error = refused(tmp_path / "sparse.png")
    assert error.code == "FILE_TOO_LARGE"
    assert "1048576.0 MiB" in error.message


@pytest.mark.rows("R223")
def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "art.png").touch()
    assert refused(tmp_path / "art.png").code == refused(b"").code == "EMPTY_FILE"


def test_other_types_than_bytes_are_a_defect_of_the_caller() -> None:
    with pytest.raises((TypeError, AttributeError)):
        read_design(bytearray(images.rgba_png(images.art())))  # type: ignore[arg-type]


def test_inspecting_tells_the_extent_without_decoding() -> None:
    container = inspect_design(images.insert_segment(images.jpeg(RGB), 0xE1, b"Exif\0\0" + images.exif(6)))
    assert (container.kind, container.width, container.height, container.orientation) == ("jpeg", 48, 32, 6)
    assert inspect_design(images.png(4, 4, b"undecodable" * 10)).width == 4


@pytest.mark.parametrize(("width", "height", "good"), [(10_000, 5_000, True), (10_000, 5_001, False)])
def test_fifty_megapixels_and_not_one_row_more(width: int, height: int, good: bool) -> None:
    blank = zlib.compress(bytes(height * (width // 8 + 1)))
    header = images.header(width, height, depth=1, colour=0)
    file = images.MAGIC + header + images.chunk(b"IDAT", blank) + images.chunk(b"IEND")
    if good:
        assert inspect_design(file).width == width
    else:
        with pytest.raises(BadInput, match="too many") as caught:
            inspect_design(file)
        assert caught.value.code == "IMAGE_TOO_LARGE"
