"""Bytes from outside to text, for formats that are text."""

from __future__ import annotations

from tirage.media.notes import Notes
from tirage.video.findings import tell

__all__ = ["decode"]

MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Byte order marks and the encodings that they announce."""


def decode(data: bytes, notes: Notes) -> str | None:
    """UTF-8, UTF-16 with its mark, or else Windows' Latin; None after noting that it is no text."""
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        tell(notes, "NO_TEXT", f"line {line}", "The file has zero bytes in it: it is no text.")
        return None
    return text
