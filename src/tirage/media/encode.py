"""Pixels to files: PNG, JPEG and WebP bytes, and H.264 video; the same pixels always give the same bytes.
Only sRGB goes out, untagged, and nothing but pixels (and a resolution where one is asked for).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from tirage.errors import BadInput, Failed
from tirage.media.jpeg_cells import JpegCells, encode_whole
from tirage.media.still import Still

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

WEBP_QUALITY = 90
VIDEO_THREADS = 2
"""A fixed number: x264's output depends on it, so it must not follow the machine's."""
X264 = {"preset": "superfast", "crf": "20", "g": "24", "threads": str(VIDEO_THREADS)}
"""Measured on turntables of 72 frames at 1024², garment's luma: .78 CPU-s, 1 MB, 43.8 dB; veryfast at crf 18
takes 1.25 CPU-s for .6 MB and 43.0 dB, faster 1.95 for no more."""
MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}
METRE = 1000 / 25.4
Pixels = NDArray[np.uint8]


class ImageFormat(StrEnum):
    """The kinds of picture files."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def extension(self) -> str:
        """The ending of file names, with its dot."""
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"

    @property
    def transparent(self) -> bool:
        """Whether the kind can carry an alpha channel."""
        return self is not ImageFormat.JPEG


def image_format(name: str) -> ImageFormat:
    """The format of that exact name; INVALID_FORMAT otherwise."""
    try:
        return ImageFormat(name)
    except ValueError:
        raise BadInput("INVALID_FORMAT", f"There is no picture format {name[:60]!r}.") from None


def encode_image(*, pixels: Pixels, kind: ImageFormat, dpi: int | None = None) -> bytes:
    """A picture file of (height, width, 3 or 4) sRGB bytes, alpha straight; `dpi` is kept in PNG only.

    Failed: RENDER_FAILED when the encoder refuses.
    """
    if pixels.ndim != 3 or pixels.shape[2] not in {3, 4} or pixels.dtype != np.uint8:
        raise ValueError(f"pixels must be (height, width, 3 or 4) uint8, not {pixels.shape} {pixels.dtype}")
    if pixels.shape[2] == 4 and not kind.transparent:
        raise ValueError(f"{kind} carries no alpha channel")
    with _refusals(kind):
        return _ENCODERS[kind](np.ascontiguousarray(pixels), dpi)


def encode_still(*, still: Still, kind: ImageFormat) -> bytes:
    """The same of a picture that may have much in common with others, which JPEG does not code again."""
    if kind is not ImageFormat.JPEG:
        return encode_image(pixels=still.pixels, kind=kind)
    with _refusals(kind):
        return _jpeg_cells.encode(still)


@contextmanager
def _refusals(kind: ImageFormat) -> Iterator[None]:
    try:
        yield
    except (pyvips.Error, cv2.error) as error:
        raise Failed("RENDER_FAILED", f"The picture could not be written as {kind}.") from error


def _image(pixels: Pixels) -> pyvips.Image:
    """The pixels as libvips sees them, not copied."""
    height, width, channels = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.data, width, height, channels, "uchar")
    return image.copy(interpretation="srgb")


def _png(pixels: Pixels, dpi: int | None) -> bytes:
    # At 2048²: level 1 takes 25 ms for 1.1 MB, level 2 32 ms for .75 MB, level 6 79 ms for .64 MB.
    data = cast("bytes", _image(pixels).pngsave_buffer(compression=2, filter="up", keep="none"))
    # libvips always writes a resolution (25.4 DPI when it knows none) right behind the 25 bytes of IHDR.
    start = data.index(b"pHYs", 33, 64) - 4
    return data[:start] + _resolution(dpi) + data[start + 21 :]


def _resolution(dpi: int | None) -> bytes:
    if dpi is None:
        return b""
    body = b"pHYs" + struct.pack(">IIB", round(dpi * METRE), round(dpi * METRE), 1)
    return struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))


def _webp(pixels: Pixels, _dpi: int | None) -> bytes:
    # At 2048²: effort 0 takes 81 ms for 117 kB, 2 93 ms for 89 kB, 4 216 ms for 86 kB.
    return cast("bytes", _image(pixels).webpsave_buffer(Q=WEBP_QUALITY, effort=2, keep="none"))


_jpeg_cells = JpegCells()
_ENCODERS: dict[ImageFormat, Callable[[Pixels, int | None], bytes]] = {
    ImageFormat.PNG: _png,
    ImageFormat.JPEG: lambda pixels, _dpi: encode_whole(pixels),
    ImageFormat.WEBP: _webp,
}


def encode_video(*, frames: Iterator[Pixels], path: Path, size: int, rate: int) -> int:
    """Writes (size, size, 3) sRGB frames as an H.264 MP4; returns their number.

    It starts to play while it loads.  yuv420p, BT.709, limited range; `size` even.
    The frames are taken one at a time, as they are made.
    Failed: RENDER_FAILED when the encoder refuses.  OSError: the file cannot be written.
    """
    import av  # takes 140 ms, and pictures alone do without it

    try:
        with av.open(str(path), "w", format="mp4", options=MP4) as film:
            return _film(film, _h264(film, size, rate), frames)
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise Failed("RENDER_FAILED", "The video could not be encoded.") from error


def _h264(film: OutputContainer, size: int, rate: int) -> VideoStream:
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    stream = film.add_stream("libx264", rate=rate, options=X264)
    stream.width = stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = VIDEO_THREADS
    stream.codec_context.colorspace = Colorspace.ITU709
    stream.codec_context.color_range = ColorRange.MPEG
    stream.codec_context.color_primaries = ColorPrimaries.BT709
    stream.codec_context.color_trc = ColorTrc.BT709
    return stream


def _film(film: OutputContainer, stream: VideoStream, frames: Iterator[Pixels]) -> int:
    import av
    from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

    reformatter = VideoReformatter()
    count = 0
    for count, pixels in enumerate(frames, start=1):
        frame = reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
        )
        frame.pts = count - 1
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))
    return count
