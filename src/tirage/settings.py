"""The settings: one frozen object from the environment and a file, every fault found at once.
Plain dataclasses, because a settings library costs more to import than a picture to render.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

from tirage.errors import UsageError
from tirage.sources import CONFIG, Sources

__all__ = ["VARIABLES", "BlenderDevice", "LogFormat", "LogLevel", "Setting", "Settings", "explained"]

MAX_THREADS = 64
DAY = 86_400
MAX_RATE = 1_000_000
DATA_DIR, DATABASE, STATIC = "tirage-data", "tirage.db", "static"
DEFAULT_TEMPLATE = "tee"
KEY_LENGTH = 16
"""Characters of an API key at least."""
T = TypeVar("T")


class LogLevel(StrEnum):
    """The least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class BlenderDevice(StrEnum):
    """What Blender renders on: `auto` is a GPU where Cycles reports one."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


class LogFormat(StrEnum):
    """Lines for people or for machines."""

    TEXT = "text"
    JSON = "json"


VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "TIRAGE_CONFIG": "A TOML file with settings; by default tirage.toml where the command runs, if "
        "there is one.",
        "TIRAGE_THREADS": "Threads that render, 1–64; by default as many as there are usable cores.",
        "TIRAGE_TEMPLATES": "Folders with your own templates, separated like PATH; the first takes installs.",
        "TIRAGE_DATA_DIR": "Folder for the database and the files; by default `tirage-data` where the "
        "command runs.",
        "TIRAGE_DATABASE_URL": "`sqlite:///path` or `postgresql://user@host/name`; by default a SQLite file "
        "in the data folder.",
        "TIRAGE_STORAGE_URL": "Where files are stored: `file:///path`, or `s3://bucket/prefix?endpoint=…&"
        "region=…` for any storage that speaks S3; by default `static` in the data folder.",
        "AWS_ACCESS_KEY_ID": "Who we are for `s3://`; without it what the machine's own role says.",
        "AWS_SECRET_ACCESS_KEY": "The secret of that key.  Other AWS_ variables are heeded as well.",
        "AWS_SESSION_TOKEN": "For keys that are good for a while only.",
        "AWS_REGION": "Where the bucket is, for an address that does not say so.",
        "TIRAGE_FILE_BASE_URL": "What files' addresses begin with, used as it stands; by default the next "
        "three, then the server's own address with `/static`.",
        "MEDUSA_FILE_BASE_URL": "The same, where TIRAGE_FILE_BASE_URL is not set.",
        "MEDUSA_PUBLIC_BASE_URL": "The same, where those are not set; gets `/static` when it lacks it.",
        "MEDUSA_BACKEND_URL": "The same, where those are not set; gets `/static` when it lacks it.",
        "TIRAGE_API_KEY": "The key that clients of the server have to show, 16 characters or more; without "
        "one the server makes a new one at each start, and listens on this machine only.",
        "TIRAGE_SERVER": "A server's address for `jobs`, `batch`, `keys` and `products`, instead of this "
        "machine's data, as with `--server`; TIRAGE_API_KEY is what they show it.",
        "TIRAGE_RATE_LIMIT": "Requests a minute that a key may make, 1–1000000; by default 600. Without "
        "TIRAGE_API_KEY there is no limit.",
        "TIRAGE_FETCH_ALLOW": "Where designs may be fetched from and webhooks sent to beside the public "
        "internet, with commas: `host:port`, or a network such as `10.1.0.0/16`; by default nothing.",
        "TIRAGE_DEFAULT_TEMPLATE": "The template of orders that name none; by default `tee`.",
        "TIRAGE_STEP_SECONDS": "How long one step of a job may take, 1–86400 seconds; by default 300.",
        "TIRAGE_CLEANUP_TEMPORARY_HOURS": "Age at which temporary files go, 1–8760 hours; by default 24.",
        "TIRAGE_CLEANUP_COMPLETED_HOURS": "Age at which the recorded steps of completed jobs go, 1–8760 "
        "hours; by default 24.",
        "TIRAGE_CLEANUP_FAILED_DAYS": "Age at which failed jobs are hidden, and their recorded steps go, "
        "1–365 days; by default 7.",
        "TIRAGE_BLENDER": "Blender 5.0 or newer, or a Python that has bpy; by default what is found.",
        "TIRAGE_BLENDER_DEVICE": "What Blender renders on: auto (default, a GPU if there is one), cpu, gpu.",
        "TIRAGE_FFMPEG": "FFmpeg 7 or newer with libx264 and libass; by default that of the extra `video`.",
        "TIRAGE_BROWSER": "Chromium, for videos' graphics in HTML; by default what is found.",
        "TIRAGE_REMOTION": "A Remotion project, for `tirage video render --renderer remotion`.",
        "TIRAGE_VIDEO_ENCODER": "What codes H.264 or AV1 instead of libx264 and SVT-AV1, by FFmpeg's name: "
        "h264_nvenc, av1_nvenc, h264_qsv, av1_qsv.",
        "TIRAGE_LOG_LEVEL": "Least severe line that is logged: debug, info, warning (default) or error.",
        "TIRAGE_LOG_FORMAT": "Log lines as `text` (default) or `json`.",
        "TIRAGE_TRACES_URL": "A collector of OpenTelemetry traces, such as `http://localhost:4318`: spans go "
        "there by OTLP over HTTP, with the extra `otel`; by default nowhere.",
    }
)
"""Every variable that is read, with what it does: the documentation's source."""
SECRET = frozenset(
    {
        "TIRAGE_API_KEY",
        "TIRAGE_DATABASE_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }
)
"""Values that are never shown."""
CREDENTIALS = "AWS_"
"""What the variables begin with that a storage's own library reads."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
S3_OPTIONS = frozenset({"endpoint", "region"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can differ between machines; what differs between orders is no setting."""

    threads: int
    data_dir: Path
    """Absolute."""
    database_url: str = field(repr=False)
    """May hold a password."""
    storage_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables of a storage on S3: for its library, and for workers."""
    templates: tuple[Path, ...] = ()
    """Searched before the built-in ones; by default one folder under XDG_DATA_HOME."""
    file_base_url: str | None = None
    """Without a slash at its end; None: the server's own address."""
    api_key: str | None = field(default=None, repr=False)
    server: str | None = None
    """Where commands go instead of this machine's data."""
    rate_limit: int = 600
    """Requests a minute and key."""
    fetch_allow: tuple[str, ...] = ()
    """As `media.fetch.Door` takes them."""
    default_template: str = DEFAULT_TEMPLATE
    step_seconds: int = 300
    """Of one step of a job (C-14)."""
    cleanup_temporary_hours: int = 24
    cleanup_completed_hours: int = 24
    cleanup_failed_days: int = 7
    """What is older goes (R262)."""
    config: Path | None = None
    """The file that was read."""
    blender: Path | None = None
    blender_device: BlenderDevice = BlenderDevice.AUTO
    ffmpeg: Path | None = None
    browser: Path | None = None
    remotion: Path | None = None
    video_encoder: str = ""
    """Empty: the codec's software encoder."""
    log_level: LogLevel = LogLevel.WARNING
    log_format: LogFormat = LogFormat.TEXT
    traces_url: str | None = None
    """Without a slash at its end; None: there are no traces."""

    @classmethod
    def read(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        data_dir: Path | None = None,
        server: str | None = None,
    ) -> Settings:
        """The settings of an environment (by default the process's); UsageError with all findings.

        `data_dir` and `server` go before their variables: a command's options.
        Empty variables count as unset. An unknown TIRAGE_ variable is an error, not a silent default.
        """
        given = os.environ if environment is None else environment
        if server is not None:
            given = {**given, "TIRAGE_SERVER": server}
        return _settings_of(_Reader(given), data_dir)

    def environment(self) -> dict[str, str]:
        """The variables that give these settings again, for a worker; the server's key is not among them."""
        given = {
            CONFIG: str(self.config or ""),
            "TIRAGE_THREADS": str(self.threads),
            "TIRAGE_TEMPLATES": os.pathsep.join(map(str, self.templates)),
            "TIRAGE_DATA_DIR": str(self.data_dir),
            "TIRAGE_DATABASE_URL": self.database_url,
            "TIRAGE_STORAGE_URL": self.storage_url,
            "TIRAGE_FILE_BASE_URL": self.file_base_url or "",
            "TIRAGE_RATE_LIMIT": str(self.rate_limit),
            "TIRAGE_FETCH_ALLOW": ",".join(self.fetch_allow),
            "TIRAGE_DEFAULT_TEMPLATE": self.default_template,
            "TIRAGE_STEP_SECONDS": str(self.step_seconds),
            "TIRAGE_CLEANUP_TEMPORARY_HOURS": str(self.cleanup_temporary_hours),
            "TIRAGE_CLEANUP_COMPLETED_HOURS": str(self.cleanup_completed_hours),
            "TIRAGE_CLEANUP_FAILED_DAYS": str(self.cleanup_failed_days),
            "TIRAGE_BLENDER": str(self.blender or ""),
            "TIRAGE_BLENDER_DEVICE": self.blender_device.value,
            "TIRAGE_FFMPEG": str(self.ffmpeg or ""),
            "TIRAGE_BROWSER": str(self.browser or ""),
            "TIRAGE_REMOTION": str(self.remotion or ""),
            "TIRAGE_VIDEO_ENCODER": self.video_encoder,
            "TIRAGE_LOG_LEVEL": self.log_level.value,
            "TIRAGE_LOG_FORMAT": self.log_format.value,
            "TIRAGE_TRACES_URL": self.traces_url or "",
        }
        return {**self.credentials, **{name: value for name, value in given.items() if value}}


def _settings_of(reader: _Reader, data_dir: Path | None) -> Settings:
    data_dir = (data_dir or reader.value("TIRAGE_DATA_DIR", _data_dir, Path(DATA_DIR))).absolute()
    storage_url = reader.value("TIRAGE_STORAGE_URL", _storage, (data_dir / STATIC).as_uri())
    settings = Settings(
        threads=reader.value("TIRAGE_THREADS", _number(1, MAX_THREADS), usable_cores()),
        templates=reader.value("TIRAGE_TEMPLATES", _folders, _own_templates(reader.sources.environment)),
        data_dir=data_dir,
        database_url=reader.value("TIRAGE_DATABASE_URL", _database, f"sqlite:///{data_dir / DATABASE}"),
        storage_url=storage_url,
        credentials=_credentials(reader.sources.environment) if storage_url.startswith("s3:") else {},
        file_base_url=_file_base_url(reader),
        api_key=reader.value("TIRAGE_API_KEY", _api_key, None),
        server=reader.value("TIRAGE_SERVER", _base_url, None),
        rate_limit=reader.value("TIRAGE_RATE_LIMIT", _number(1, MAX_RATE), 600),
        fetch_allow=reader.value("TIRAGE_FETCH_ALLOW", _fetch_allow, ()),
        default_template=reader.value("TIRAGE_DEFAULT_TEMPLATE", _name, DEFAULT_TEMPLATE),
        step_seconds=reader.value("TIRAGE_STEP_SECONDS", _number(1, DAY), 300),
        cleanup_temporary_hours=reader.value("TIRAGE_CLEANUP_TEMPORARY_HOURS", _number(1, 8760), 24),
        cleanup_completed_hours=reader.value("TIRAGE_CLEANUP_COMPLETED_HOURS", _number(1, 8760), 24),
        cleanup_failed_days=reader.value("TIRAGE_CLEANUP_FAILED_DAYS", _number(1, 365), 7),
        config=reader.sources.config,
        blender=reader.value("TIRAGE_BLENDER", _absolute, None),
        blender_device=reader.value(
            "TIRAGE_BLENDER_DEVICE", lambda text: BlenderDevice(text.lower()), BlenderDevice.AUTO
        ),
        ffmpeg=reader.value("TIRAGE_FFMPEG", _absolute, None),
        browser=reader.value("TIRAGE_BROWSER", _absolute, None),
        remotion=reader.value("TIRAGE_REMOTION", _absolute, None),
        video_encoder=reader.value("TIRAGE_VIDEO_ENCODER", _name, ""),
        log_level=reader.value("TIRAGE_LOG_LEVEL", lambda text: LogLevel(text.lower()), LogLevel.WARNING),
        log_format=reader.value("TIRAGE_LOG_FORMAT", lambda text: LogFormat(text.lower()), LogFormat.TEXT),
        traces_url=reader.value("TIRAGE_TRACES_URL", _base_url, None),
    )
    reader.finish()
    return settings


def usable_cores() -> int:
    """Cores that this process may use, at most MAX_THREADS."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MAX_THREADS)


class _Reader:
    """Collects what is wrong while values are read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.sources = Sources(environment, known=VARIABLES)

    def value(self, variable: str, parse: Callable[[str], T], default: T) -> T:
        given = self.sources.given(variable)
        if given is None:
            return default
        try:
            return parse(given.text)
        except ValueError:
            secret = variable in SECRET or "@" in given.text or "?" in given.text  # addresses with passwords
            shown = "what it is" if secret else repr(given.text[:40])
            self.sources.add(variable, f"{variable} cannot be {shown}.", VARIABLES[variable])
            return default

    def finish(self) -> None:
        findings = self.sources.findings
        if findings:
            first = findings[0]
            raise UsageError("INVALID_SETTING", first.message, hint=first.hint, findings=findings)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is in effect."""

    name: str
    value: str
    """As text; a secret only says that it is there."""
    origin: str
    """`environment`, the path of a file, or `default`."""


def explained(environment: Mapping[str, str] | None = None) -> list[Setting]:
    """What is in effect, and why.  UsageError as for `Settings.read`."""
    reader = _Reader(os.environ if environment is None else environment)
    effective = _settings_of(reader, None).environment()
    return [_setting(variable, reader.sources, effective.get(variable, "")) for variable in VARIABLES]


def _setting(variable: str, sources: Sources, effective: str) -> Setting:
    given = sources.given(variable)
    value = effective or (given.text if given else "")
    if variable in SECRET:
        value = _without_secret(value)
    return Setting(variable, value, given.origin if given else "default")


def _without_secret(value: str) -> str:
    """An address without its password; of anything else nothing but that it is there."""
    address = urlsplit(value)
    if not address.scheme:
        return "•••" if value else ""
    user = (
        f"{address.username}:•••@" if address.password else f"{address.username}@" if address.username else ""
    )
    place = user + address.netloc.rpartition("@")[2]
    return f"{address.scheme}://{place}{address.path}"


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return parse


def _fetch_allow(text: str) -> tuple[str, ...]:
    """Networks, and hosts with their port."""
    entries = tuple(entry.strip() for entry in text.split(",") if entry.strip())
    for entry in entries:
        if "/" in entry:
            ip_network(entry)
        elif not entry.rpartition(":")[0] or not 0 < int(entry.rpartition(":")[2]) < 1 << 16:
            raise ValueError
    return entries


def _absolute(text: str) -> Path:
    path = Path(text).expanduser()
    if "\0" in text or not path.is_absolute():
        raise ValueError
    return path


def _own_templates(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a user's own templates lie when nothing is set; nowhere for a user without a home."""
    data = environment.get("XDG_DATA_HOME", "")
    if not Path(data).is_absolute():
        data = str(Path(environment.get("HOME", "")) / ".local" / "share")
    place = Path(data) / "tirage" / "templates"
    return (place,) if place.is_absolute() else ()


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(_absolute(part) for part in text.split(os.pathsep) if part)


def _data_dir(text: str) -> Path:
    if "\0" in text:
        raise ValueError
    return Path(text).expanduser()


def _database(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError
    return text


def _storage(text: str) -> str:
    address = urlsplit(text)
    if address.scheme == "s3":
        return _bucket(text, address)
    if address.scheme != "file" or address.netloc or not address.path.startswith("/") or _extra(address):
        raise ValueError
    return text


def _bucket(text: str, address: SplitResult) -> str:
    """A bucket, a prefix of plain parts, options that are known and given once."""
    options = parse_qsl(address.query, strict_parsing=bool(address.query))
    given = dict(options)
    prefix = address.path.strip("/").split("/") if address.path.strip("/") else []
    good = (
        BUCKET.fullmatch(address.netloc)
        and not address.fragment
        and len(given) == len(options)
        and given.keys() <= S3_OPTIONS
        and all(part.isascii() and re.fullmatch(r"\w[\w.~-]*", part) for part in prefix)
    )
    if not good:
        raise ValueError
    if "endpoint" in given:
        _base_url(given["endpoint"])
    return text


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(CREDENTIALS) and value}


def _file_base_url(reader: _Reader) -> str | None:
    """The first of the chain that is set (R227); two of them name a server rather than a folder (C-28)."""
    chain = (
        ("TIRAGE_FILE_BASE_URL", _base_url),
        ("MEDUSA_FILE_BASE_URL", _base_url),
        ("MEDUSA_PUBLIC_BASE_URL", _server_url),
        ("MEDUSA_BACKEND_URL", _server_url),
    )
    read = [reader.value(variable, parse, None) for variable, parse in chain]
    return next((url for url in read if url), None)


def _base_url(text: str) -> str:
    address = urlsplit(text)
    if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
        raise ValueError
    if _extra(address) or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text.rstrip("/")


def _server_url(text: str) -> str:
    base = _base_url(text)
    return base if base.endswith(f"/{STATIC}") else f"{base}/{STATIC}"


def _extra(address: SplitResult) -> bool:
    return bool(address.query or address.fragment)


def _api_key(text: str) -> str:
    if len(text) < KEY_LENGTH or not (text.isascii() and text.isprintable()) or " " in text or ":" in text:
        raise ValueError
    return text


def _name(text: str) -> str:
    if not text.isprintable() or "/" in text:
        raise ValueError
    return text
