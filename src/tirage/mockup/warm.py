"""Renderers that stay warm between jobs: of the templates that were used last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

MOST = 2
"""Templates at a time: each renderer keeps up to 340 MB."""


class WarmRenderers:
    """One renderer for each template; may be used from several threads."""

    def __init__(self, *, find: Callable[[str], Path], default: str, threads: int) -> None:
        """`find` gives the package of an id, `default` is the id of who names none."""
        self._find = find
        self._default = default
        self._threads = threads
        self._lock = threading.Lock()
        self._renderers: dict[str, Renderer] = {}

    def get(self, template: str | None) -> Renderer:
        """The renderer of a template.  UsageError TEMPLATE_NOT_FOUND or TEMPLATE_INVALID."""
        name = template or self._default
        with self._lock:
            renderer = self._renderers.pop(name, None)
            if renderer is None:
                renderer = Renderer(load(self._find(name)), threads=self._threads)
            while len(self._renderers) >= MOST:
                del self._renderers[next(iter(self._renderers))]
            self._renderers[name] = renderer  # the last one now
            return renderer

    def forget(self) -> None:
        """Frees what they keep; who is using one goes on with it."""
        with self._lock:
            self._renderers.clear()
