"""The only place that starts other programs: from a list of words, never a shell, with few variables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR")
"""What a child gets of our environment: nothing that could be a secret."""


def run(argv: Sequence[str], *, folder: Path) -> int:
    """Runs a program in a folder with our input and output and waits for it; its exit code.

    OSError: it cannot be started.
    """
    return subprocess.run(argv, cwd=folder, env=child_environment(os.environ), check=False).returncode


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The variables that a child sees."""
    return {name: ours[name] for name in PASSED_ON if name in ours}
