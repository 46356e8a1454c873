"""A page as a picture with transparency: a headless Chromium that reaches no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tirage.errors import Failed, TirageError, UsageError
from tirage.media.process import GIB, Child, Limits, never, own_folder

__all__ = ["find_browser", "screenshot"]

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
STEP_S = 60.0
SETTLE_MS = 2000
"""Of the page's own clock: scripts and animations are run this far."""
LIMITS = Limits(memory=2 * GIB, address_space=None)
"""Chromium maps terabytes and never uses them."""


def find_browser(named: Path | None = None) -> Path:
    """The browser that the settings name, else the first that is installed.  UsageError: BROWSER_MISSING."""
    candidates = [str(named)] if named else list(NAMES)
    for name in candidates:
        if found := shutil.which(name):
            return Path(found)
    raise UsageError("BROWSER_MISSING", "There is no Chromium for templates in HTML.")


def screenshot(
    page: str, *, browser: Path, width: int, height: int, cancelled: Callable[[], bool] = never
) -> bytes:
    """A page in HTML as a PNG with transparency; it reaches this machine's files, and no network.

    Failed: RENDER_FAILED.  TryAgain: TIMEOUT, OUT_OF_MEMORY.
    """
    with own_folder() as folder:  # its path is short, as the browser's sockets in it have to be
        picture, file = folder / "page.png", folder / "page.html"
        file.write_text(page, encoding="utf-8")
        argv = [
            str(browser),
            "--headless",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--default-background-color=00000000",
            f"--virtual-time-budget={SETTLE_MS}",
            f"--window-size={width},{height}",
            f"--user-data-dir={folder / 'profile'}",
            f"--screenshot={picture}",
            file.as_uri(),
        ]
        with Child(argv, name="Chromium", folder=folder, limits=LIMITS) as child:
            try:
                for _ in child.lines(step_s=STEP_S, silence_s=STEP_S, cancelled=cancelled):
                    pass
            except TirageError as error:
                if error.code == "PROCESS_CRASHED":
                    raise Failed("RENDER_FAILED", "Chromium could not draw the template.") from error
                raise
            if not picture.exists():
                raise Failed("RENDER_FAILED", "Chromium drew no picture of the template.")
            return picture.read_bytes()
