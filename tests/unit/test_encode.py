"""Pictures and video come out as asked, exact where the format is, and the same every time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.encode import ImageFormat, encode_image, encode_video, image_format
from tirage.media.jpeg_cells import JpegCells, cell_blocks
from tirage.media.still import TILE, Shared, Still

Pixels = NDArray[np.uint8]
BACKGROUND = (242, 242, 242)
JFIF = bytes.fromhex("ffe0 0010 4a46494600 0101 00 0001 0001 0000")
"""The header that says YCbCr to all readers, which libvips leaves out with the other metadata."""


def picture(*, size: int = 64, channels: int = 3) -> Pixels:
    """A red disc with a soft edge on the default background."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    inside = np.clip(size * 0.35 - np.hypot(x, y), 0, 1)[..., None]
    rgb = inside * (190, 30, 45) + (1 - inside) * BACKGROUND
    rgba = np.concatenate([rgb, inside * 255], axis=2)
    return np.rint(rgba[..., :channels]).astype(np.uint8)


def decoded(data: bytes) -> Pixels:
    return np.asarray(pyvips.Image.new_from_buffer(data, "").numpy(), np.uint8)


def png_chunks(data: bytes) -> dict[bytes, bytes]:
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + length]
        at += length + 12
    return chunks


@pytest.mark.parametrize("channels", [3, 4])
def test_png_keeps_every_pixel_and_nothing_else(channels: int) -> None:
    pixels = picture(channels=channels)
    data = encode_image(pixels=pixels, kind=ImageFormat.PNG)
    assert np.array_equal(decoded(data), pixels)
    assert set(png_chunks(data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_print_png_says_300_dots_an_inch() -> None:
    data = encode_image(pixels=picture(channels=4), kind=ImageFormat.PNG, dpi=300)
    assert struct.unpack(">IIB", png_chunks(data)[b"pHYs"]) == (11811, 11811, 1)
    assert np.array_equal(decoded(data), picture(channels=4))


def test_jpeg_keeps_full_colour_resolution_and_carries_no_metadata() -> None:
    data = encode_image(pixels=picture(), kind=ImageFormat.JPEG)
    assert data.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF\0")
    frame = data.index(b"\xff\xc0") + 4
    sampling = [data[frame + 7 + 3 * component] for component in range(3)]
    assert sampling == [0x11, 0x11, 0x11]
    assert not any(marker in data for marker in (b"\xff\xe1", b"\xff\xe2", b"\xff\xfe"))
    assert np.abs(decoded(data).astype(int) - picture()).mean() < 1.5


def whole_jpeg(pixels: Pixels) -> bytes:
    """The same by libvips: another program around the same library, restarting at the same places."""
    height, width, _ = pixels.shape
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).data, width, height, 3, "uchar")
    image = image.copy(interpretation="srgb")
    data: bytes = image.jpegsave_buffer(
        Q=92, subsample_mode="off", keep="none", restart_interval=cell_blocks(width)
    )
    return data[:2] + JFIF + data[2:]


