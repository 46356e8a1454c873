"""A package as one file, id-version.tirage.zip: written so that the same package gives the same bytes,
and read as something that anybody may have made."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path

from tirage.errors import BadInput
from tirage.mockup.template import DESCRIPTION

SUFFIX = ".tirage.zip"
MAX_BYTES = 8 * 10**6
"""Of a whole package, packed or not."""
MAX_FILES = 256
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
THEN = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can name."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HINT = "`tirage template pack` makes such files."


def archive(folder: Path) -> bytes:
    """The package in a folder as one file: sorted, without times, stored, since all of it is packed already.

    TEMPLATE_INVALID: it is larger than a package may be."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    total = sum(path.stat().st_size for path in paths)
    if total > MAX_BYTES:
        message = f"The package has {total / 1e6:.1f} MB; the limit is {MAX_BYTES / 1e6:g} MB."
        hint = "Fewer triangles or a smaller detail map make it smaller."
        raise BadInput("TEMPLATE_INVALID", message, hint=hint)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as file:
        for path in paths:
            entry = zipfile.ZipInfo(path.name, THEN)
            entry.create_system = 3  # Unix, on every system
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            file.writestr(entry, path.read_bytes())
    return stream.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The files of a packed package by name; nothing is written.

    TEMPLATE_NOT_FOUND: there is no such file. TEMPLATE_INVALID: it is no package, or breaks a limit."""
    try:
        size = path.stat().st_size
        if size > 2 * MAX_BYTES:
            raise _refused(f"it has {size / 1e6:.1f} MB")
        with zipfile.ZipFile(path) as file:
            return _read(file)
    except FileNotFoundError:
        raise BadInput("TEMPLATE_NOT_FOUND", f"There is no file {path}.") from None
    except OSError as error:
        raise BadInput("TEMPLATE_NOT_FOUND", f"{path} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise _refused(f"it is damaged or no zip file ({str(error)[:100]})") from error


def _read(file: zipfile.ZipFile) -> dict[str, bytes]:
    entries = file.infolist()
    if len(entries) > MAX_FILES:
        raise _refused(f"it has {len(entries)} files; the limit is {MAX_FILES}")
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for entry in entries:
        _check(entry, files)
        with file.open(entry) as stream:
            files[entry.filename] = stream.read(room + 1)  # whatever its header says
        room -= len(files[entry.filename])
        if room < 0:
            raise _refused(f"it unpacks to more than {MAX_BYTES / 1e6:g} MB")
    if DESCRIPTION not in files:
        raise _refused(f"it has no {DESCRIPTION}")
    return files


def _check(entry: zipfile.ZipInfo, files: dict[str, bytes]) -> None:
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    if not NAME.fullmatch(name) or entry.orig_filename != name:
        raise _refused(f"{name[:60]!r} is no plain file name")
    if kind not in (0, stat.S_IFREG):
        raise _refused(f"{name} is no regular file")
    if name.lower() in {other.lower() for other in files}:
        raise _refused(f"{name} is there twice")
    if entry.flag_bits & 1:
        raise _refused(f"{name} is encrypted")
    if entry.compress_type not in METHODS:
        raise _refused(f"{name} is compressed in an unusual way")


def _refused(reason: str) -> BadInput:
    return BadInput("TEMPLATE_INVALID", f"The file is no template package: {reason}.", hint=HINT)
