"""Turn linear renders into 8-bit pictures: Khronos PBR Neutral, sRGB, PNG. NumPy is all it needs."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def neutral(radiance: Floats) -> Floats:
    """Khronos PBR Neutral over (…, 3) linear Rec. 709 (formula: Khronos ToneMapping, pbrNeutral.glsl)."""
    start, desaturation = 0.8 - 0.04, 0.15
    low = radiance.min(axis=-1, keepdims=True)
    colour = radiance - np.where(low < 0.08, low - 6.25 * low * low, 0.04)
    peak = colour.max(axis=-1, keepdims=True)
    room = 1 - start
    new_peak = 1 - room * room / (np.maximum(peak, start) + room - start)
    pressed = colour * new_peak / np.maximum(peak, 1e-6)
    grey = 1 - 1 / (desaturation * (peak - new_peak) + 1)
    return np.asarray(np.where(peak < start, colour, pressed * (1 - grey) + new_peak * grey), np.float32)


def srgb(linear: Floats) -> Floats:
    """The sRGB curve over values clipped to 0…1."""
    value = np.clip(linear, 0, 1)
    return np.asarray(
        np.where(value < 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055), np.float32
    )


def linear(encoded: Floats) -> Floats:
    """The inverse of `srgb`."""
    value = np.clip(encoded, 0, 1)
    return np.asarray(np.where(value < 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4), np.float32)


def linear_hex(colour: str) -> tuple[float, float, float]:
    """Linear albedo of "#rrggbb", clipped to the .02–.90 that cloth can have."""
    codes = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)
    red, green, blue = np.clip(linear((codes / 255).astype(np.float32)), 0.02, 0.9).tolist()
    return red, green, blue


def develop(picture: Floats, exposure: float) -> Bytes:
    """A premultiplied linear render (h, w, 4) as straight 8-bit sRGB with alpha, zero where clear."""
    alpha = np.clip(picture[..., 3:], 0, 1)
    radiance = (picture[..., :3] / np.maximum(alpha, 1e-6) * exposure).astype(np.float32)
    colour = np.rint(srgb(neutral(radiance)) * 255)
    codes = np.concatenate([colour, np.rint(alpha * 255)], axis=-1)
    return np.asarray(np.where(codes[..., 3:] > 0, codes, 0), np.uint8)


def over(picture: Bytes, background: float) -> Bytes:
    """The picture (h, w, 4) over an even grey of 0…255, as (h, w, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.asarray(np.rint(picture[..., :3] * alpha + background * (1 - alpha)), np.uint8)


def write_png(path: Path, picture: Bytes) -> None:
    """Write (h, w, 3 or 4) as an 8-bit PNG, each row as its difference to the row above."""
    height, width, channels = picture.shape
    rows = picture.reshape(height, -1)
    shifted = np.vstack([rows[:1], rows[1:] - rows[:-1]])
    data = np.hstack([np.full((height, 1), 2, np.uint8), shifted]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in chunks:
            file.write(
                struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            )
