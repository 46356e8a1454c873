"""The asyncio client, from the one that waits: part of `make reference`, so that the two cannot differ."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "tirage" / "client" / "sync.py"
TARGET = SOURCE.with_name("aio.py")
WORDS = (
    ('"""The client that waits for its answers.  aio.py is made of this file by `make reference`."""',
     '"""The client for asyncio.  Made of sync.py by `make reference`; change it there."""'),
    ("import time\n", "import asyncio\nimport time\n"),
    ("Iterator,", "AsyncIterator,"),
    ("Iterator[wire", "AsyncIterator[wire"),
    ("class Client(VideoCalls):", "class AsyncClient(AsyncVideoCalls):"),
    ("client.sync_videos import VideoCalls", "client.aio_videos import AsyncVideoCalls"),
    ("    blocks,\n", "    ablocks,\n"),
    ("= blocks(", "= ablocks("),
    ("A Tirage server; thread-safe.  Close it, or use it in a `with` block.",
     "A Tirage server, of one event loop.  Close it, or use it in an `async with` block."),
    ("httpx2.BaseTransport", "httpx2.AsyncBaseTransport"),
    ("httpx2.Client(", "httpx2.AsyncClient("),
    ("self._http.close()", "await self._http.aclose()"),
    ("__enter__", "__aenter__"),
    ("__exit__", "__aexit__"),
    ("self.close()", "await self.close()"),
    ("time.sleep", "await asyncio.sleep"),
    ("with self._http.stream", "async with self._http.stream"),
    ("answer.read()", "await answer.aread()"),
    ("iter_lines", "aiter_lines"),
    ("iter_bytes", "aiter_bytes"),
    ("for line in answer", "async for line in answer"),
    ("for block in answer", "async for block in answer"),
    ("self._http.request", "await self._http.request"),
)  # fmt: skip
"""Text for text, in this order."""


VIDEOS = SOURCE.with_name("sync_videos.py")
VIDEOS_TARGET = SOURCE.with_name("aio_videos.py")
VIDEO_WORDS = (
    ("edits and videos.\naio_videos.py is made of this file by `make reference`.",
     "edits and videos, for asyncio.\nMade of sync_videos.py by `make reference`; change it there."),
    ("class VideoCalls:", "class AsyncVideoCalls:"),
)  # fmt: skip


def async_videos() -> str:
    """The part of sessions and videos."""
    return _translated(VIDEOS, VIDEO_WORDS)


def async_client() -> str:
    """The whole file."""
    return _translated(SOURCE, WORDS)


def _translated(source: Path, words: Sequence[tuple[str, str]]) -> str:
    """Text for text, then every method and call as asyncio has them."""
    text = source.read_text(encoding="utf-8")
    for old, new in words:
        if old not in text:
            raise LookupError(old)
        text = text.replace(old, new)
    text = re.sub(r"^    def (?!__init__)", "    async def ", text, flags=re.MULTILINE)
    text = re.sub(r"(?<!def )self\.(_send|get_job|download)\(", r"await self.\1(", text)
    return _formatted(text.replace("await await", "await"))


def _formatted(text: str) -> str:
    for words in (("check", "--quiet", "--select", "I", "--fix"), ("format",)):
        command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", str(TARGET), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return text
