"""Bubblewrap around a child, where this machine has it and lets us: no network, no other process, and of the
files only those that are named, read-only, beside its own folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tirage.media.process import works

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
"""What any program needs to start."""
DEVICES = ("nvidia*", "dri", "kfd")
"""What a program on a GPU needs of /dev, beside /sys."""
TRIAL_S = 5


@cache
def bubblewrap() -> str | None:
    """The program's path when a sandbox can be opened here, found out by opening one; asked once."""
    found = shutil.which("bwrap")
    if found is None:
        return None
    trial = sandboxed(["/usr/bin/env", "true"], folder=Path("/tmp"), readable=(), program=found)  # noqa: S108
    return found if works(trial, limit_s=TRIAL_S) else None


def sandboxed(
    argv: Sequence[str], *, folder: Path, readable: Sequence[Path], gpu: bool = False, program: str
) -> list[str]:
    """The words that run `argv` inside: `folder` can be written, `readable` and system programs read."""
    words = [
        program,
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    for path in SYSTEM:
        words += ["--ro-bind-try", path, path]
    if gpu:
        words += ["--ro-bind-try", "/sys", "/sys"]
        for device in sorted(path for pattern in DEVICES for path in Path("/dev").glob(pattern)):
            words += ["--dev-bind", str(device), str(device)]
    words += ["--tmpfs", "/tmp"]  # noqa: S108 – inside, where nobody else is
    for root in readable:
        words += ["--ro-bind", str(root), str(root)]
    return [*words, "--bind", str(folder), str(folder), "--chdir", str(folder), "--", *argv]
