"""The values of sessions as a server keeps them: rows, and what is asked for.  video/ has what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from hashlib import sha256

from tirage.errors import Finding
from tirage.jobs.model import JsonObject
from tirage.video.timeline import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """The mezzanine that an ingest made of a file."""

    key: str
    bytes: int
    sha256: str
    facts: JsonObject
    """As the probe writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of a recorder: stored under a key, or yet to be fetched from an address."""

    name: str
    """As it was called; once in an asset."""
    key: str = ""
    """Empty until it is stored."""
    url: str = ""
    """Where it is fetched from; empty for a file that was sent."""
    bytes: int = 0
    sha256: str = ""
    """Empty until it was looked into, as `facts` is None."""
    facts: JsonObject | None = None
    delivery: StoredDelivery | None = None
    error: str = ""
    """Why it could not be looked into."""

    @property
    def known(self) -> bool:
        """Whether it was looked into."""
        return bool(self.sha256) and self.facts is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAsset:
    """A recorder of a session."""

    id: str
    session_id: str
    camera: str
    """Once in a session."""
    place: int
    """Its place among the session's recorders."""
    offset: Fraction = Fraction(0)
    drift: Fraction = Fraction(0)
    start: int | None = None
    focus: tuple[tuple[int, float, float], ...] = ()
    """Frame, x, y."""
    lut_key: str = ""
    lut_sha256: str = ""
    files: tuple[StoredFile, ...] = ()
    ingest_job_id: str | None = None
    """The job that looks, or looked, into its files last."""
    created_at: datetime
    updated_at: datetime

    @property
    def content_sha256(self) -> str | None:
        """Of all its files' contents; None until every one is known."""
        if not self.files or not all(file.known for file in self.files):
            return None
        return sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A recording session."""

    id: str
    name: str
    rate: str
    """By its name: 25, 29.97."""
    master: str
    """The camera whose sound is the session's."""
    metadata: JsonObject = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdl:
    """One revision of a session's edit; it never changes but for being locked once."""

    id: str
    session_id: str
    number: int
    """From 1 on, in its session."""
    name: str
    """Of the file that it came in."""
    content: JsonObject
    """The edit in Tirage's own JSON, its captions inside."""
    findings: tuple[Finding, ...] = ()
    """What was noticed when it was read."""
    lock: str | None = None
    """The hash that it was locked with; None while it is open."""
    is_current: bool = False
    """Whether it is the locked revision that the session renders: at most one is."""
    created_at: datetime
    created_by: str | None = None
    locked_at: datetime | None = None
    locked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLink:
    """What a video's job renders, as a relation: session, revision, lock, format."""

    job_id: str
    recording_session_id: str
    edl_id: str
    lock: str
    format: Format


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What a session begins with."""

    rate: str
    master: str
    id: str | None = None
    name: str = ""
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """A recorder to be."""

    camera: str
    urls: Sequence[str] = ()
    """Where its recording is fetched from, file after file."""
    offset: str = "0"
    """Seconds, as a number or exactly as `1/3`."""
    drift: str = "0"
    start: str | None = None
    """A timecode."""
    focus: Sequence[tuple[int, float, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """What is ordered of a session."""

    session_id: str
    format: str = Format.FULL.value
    edl_id: str | None = None
    """None: the session's current locked revision."""
    options: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
    created_by: str | None = None
    priority: int = 0


Changes = Mapping[str, object]
