"""Reads arrays and maps of a template package defensively: headers first, then what they allow to unpack.
A package may come from anywhere; numpy's own loader would unpack whatever the archive claims.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.notes import Notes

MAX_ARRAY_BYTES = 64 * 2**20
NPY_HEADER = re.compile(
    rb"\{'descr': '([<|](?:b1|[iu][1248]|f[248]))', 'fortran_order': (True|False), "
    rb"'shape': \((|[0-9]{1,18},|[0-9]{1,18}(?:, [0-9]{1,18})+)\), \} *\n"
)
PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """What an array must be: one of these dtypes, and a shape where equal letters are equal lengths."""

    dtypes: tuple[str, ...]
    shape: tuple[int | str, ...]


def read_npz(data: bytes, specs: Mapping[str, ArraySpec], *, where: str, notes: Notes) -> Arrays | None:
    """The arrays of an .npz, exactly those of `specs`; None after noting everything that is wrong.

    Pickles, unknown arrays, other dtypes or shapes and arrays over 64 MiB are refused by their headers.
    """
    count = len(notes.findings)
    arrays: Arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            for name in sorted(members.keys() - specs.keys()):
                message = f"{where} holds an array {name[:60]!r} that nobody reads."
                notes.error("UNKNOWN_ARRAY", f"{where}:{name[:60]}", message)
            for name in specs.keys() - members.keys():
                notes.error("MISSING_ARRAY", f"{where}:{name}", f"{where} lacks the array {name!r}.")
            for name in specs.keys() & members.keys():
                _read_into(arrays, name, archive, members[name], specs[name].dtypes, f"{where}:{name}", notes)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        notes.error("WRONG_ARRAY", where, f"{where} is not a readable .npz: {str(error)[:120]}.")
    _check_shapes(arrays, specs, where, notes)
    return arrays if len(notes.findings) == count else None


def png_header(data: bytes) -> tuple[int, int, int, int, int] | None:
    """Width, height, bit depth, colour type and interlace method of a PNG, or None if it is none."""
    if len(data) < 33 or not data.startswith(PNG_START):
        return None
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    return width, height, depth, colour, interlace


def grey_map_size(data: bytes, *, largest: int, where: str, notes: Notes) -> int | None:
    """The side in pixels of a square 8-bit grey PNG, from its header; None after noting what is wrong."""
    header = png_header(data)
    if header is None:
        notes.error("WRONG_MAP", where, f"{where} is not a PNG file.")
        return None
    width, height, depth, colour, interlace = header
    if (depth, colour, interlace) != (8, 0, 0):
        message = (
            f"{where} must be an 8-bit grey PNG without interlacing (depth {depth}, colour type {colour})."
        )
        notes.error("WRONG_MAP", where, message, hint="Save it as 8-bit greyscale, without alpha.")
        return None
    if width != height or not 1 <= width <= largest:
        message = f"{where} is {width} × {height} pixels; maps are square, at most {largest} pixels a side."
        notes.error("WRONG_MAP", where, message)
        return None
    return width


def decode_grey(data: bytes, *, size: int) -> NDArray[np.uint8] | None:
    """The pixels (size, size) of a map whose header was checked; None when it is damaged."""
    if not _whole_png(data):
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None or pixels.shape != (size, size) or pixels.dtype != np.uint8:
        return None
    return np.asarray(pixels, np.uint8)


def _whole_png(data: bytes) -> bool:
    """Whether every chunk up to the last is there and has the right check sum."""
    position = 8
    while position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if zlib.crc32(data[position + 4 : end - 4]).to_bytes(4) != data[end - 4 : end]:
            return False
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position = end
    return False


def _read_into(
    arrays: Arrays,
    name: str,
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    dtypes: tuple[str, ...],
    where: str,
    notes: Notes,
) -> None:
    with archive.open(info) as member:
        header = _npy_header(member)
        if header is None:
            notes.error("WRONG_ARRAY", where, f"{where} has no plain array header.")
            return
        dtype, shape, rows_first = header
        if dtype.name not in dtypes or not rows_first:
            message = f"{where} is {dtype.str}; it must be {' or '.join(dtypes)}, little-endian, rows first."
            notes.error("WRONG_ARRAY", where, message)
            return
        size = math.prod(shape) * dtype.itemsize
        if size > MAX_ARRAY_BYTES:
            notes.error(
                "TOO_LARGE", where, f"{where} would take {size:.3g} bytes; the limit is {MAX_ARRAY_BYTES}."
            )
            return
        raw = member.read(size + 1)
    if len(raw) != size:
        notes.error(
            "WRONG_ARRAY", where, f"{where} announces {size} bytes and holds {min(len(raw), size + 1)}."
        )
        return
    arrays[name] = np.frombuffer(raw, dtype).reshape(shape)


def _npy_header(member: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...], bool] | None:
    """Dtype, shape and order (rows first?) of an .npy stream; None unless numpy wrote it for plain numbers.

    numpy's own reader evaluates the header as Python and lets its parser's errors through.
    """
    start = member.read(10)
    if start[:8] != b"\x93NUMPY\x01\x00":
        return None
    match = NPY_HEADER.fullmatch(member.read(int.from_bytes(start[8:], "little")))
    if match is None:
        return None
    shape = tuple(int(length) for length in match[3].decode().split(",") if length.strip())
    return np.dtype(match[1].decode()), shape, match[2] == b"False"


def _check_shapes(arrays: Arrays, specs: Mapping[str, ArraySpec], where: str, notes: Notes) -> None:
    lengths: dict[str, int] = {}
    for name, spec in specs.items():
        if name not in arrays:
            continue
        shape = arrays[name].shape
        wanted = [n if isinstance(n, int) else lengths.get(n, n) for n in spec.shape]
        if len(shape) != len(wanted) or any(
            isinstance(w, int) and w != n for w, n in zip(wanted, shape, strict=True)
        ):
            text = " × ".join(str(n) for n in shape) or "a single number"
            message = f"{where}:{name} is {text}; it must be {' × '.join(map(str, wanted))}."
            notes.error("WRONG_ARRAY", f"{where}:{name}", message)
            continue
        lengths |= {n: shape[i] for i, n in enumerate(spec.shape) if isinstance(n, str)}
