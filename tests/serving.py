"""A server for tests: a process of its own, with a worker that only waits, so that tests move the jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

SERVE = """
import sys
from pathlib import Path
from tirage.settings import Settings
from tirage.web.serve import serve
serve(
    Settings.read(data_dir=Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]),
    say=lambda line: print(line, flush=True), worker=sys.argv[3:] or None,
)
"""
WAITING = (sys.executable, "-c", "import signal; signal.pause()")


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    key: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def processor_seconds(self) -> float:
        """What the server has worked so far."""
        facts = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")

    def client(self) -> httpx2.Client:
        """With the key."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)


@contextmanager
def serving(
    folder: Path, *, port: int = 0, worker: tuple[str, ...] = WAITING, **variables: str
) -> Iterator[Serving]:
    """A server with its data in that folder; ended by SIGTERM.  No words for the worker: the real one."""
    environment = {**os.environ, **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(port), *worker],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[2]
        key = variables.get("TIRAGE_API_KEY") or process.stdout.readline().split()[-1]
        yield Serving(process, url, key)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()
