"""What lies in a folder, in a form that two folders can be compared by when they differ."""

from __future__ import annotations

import hashlib
from pathlib import Path


def seal(data: bytes) -> str:
    """Stands for a file's bytes: a failed comparison of megabytes would take hours to explain."""
    return f"{len(data)} bytes, {hashlib.sha256(data).hexdigest()[:16]}"


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its path in there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): seal(path.read_bytes()) for path in files}
