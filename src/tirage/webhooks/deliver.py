"""Sends what is due.  A delivery is taken for a while before it is sent, so that several servers share the
work and one that dies loses nothing: the message goes out again, with the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from tirage.errors import TirageError
from tirage.log import Logger
from tirage.webhooks.model import WAITS, Delivery, Endpoint, Outcome
from tirage.webhooks.sign import headers
from tirage.webhooks.store import WebhookStore, WebhookUnit

log = Logger("webhooks")
TAKEN = timedelta(seconds=120)
"""Longer than sending can take."""
AT_ONCE = 8
GONE = 410
SLOWEST = timedelta(days=1)
"""However long Retry-After asks to wait."""


class Reply(Protocol):
    """What an endpoint answered."""

    @property
    def status(self) -> int:
        """Of HTTP."""

    @property
    def retry_after(self) -> str:
        """The header, or nothing."""


class Post(Protocol):
    """The guarded way to an address of users."""

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer.  TirageError: there is none, or we do not go there."""
        ...


class Delivering:
    """Sends deliveries; one for each server."""

    def __init__(self, store: WebhookStore, *, post: Post, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._post = post
        self._clock = clock

    def send_due(self) -> int:
        """Sends what is due, some at a time; how many."""
        now = self._now()
        taken = self._store.write(
            lambda unit: unit.webhooks.take_due(now=now, until=now + TAKEN, limit=AT_ONCE)
        )
        if not taken:
            return 0
        endpoints = {each.id: each for each in self._store.read(lambda unit: unit.webhooks.endpoints())}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for delivery in taken:
                if delivery.endpoint_id in endpoints:
                    pool.submit(self._send, endpoints[delivery.endpoint_id], delivery)
        return len(taken)

    def _send(self, endpoint: Endpoint, delivery: Delivery) -> None:
        at = self._now()
        told = headers(
            secret=endpoint.secret,
            message_id=delivery.id,
            timestamp=int(at.timestamp()),
            payload=delivery.payload,
        )
        try:
            reply = self._post(endpoint.url, headers=told, body=delivery.payload.encode())
            status, asked, error = reply.status, reply.retry_after, f"It answered {reply.status}."
        except TirageError as refusal:
            status, asked, error = None, "", refusal.message
        if status is not None and 200 <= status < 300:
            self._record(replace(_tried(delivery, status, None), outcome=Outcome.DELIVERED, ended_at=at))
            return
        log.info("not delivered", endpoint=endpoint.id, message=delivery.id, status=status)
        self._record(_later(_tried(delivery, status, error), at, asked), gone=status == GONE)

    def _record(self, delivery: Delivery, *, gone: bool = False) -> None:
        """What came of it; an endpoint that is gone, or never answers, is sent nothing more."""

        def write(unit: WebhookUnit) -> None:
            unit.webhooks.save(delivery)
            endpoint = unit.webhooks.endpoint(delivery.endpoint_id)
            if endpoint and endpoint.disabled is None and (gone or delivery.outcome is Outcome.FAILED):
                why = "it answered 410" if gone else "a message could not be delivered for three days"
                log.warning("webhook disabled", endpoint=endpoint.id, reason=why)
                unit.webhooks.put_endpoint(replace(endpoint, disabled=why, updated_at=self._now()))

        self._store.write(write)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _tried(delivery: Delivery, status: int | None, error: str | None) -> Delivery:
    return replace(delivery, attempts=delivery.attempts + 1, last_status=status, last_error=error)


def _later(delivery: Delivery, at: datetime, retry_after: str) -> Delivery:
    """The next attempt's time, not before the other side asks for it; failed after the last."""
    if delivery.attempts >= len(WAITS) or delivery.last_status == GONE:
        return replace(delivery, outcome=Outcome.FAILED, ended_at=at)
    wait = max(timedelta(seconds=WAITS[delivery.attempts]), _asked(retry_after, at))
    return replace(delivery, next_at=at + wait)


def _asked(retry_after: str, at: datetime) -> timedelta:
    """Retry-After: seconds, or a date."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(timedelta(seconds=int(retry_after[:9])), SLOWEST)
    try:
        asked = parsedate_to_datetime(retry_after).astimezone(UTC) - at
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return max(min(asked, SLOWEST), timedelta(0))
