"""What every route gets of the program: the parts, and the events as they happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tirage.app import App
from tirage.web.counting import Metrics
from tirage.web.follow import Follower


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One for each server."""

    app: App
    follower: Follower
    metrics: Metrics
    worker_alive: Callable[[], bool]
    """Whether somebody takes jobs, as far as this process knows."""


def parts_of(request: Request) -> Parts:
    """The server's parts."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # noqa: S101 – `build` put them there
    return parts


Given = Annotated[Parts, Depends(parts_of)]