@pytest.mark.parametrize("shape", [(64, 64), (100, 61), (7, 9), (8, 8), (1, 1), (513, 130), (130, 512)])
def test_jpeg_restarts_and_is_otherwise_plain(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    assert encode_image(pixels=noise, kind=ImageFormat.JPEG) == whole_jpeg(noise)


class Sketch:
    """Noise on a background, of which some tiles differ between pictures; counts what is drawn."""

    def __init__(self, size: int) -> None:
        self.size, self.across, self.drawn = size, -(-size // TILE), 0
        self.noise = np.random.default_rng(2).integers(0, 256, (size, size, 3), np.uint8)
        self.blank = np.zeros((self.across, self.across), np.bool_)
        self.blank[:, : self.across // 3] = True
        self.noise[self._pixels(self.blank)] = BACKGROUND

    def _pixels(self, tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
        whole = np.repeat(np.repeat(tiles, TILE, axis=0), TILE, axis=1)
        return np.asarray(whole[: self.size, : self.size])

    def still(self, seed: int, ground: str = "cloth") -> tuple[Still, Pixels]:
        """A picture with ink of its own, and all of its pixels."""
        random = np.random.default_rng(seed)
        inked = (random.random((self.across, self.across)) < 0.1) & ~self.blank
        pixels = self.noise.copy()
        pixels[self._pixels(inked)] ^= random.integers(1, 256, dtype=np.uint8)

        def draw(tiles: NDArray[np.bool_] | None) -> Pixels:
            if tiles is None:
                return pixels
            self.drawn = int(tiles.sum())
            junk = np.random.default_rng(3).integers(0, 256, pixels.shape, np.uint8)
            return np.asarray(np.where(self._pixels(tiles)[..., None], pixels, junk))

        return Still(self.size, draw, Shared(ground, inked, self.blank)), pixels


@pytest.mark.parametrize("size", [512, 480, 400, 100, 61, 16, 7])
def test_jpeg_by_cells_is_the_whole_jpeg(size: int) -> None:
    """At first, with what others have left, with all of it, and with a budget that keeps nothing."""
    sketch = Sketch(size)
    for encoder in (JpegCells(), JpegCells(budget=0)):
        for seed in (1, 2, 3, 1):
            still, pixels = sketch.still(seed)
            assert encoder.encode(still) == encode_image(pixels=pixels, kind=ImageFormat.JPEG)


def test_cells_of_the_same_ground_are_not_drawn_again() -> None:
    sketch, encoder = Sketch(1024), JpegCells()
    drawn = []
    for seed in (1, 1, 2):
        still, _ = sketch.still(seed)
        encoder.encode(still)
        drawn.append(sketch.drawn)
    whole = sketch.across**2
    assert drawn[0] < 0.8 * whole, "the background is one cell"
    assert drawn[2] < 0.75 * whole
    other, pixels = sketch.still(1, "another")
    assert encoder.encode(other) == encode_image(pixels=pixels, kind=ImageFormat.JPEG)
    assert sketch.drawn == drawn[0], "another ground knows nothing of the first"


def test_no_more_cells_are_kept_than_the_budget_allows() -> None:
    sketch, encoder = Sketch(512), JpegCells(budget=400_000)
    kept = []
    for number in range(4):
        encoder.encode(sketch.still(1, f"ground {number}")[0])
        kept.append(encoder.kept_bytes)
    assert kept[0] > 0
    assert max(kept) <= 400_000


def test_jpeg_cells_from_several_threads() -> None:
    sketch, encoder = Sketch(160), JpegCells(budget=60_000)
    stills = [sketch.still(seed, f"ground {seed % 3}") for seed in range(12)] * 4
    with ThreadPoolExecutor(4) as pool:
        coded = list(pool.map(encoder.encode, [still for still, _ in stills]))
    assert coded == [encode_image(pixels=pixels, kind=ImageFormat.JPEG) for _, pixels in stills]


def test_jpeg_background_is_exact() -> None:
    flat = np.full((64, 64, 3), BACKGROUND, np.uint8)
    assert np.array_equal(decoded(encode_image(pixels=flat, kind=ImageFormat.JPEG)), flat)


def test_webp_is_close_and_its_alpha_exact() -> None:
    pixels = picture(channels=4)
    back = decoded(encode_image(pixels=pixels, kind=ImageFormat.WEBP))
    assert np.array_equal(back[..., 3], pixels[..., 3])
    assert np.abs(back[28:36, 28:36, :3].astype(int) - pixels[28:36, 28:36, :3]).max() <= 4


@pytest.mark.parametrize("kind", ImageFormat)
def test_the_same_pixels_give_the_same_bytes(kind: ImageFormat) -> None:
    assert encode_image(pixels=picture(), kind=kind) == encode_image(pixels=picture(), kind=kind)


def test_pixels_need_not_lie_in_one_piece() -> None:
    wide = np.concatenate([picture(), picture()], axis=1)
    data = encode_image(pixels=wide[:, ::-1][:, :64], kind=ImageFormat.PNG)
    assert np.array_equal(decoded(data), picture()[:, ::-1])


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_image(pixels=np.zeros(shape, np.uint8), kind=ImageFormat.PNG)


def test_jpeg_refuses_alpha() -> None:
    with pytest.raises(ValueError, match="alpha"):
        encode_image(pixels=picture(channels=4), kind=ImageFormat.JPEG)


def test_format_names() -> None:
    assert [image_format(kind).extension for kind in ("png", "jpeg", "webp")] == [".png", ".jpg", ".webp"]
    for name in ("jpg", "PNG", "gif", "", "x" * 5000):
        with pytest.raises(BadInput) as caught:
            image_format(name)
        assert caught.value.code == "INVALID_FORMAT"
        assert len(caught.value.message) < 120


def turning(*, size: int = 128, frames: int = 24) -> Iterator[Pixels]:
    for frame in range(frames):
        yield np.roll(picture(size=size), frame, axis=1)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "animation.mp4"
    assert encode_video(frames=turning(), path=path, size=128, rate=24) == 24
    return path


@pytest.mark.rows("R286", "R290")
def test_video_is_h264_of_24_frames_a_second_tagged_bt709(film: Path) -> None:
    with av.open(str(film)) as container:
        (stream,) = container.streams.video
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 128, 128)
        assert (stream.average_rate, stream.frames, container.duration) == (24, 24, av.time_base)
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert tuple(map(int, tags)) == (1, 1, 1, 1)


def test_video_starts_before_it_is_loaded_and_has_no_date(film: Path) -> None:
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    times = data.index(b"mvhd") + 8
    assert data[times : times + 8] == bytes(8)
    assert b"Lavf" not in data


@pytest.mark.rows("R286")
def test_video_shows_the_frames(film: Path) -> None:
    with av.open(str(film)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == 24
    for got, wanted in zip(shown, turning(), strict=True):
        error = np.abs(got.astype(int) - wanted)
        assert error[:8].max() <= 2, "the background"
        assert error.mean() < 1.5


def test_the_same_frames_give_the_same_video(film: Path, tmp_path: Path) -> None:
    encode_video(frames=turning(), path=tmp_path / "again.mp4", size=128, rate=24)
    assert (tmp_path / "again.mp4").read_bytes() == film.read_bytes()


def test_frames_are_taken_one_at_a_time(tmp_path: Path) -> None:
    """A generator that reuses one buffer must be safe: the encoder keeps no frame that it was handed."""

    def frames() -> Iterator[Pixels]:
        buffer = np.empty((128, 128, 3), np.uint8)
        for frame in turning():
            buffer[:] = frame
            yield buffer

    encode_video(frames=frames(), path=tmp_path / "one.mp4", size=128, rate=24)
    encode_video(frames=turning(), path=tmp_path / "many.mp4", size=128, rate=24)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "many.mp4").read_bytes()


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        encode_video(frames=turning(), path=tmp_path / "none" / "a.mp4", size=128, rate=24)
