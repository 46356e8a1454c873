"""What the `tirage video` commands share: the extra that they need, FFmpeg, what a check has to know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tirage.errors import UsageError
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.video.ingest import Encode
    from tirage.video.opening import Opened
    from tirage.video.preflight import Surroundings

__all__ = ["encoder", "needed", "surroundings"]


@contextmanager
def needed() -> Iterator[None]:
    """Around what the extra `video` brings; UsageError INVALID_USAGE without it."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"This command needs {error.name}, which is not installed."
        raise UsageError("INVALID_USAGE", message, hint="Install tirage[video].") from None


def encoder(settings: Settings) -> tuple[Encode, Sequence[str]]:
    """What codes files here, and the words that say how: those of renders, whose frames have to fit."""
    from tirage.media.ffmpeg import find_ffmpeg
    from tirage.video.filters import coder_words
    from tirage.video.spec import Options

    program = find_ffmpeg(settings.ffmpeg)

    def encode(words: Sequence[str], *, folder: Path, source: Path) -> None:
        program.run(words, folder=folder.resolve(), readable=[source.resolve()], name="The mezzanine")

    return encode, coder_words(Options())


def surroundings(opened: Opened, settings: Settings) -> Surroundings:
    """What of this machine matters to a session."""
    from tirage.media.browser import find_browser
    from tirage.video.opening import template_files
    from tirage.video.preflight import Surroundings
    from tirage.video.timeline import BUILT_IN

    try:
        browser = bool(find_browser(settings.browser))
    except UsageError:
        browser = False
    current = opened.session.current
    return Surroundings(
        templates=BUILT_IN,
        browser=browser,
        free_bytes=shutil.disk_usage(opened.folder.parent).free,
        extras=template_files(current.edl) if current else {},
    )
