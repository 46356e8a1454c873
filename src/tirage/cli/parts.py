"""The parts of the program for commands that need the database; imported only by them, when they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tirage import log
from tirage.errors import UsageError
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.app import App

SERVER_HINT = "Install tirage[server]."


@contextmanager
def opened() -> Iterator[App]:
    """The parts, as the settings say.  UsageError INVALID_USAGE: the extra `server` is not installed."""
    with needed():
        from tirage.app import open_app
    settings = Settings.read()
    log.configure(level=settings.log_level, format=settings.log_format)
    with open_app(settings) as app:
        yield app


@contextmanager
def needed() -> Iterator[None]:
    """Around the imports of what the extra `server` brings; UsageError INVALID_USAGE without it."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"This command needs {error.name}, which is not installed."
        raise UsageError("INVALID_USAGE", message, hint=SERVER_HINT) from None
