"""A page as a picture with transparency: a headless Chromium that reaches no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tirage.errors import Failed, TirageError, UsageError
from tirage.media.process import GIB, Child, Limits, never

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
    page: Path,
    *,
    browser: Path,
    folder: Path,
    width: int,
    height: int,
    cancelled: Callable[[], bool] = never,
) -> Path:
    """A page in the folder as `page.png` there, RGBA; the page reaches files beside it and nothing else.

    Failed: RENDER_FAILED.  TryAgain: TIMEOUT, OUT_OF_MEMORY.
    """
    picture = folder / "page.png"
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
        page.as_uri(),
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
    return picture
