"""An untrusted media file to facts: its container sniffed, then looked into by a child with limits."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tirage.errors import BadInput, TirageError
from tirage.media.media_facts import MediaFacts, facts_of
from tirage.media.process import GIB, Child, Limits, never, own_folder
from tirage.media.sandbox import bubblewrap, sandboxed

__all__ = ["container_of", "probe"]

PROGRAM = Path(__file__).with_name("libav_probe.py")
HEAD = 512
BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
"""How files of QuickTime's kind begin."""
SYNC, PACKET = 0x47, 188
"""Of transport streams."""
LIMITS = Limits(memory=2 * GIB, address_space=16 * GIB, cpu_s=600, file_bytes=GIB)
STEP_S = 900.0
"""A container without tables is read through."""


def container_of(head: bytes) -> str:
    """libav's name of the container that a file's first bytes show; empty for all that is not let in.

    Text never is: a playlist of any name would lead to other files.
    """
    if head[4:8] in BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"\x06\x0e\x2b\x34"):
        return "mxf"
    if len(head) > 2 * PACKET and {head[0], head[PACKET], head[2 * PACKET]} == {SYNC}:
        return "mpegts"
    return ""


def probe(path: Path, *, cancelled: Callable[[], bool] = never) -> MediaFacts:
    """What is in a file.

    BadInput: MEDIA_MISSING, MEDIA_UNREADABLE, MEDIA_CONTAINER.  TryAgain and Failed as for any child.
    """
    name = container_of(_head(path))
    if not name:
        raise BadInput("MEDIA_CONTAINER", f"{path.name} is in no container that is read here.")
    with own_folder() as folder:
        answer = folder / "facts.json"
        argv = [sys.executable, "-I", str(PROGRAM), str(path.resolve()), name, str(answer)]
        if (wrapper := bubblewrap()) is not None:
            inside = [PROGRAM.parent, path.resolve(), *map(Path, _python_folders())]
            argv = sandboxed(argv, folder=folder, readable=inside, program=wrapper)
        try:
            with Child(argv, name="The probe", folder=folder, limits=LIMITS) as child:
                for _ in child.lines(step_s=STEP_S, silence_s=STEP_S, cancelled=cancelled):
                    pass
                found = json.loads(answer.read_bytes())
        except TirageError as error:
            if error.code == "PROCESS_CRASHED":
                raise _unreadable(path, "the reader crashed on it") from error
            raise
    if "error" in found:
        raise _unreadable(path, str(found["error"]))
    return facts_of(found)


def _python_folders() -> list[str]:
    """Where this Python and its libraries lie."""
    return sorted({str(Path(folder).resolve()) for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix)})


def _head(path: Path) -> bytes:
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(HEAD)
    except OSError as error:
        raise _unreadable(path, error.strerror or "the system refuses it") from error
    raise BadInput("MEDIA_MISSING", f"There is no file {path.name}.")


def _unreadable(path: Path, why: str) -> BadInput:
    return BadInput("MEDIA_UNREADABLE", f"{path.name} cannot be read: {why}.")
