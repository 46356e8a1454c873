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


def start(argv: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that the terminal's signals reach only us.

    It gets these variables beside the usual few, no input, and our outputs.  OSError: it cannot be started.
    """
    return subprocess.Popen(
        argv,
        env={**child_environment(os.environ), **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The variables that a child sees."""
    return {name: ours[name] for name in PASSED_ON if name in ours}
