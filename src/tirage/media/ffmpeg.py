"""FFmpeg as a watched child: which program, the words that keep it to local files of known containers,
and its progress in frames.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from tirage.errors import Failed, TirageError, UsageError
from tirage.media.process import GIB, Child, Limits, never, output
from tirage.media.sandbox import bubblewrap, sandboxed

__all__ = ["CONTAINERS", "FFmpeg", "find_ffmpeg", "media_input", "still_input"]

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,mpegts,mxf"
"""Containers that hold their own media: a playlist by any name would lead to other files."""
MEMORY, ADDRESSES = 2 * GIB, 16 * GIB
LARGEST_FILE = 256 * GIB
STEP_S, SILENCE_S = 4 * 3600.0, 300.0
QUIET = ("-hide_banner", "-nostdin", "-v", "error", "-xerror", "-y")
ALONE = ("-filter_threads", "1", "-filter_complex_threads", "1")
"""Children run side by side: threads within one would only wait for one another, and hold more frames."""
ALLOCATION = MappingProxyType({"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "262144"})
"""For glibc: frames that are done with go back to the machine, whichever thread had them; some 13 MB less."""
PROGRESS = ("-progress", "pipe:1", "-nostats", "-stats_period", "0.5")

Frames = Callable[[int], None]


def media_input(path: str, *, seek: str = "", exact: bool = True, threads: int = 1) -> list[str]:
    """The words of an input that somebody gave us; `seek` in seconds on the file's own clock.

    What lies before it is decoded and dropped; unless `exact`, the key frame before it comes out first.
    """
    position = ["-seek_timestamp", "1", "-ss", seek] if seek else []
    position += ["-noaccurate_seek"] if seek and not exact else []
    guard = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS]
    return [*guard, "-threads", str(threads), *position, "-i", f"file:{path}"]


def still_input(path: str) -> list[str]:
    """The words of a picture of our own."""
    return ["-protocol_whitelist", "file", "-f", "png_pipe", "-i", f"file:{path}"]


class FFmpeg:
    """A program that can be run, any number of times and from any thread."""

    def __init__(self, program: Path) -> None:
        self.program = program

    @cached_property
    def version(self) -> str:
        """The first line of what it says of itself: names what it makes of an input.

        UsageError: FFMPEG_MISSING, when it cannot be run.
        """
        said = output([str(self.program), "-version"], limit_s=20)
        if not said.startswith("ffmpeg version "):
            raise UsageError("FFMPEG_MISSING", f"{self.program} is no FFmpeg that works here.")
        return said.splitlines()[0].removeprefix("ffmpeg version ").partition(" Copyright")[0]

    def encodes(self, name: str) -> bool:
        """Whether it has an encoder of that name; not whether this machine has what that needs."""
        said = output([str(self.program), "-hide_banner", "-v", "error", "-encoders"], limit_s=20)
        return any(line.split()[1:2] == [name] for line in said.splitlines())

    def run(
        self,
        words: Sequence[str],
        *,
        folder: Path,
        readable: Sequence[Path] = (),
        name: str = "ffmpeg",
        frames: Frames | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> str:
        """Runs it in a folder of its own, which stays; what it said on standard error.

        `readable` are the files it may read beside that folder.  `frames` hears how many are done.
        BadInput is never raised: what is wrong with media was found before.
        Failed: RENDER_FAILED with its last words.  TryAgain: TIMEOUT, OUT_OF_MEMORY, PROCESS_KILLED.
        Cancelled.
        """
        argv = [str(self.program), *QUIET, *ALONE, *PROGRESS, *words]
        if (wrapper := bubblewrap()) is not None:
            inside = [self.program.parent, *readable]
            argv = sandboxed(argv, folder=folder, readable=inside, program=wrapper)
        limits = Limits(memory=MEMORY, address_space=ADDRESSES, file_bytes=LARGEST_FILE)
        with Child(argv, name=name, folder=folder, limits=limits, variables=ALLOCATION) as child:
            try:
                for line in child.lines(step_s=STEP_S, silence_s=SILENCE_S, cancelled=cancelled):
                    key, _, value = line.partition("=")
                    if frames is not None and key == "frame":
                        frames(int(value))
            except TirageError as error:
                raise _translated(error, name) from error
            return child.tail


def _translated(error: TirageError, name: str) -> TirageError:
    """A program that says why it stopped did not crash."""
    if error.code != "PROCESS_CRASHED":
        return error
    notes = getattr(error, "__notes__", ())
    found = Failed("RENDER_FAILED", f"{name} failed: {''.join(notes)[-300:] or error.message}")
    for note in notes:
        found.add_note(note)
    return found


def find_ffmpeg(named: Path | None = None) -> FFmpeg:
    """The program that the settings name, else the one that comes with the extra `video`.

    UsageError: FFMPEG_MISSING.
    """
    if named is not None:
        if not os.access(named, os.X_OK) or named.is_dir():
            raise UsageError("FFMPEG_MISSING", f"{named} is no program that can be run.")
        return FFmpeg(named)
    return FFmpeg(_bundled())


@cache
def _bundled() -> Path:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise UsageError("FFMPEG_MISSING", "There is no FFmpeg.") from None
    return Path(imageio_ffmpeg.get_ffmpeg_exe())
