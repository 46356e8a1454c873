"""Stored files of jobs as one zip file, made while it is sent: nothing is written down, little is held."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from tirage.errors import NotFound
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Artifact, Job
from tirage.stores.blobs import Blobs

DATE = (1980, 1, 1, 0, 0, 0)
"""The same files are the same archive."""


class _Sink:
    """Takes what zipfile writes, for who sends it."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What was written since it was asked last."""
        whole = b"".join(self._blocks)
        self._blocks.clear()
        return whole


def archive_of(files: Blobs, jobs: Sequence[Job]) -> Iterator[bytes]:
    """A folder for each completed job; pictures do not get smaller, so nothing is compressed."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # no seeking
        for job in jobs:
            for artifact in job.artifacts if job.status == COMPLETED else ():
                yield from _file(files, archive, sink, job, artifact)
    yield sink.taken()


def _file(
    files: Blobs, archive: zipfile.ZipFile, sink: _Sink, job: Job, artifact: Artifact
) -> Iterator[bytes]:
    """One file; one that went away meanwhile is left out."""
    try:
        content = files.open(artifact.key)
    except NotFound:
        return
    about = zipfile.ZipInfo(f"{job.product_id}/{job.id}/{PurePosixPath(artifact.key).name}", DATE)
    with archive.open(about, "w", force_zip64=content.stat.bytes >= zipfile.ZIP64_LIMIT) as entry:
        for block in content.stream:
            entry.write(bytes(block))
            yield sink.taken()
