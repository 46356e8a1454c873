"""Previews of templates on disk: made when somebody first looks, kept until the package changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from tirage.errors import NotFound
from tirage.media.files import staged
from tirage.mockup.kernels import VERSION
from tirage.mockup.model import Template
from tirage.mockup.preview import FORMAT, build_preview

COMPRESSED = frozenset({"mesh.bin"})
"""Files that are gzip already."""


class PreviewShelf:
    """A folder of previews; several threads and processes may share it."""

    def __init__(self, folder: Path, load: Callable[[str], Template]) -> None:
        self._folder = folder
        self._load = load
        self._making = threading.Lock()

    def file(self, template_id: str, content_sha256: str, name: str) -> Path:
        """A preview's file.  NotFound NOT_FOUND: it has none of that name; errors of loading the template."""
        folder = self._folder / f"{content_sha256}-{FORMAT}.{VERSION}"
        if not folder.is_dir():
            with self._making:
                if not folder.is_dir():
                    self._make(self._load(template_id), folder)
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise NotFound("NOT_FOUND", f"The preview has no file {name[:60]!r}.")
        return path

    def _make(self, template: Template, folder: Path) -> None:
        with staged(folder, durable=False) as stage:
            for name, data in build_preview(template).items():
                stage.write(name, data)
