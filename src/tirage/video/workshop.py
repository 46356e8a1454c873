"""What a render works with: programs, the shelf, how many children at a time, who hears of progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tirage.media.ffmpeg import FFmpeg
from tirage.media.process import never
from tirage.media.remotion import Remotion
from tirage.video.shelf import Shelf

__all__ = ["Progress", "Workshop", "no_progress"]

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The tools of a render."""

    ffmpeg: FFmpeg
    shelf: Shelf
    browser: Path | None = None
    """For templates in HTML; None finds one."""
    remotion: Remotion | None = None
    """What draws videos instead of ours; thumbnails stay ours."""
    workers: int = 2
    """Children at a time; each uses one core, and about 250 MB for full HD."""
    progress: Progress = no_progress
    cancelled: Callable[[], bool] = never

    @property
    def version(self) -> str:
        """Names what codes, so that another program's videos have other keys.  UsageError as its parts."""
        return self.remotion.version if self.remotion else self.ffmpeg.version
