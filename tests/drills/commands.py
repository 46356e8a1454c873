"""`tirage` as operators run it, on settings of a drill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def tirage(environment: Mapping[str, str], *words: str) -> str:
    """What the command says; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-m", "tirage", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def started(environment: Mapping[str, str], *words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command beside the block, killed at its end if it still runs."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tirage", *words],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
