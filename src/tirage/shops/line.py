"""One shop's HTTP: kept connections, bounded time and size, its errors as ours; nothing sent is logged."""

from __future__ import annotations

import json
import random
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpcore2

from tirage.errors import BadInput, NotFound, TryAgain

SECONDS = 10.0
"""Of a connection, and of each wait for bytes."""
MOST = 32 << 20
"""Bytes of an answer."""
IDLE = 3.0
"""Seconds that a connection is kept: less than Node.js keeps it, which would hang up on the next request."""
AT_ONCE = 8
LONGEST_WAIT = 3600.0
"""However long Retry-After asks to wait."""
BUSY = frozenset({408, 409, 423, 425, 429})
"""Beside 5xx: the same words may do later."""
REFUSED = frozenset({401, 403, 407})
NOT_THERE = frozenset({404, 410})
WORDS = 200
"""Characters of a shop's own message that we pass on."""


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one shop; thread-safe."""

    base: str
    """Scheme, host, perhaps a path; without a slash at the end."""
    headers: tuple[tuple[str, str], ...]
    pool: httpcore2.ConnectionPool

    @classmethod
    def to(cls, base: str, headers: Mapping[str, str]) -> Line:
        """`headers` go with every request: who we are."""
        pool = httpcore2.ConnectionPool(
            ssl_context=_tls(), max_connections=AT_ONCE, keepalive_expiry=IDLE, retries=1
        )
        return cls(base, tuple(headers.items()), pool)

    def close(self) -> None:
        """Ends the connections."""
        self.pool.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        data: object = None,
        body: bytes = b"",
        media_type: str = "application/json",
    ) -> Any:  # noqa: ANN401 – JSON of others, which adapters read with care
        """The answer's JSON, None when it has none.  `data` goes as JSON, or else `body` as it is.

        TryAgain SHOP_UNAVAILABLE; BadInput SHOP_REFUSED; NotFound NOT_FOUND.
        """
        sent = body if data is None else json.dumps(data, ensure_ascii=False).encode()
        target = f"{urlsplit(self.base).path}{path}" + (f"?{urlencode(query)}" if query else "")
        given = dict(self.headers) | {"Host": urlsplit(self.base).netloc, "Accept": "application/json"}
        given |= {"User-Agent": "Tirage", "Accept-Encoding": "identity"}
        if sent:
            given["Content-Type"] = media_type
        with self._translated():
            status, told, read = self._exchange(method, target, given, sent)
        if not 200 <= status < 300:
            raise self._failure(status, told, read)
        try:
            return json.loads(read) if read else None
        except ValueError:
            raise self._refused("does not answer in JSON: is this its address?") from None

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(self.base)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        url = httpcore2.URL(
            scheme=parts.scheme, host=str(parts.hostname).encode(), port=port, target=target.encode()
        )
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        waits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        with self.pool.stream(
            method, url, headers=given, content=body, extensions={"timeout": waits}
        ) as response:
            told = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
            return response.status, told, self._read(response.iter_stream())

    def _read(self, blocks: Iterable[bytes]) -> bytes:
        got = bytearray()
        for block in blocks:
            got += block
            if len(got) > MOST:
                raise self._refused(f"answers with more than {MOST >> 20} MiB")
        return bytes(got)

    def _failure(self, status: int, told: Mapping[str, str], body: bytes) -> Exception:
        if status in BUSY or status >= 500:
            wait = asked_wait(told.get("retry-after", ""), datetime.now(UTC))
            wait = wait or random.uniform(0.5, 1.5)  # noqa: S311 – so that not all come back at once
            text = f"The shop at {self._place} cannot do it now (status {status})."
            return TryAgain("SHOP_UNAVAILABLE", text, after=wait)
        if status in NOT_THERE:
            return NotFound("NOT_FOUND", f"The shop at {self._place} has no such thing.")
        if status in REFUSED:
            return self._refused(f"does not let us (status {status})")
        return self._refused(f"answers with status {status}: {_message(body)}")

    def _refused(self, why: str) -> BadInput:
        return BadInput("SHOP_REFUSED", f"The shop at {self._place} {why}.")

    @property
    def _place(self) -> str:
        return urlsplit(self.base).netloc

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            OSError,
        ) as error:
            text = f"The shop at {self._place} does not answer: {type(error).__name__}."
            raise TryAgain("SHOP_UNAVAILABLE", text, after=random.uniform(0.5, 1.5)) from error  # noqa: S311


def asked_wait(retry_after: str, now: datetime) -> float:
    """Seconds of Retry-After, which is a number or a date; 0 for what is neither, or past."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:9]), LONGEST_WAIT)
    try:
        asked = (parsedate_to_datetime(retry_after).astimezone(UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(min(asked, LONGEST_WAIT), 0.0)


def form(name: str, filename: str, data: bytes, media_type: str) -> tuple[bytes, str]:
    """A form with one file, and its media type.  `filename` has no signs that would need quoting."""
    edge = f"tirage-{random.getrandbits(128):032x}"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def _message(body: bytes) -> str:
    """What the shop says itself, cut and on one line."""
    try:
        found = json.loads(body)
        text = str(found.get("message", "")) if isinstance(found, dict) else ""
    except ValueError:
        text = ""
    return " ".join(text.split())[:WORDS] or "it says nothing else"


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Certificates are checked; the environment is not asked."""
    return httpcore2.default_ssl_context()
