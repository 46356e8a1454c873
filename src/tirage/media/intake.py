"""The door for designs: an untrusted PNG or JPEG becomes checked pixels, or an error that says what to do.
Order of checks: size, magic bytes, agreement with name and type, structure, pixels.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput, Finding, NotFound, TirageError
from tirage.media import jpeg, png
from tirage.media.container import Container, Kind

__all__ = ["MAX_BYTES", "Design", "inspect_design", "label_of", "read_design"]

MAX_BYTES = 10 * 1024 * 1024
SUFFIXES: dict[str, Kind] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
}
MIME_TYPES: dict[str, Kind] = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg"}
OTHERS = {
    b"GIF8": "GIF",
    b"RIFF": "WebP or another RIFF file",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"8BPS": "Photoshop file",
    b"<svg": "SVG",
    b"<?xm": "SVG or other XML",
    b"<!DO": "HTML or SVG",
    b"<htm": "HTML",
    b"PK\3\4": "ZIP archive",
    b"\0\0\1\0": "icon",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
}
"""First bytes → what people call it, for the message only."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A checked design: pixels (h, w, 4) uint8 RGBA, straight alpha, sRGB, upright, read-only."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    kind: Kind
    sha256: str
    """Hex, of the bytes as given."""
    bytes_size: int
    name: str
    """As given, without folders; for people only, never for paths."""
    findings: tuple[Finding, ...] = ()
    """What could not be used: a colour profile, an animation."""


def read_design(source: Path | bytes, *, name: str | None = None, mime: str | None = None) -> Design:
    """Reads and decodes a design; `name` (for bytes) and `mime`, where known, must agree with the content.

    Raises BadInput or NotFound with MISSING_FILE, UNREADABLE_FILE, EMPTY_FILE, FILE_TOO_LARGE,
    INVALID_FILE_TYPE, TYPE_MISMATCH, IMAGE_TOO_LARGE or IMAGE_DAMAGED; the message names the file.
    """
    from tirage.media.decode import decode

    label = label_of(source, name)
    data = source if isinstance(source, bytes) else _read(source, label)
    container = _judged(data, label, mime)
    try:
        pixels, findings = decode(container)
    except BadInput as error:
        raise _named(error, label) from None
    return Design(
        pixels=pixels,
        width=pixels.shape[1],
        height=pixels.shape[0],
        kind=container.kind,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes_size=len(data),
        name=label,
        findings=container.findings + findings,
    )


def inspect_design(source: Path | bytes, *, name: str | None = None, mime: str | None = None) -> Container:
    """All checks of read_design short of decoding, in milliseconds: for answering an upload at once."""
    label = label_of(source, name)
    return _judged(source if isinstance(source, bytes) else _read(source, label), label, mime)


def _judged(data: bytes, label: str, mime: str | None) -> Container:
    try:
        kind = _kind(data)
        _check_agreement(kind, label, mime)
        return png.read_png(data) if kind == "png" else jpeg.read_jpeg(data)
    except BadInput as error:
        raise _named(error, label) from None


def _kind(data: bytes) -> Kind:
    """PNG or JPEG by the exact magic bytes."""
    if not data:
        raise BadInput("EMPTY_FILE", "The file is empty.")
    if len(data) > MAX_BYTES:
        raise BadInput("FILE_TOO_LARGE", "The file is larger than 10 MiB.")
    if data.startswith(png.MAGIC):
        return "png"
    if data.startswith(jpeg.MAGIC):
        return "jpeg"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next(
        (f", but looks like: {other}" for magic, other in OTHERS.items() if start.startswith(magic)), ""
    )
    raise BadInput("INVALID_FILE_TYPE", f"The file is neither PNG nor JPEG{found}.")


def _check_agreement(kind: Kind, label: str, mime: str | None) -> None:
    """The name's ending and the declared type, where there are any, must say what the bytes say."""
    suffix = Path(label).suffix.lower()
    if suffix and SUFFIXES.get(suffix) != kind:
        raise BadInput("TYPE_MISMATCH", f"The file is a {kind.upper()} inside, which its name does not say.")
    if mime is not None:
        declared = MIME_TYPES.get(mime.partition(";")[0].strip().lower())
        if declared is None:
            raise BadInput("INVALID_FILE_TYPE", f"The declared type {mime[:40]!r} is neither PNG nor JPEG.")
        if declared != kind:
            raise BadInput(
                "TYPE_MISMATCH", f"The file is a {kind.upper()}, but was declared as {mime[:40]!r}."
            )


def _read(path: Path, label: str) -> bytes:
    """The whole of a regular file (or a link to one), judged by its size before it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("MISSING_FILE", f"There is no file {label!r}.") from None
    except (OSError, ValueError) as error:
        raise BadInput("UNREADABLE_FILE", f"{label!r} cannot be read: {_reason(error)}.") from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise BadInput("UNREADABLE_FILE", f"{label!r} is not a regular file.")
        if facts.st_size > MAX_BYTES:
            raise BadInput(
                "FILE_TOO_LARGE", f"{label!r} has {facts.st_size / 2**20:.1f} MiB; 10 are allowed."
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _reason(error: OSError | ValueError) -> str:
    known = {errno.EACCES: "permission denied", errno.ELOOP: "its links go round in a circle"}
    return (
        known.get(error.errno or 0, "the system refuses it") if isinstance(error, OSError) else "a bad name"
    )


def label_of(source: Path | bytes, name: str | None) -> str:
    """What to call a file: without folders, and without signs that could mislead or steer a terminal."""
    given = name if name is not None else "design" if isinstance(source, bytes) else source.name
    base = given.replace("\\", "/").rpartition("/")[2][-200:]
    return "".join(sign if sign.isprintable() else "?" for sign in base) or "design"


def _named(error: TirageError, label: str) -> BadInput:
    """The same error, beginning with the file's name."""
    message = f"{label}: {error.message[0].lower()}{error.message[1:]}"
    return BadInput(error.code, message, hint=error.hint, findings=error.findings)
