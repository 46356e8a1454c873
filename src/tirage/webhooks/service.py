"""Webhook endpoints and what they are sent: added, changed, disabled, told again.
Events become deliveries in the transaction that moves the endpoint's position, so none is missed or doubled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from tirage.errors import NotFound
from tirage.jobs.checks import invalid, page
from tirage.jobs.ids import Ids
from tirage.jobs.model import Event, JsonObject, Page
from tirage.media.fetch import check_target
from tirage.webhooks.model import DEFAULT_EVENTS, EVENTS, TEST, Delivery, Endpoint, Outcome
from tirage.webhooks.sign import new_secret
from tirage.webhooks.store import WebhookStore, WebhookUnit

MAX_ENDPOINTS = 50
DESCRIPTION_LENGTH = 200
PAGE = 500
"""Events that one transaction turns into deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanges:
    """What may change; None stays as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    enabled: bool | None = None


class Webhooks:
    """The endpoints of a server; may be used from several threads.

    Every method may raise TryAgain; those that name an endpoint or a delivery raise NotFound.
    """

    def __init__(self, store: WebhookStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._ids = Ids(clock)

    def create(self, *, url: str, events: Sequence[str] | None = None, description: str = "") -> Endpoint:
        """An endpoint that is told what happens from now on.  BadInput FETCH_REFUSED, INVALID_DATA."""
        check_target(url)
        at = self._now()
        endpoint = Endpoint(
            id=self._ids.new("we"),
            url=url,
            secret=new_secret(),
            events=_events(DEFAULT_EVENTS if events is None else events),
            description=_description(description),
            position=0,
            created_at=at,
            updated_at=at,
        )

        def add(unit: WebhookUnit) -> Endpoint:
            if len(unit.webhooks.endpoints()) >= MAX_ENDPOINTS:
                raise invalid(f"There are {MAX_ENDPOINTS} webhooks already.", where="url")
            placed = replace(endpoint, position=unit.last_event())
            unit.webhooks.put_endpoint(placed)
            return placed

        return self._store.write(add)

    def list(self) -> Sequence[Endpoint]:
        """All, by age."""
        return self._store.read(lambda unit: unit.webhooks.endpoints())

    def get(self, endpoint_id: str) -> Endpoint:
        """The endpoint."""
        found = next((each for each in self.list() if each.id == endpoint_id), None)
        if found is None:
            raise _missing("webhook", endpoint_id)
        return found

    def update(self, endpoint_id: str, changes: EndpointChanges) -> Endpoint:
        """The endpoint, changed.  One that is enabled again is told what happens from then on.

        BadInput FETCH_REFUSED, INVALID_DATA.
        """

        def change(unit: WebhookUnit) -> Endpoint:
            endpoint = _load(unit, endpoint_id)
            if changes.url is not None:
                check_target(changes.url)
                endpoint = replace(endpoint, url=changes.url)
            if changes.events is not None:
                endpoint = replace(endpoint, events=_events(changes.events))
            if changes.description is not None:
                endpoint = replace(endpoint, description=_description(changes.description))
            if changes.enabled and endpoint.disabled is not None:
                endpoint = replace(endpoint, disabled=None, position=unit.last_event())
            if changes.enabled is False:
                endpoint = replace(endpoint, disabled=endpoint.disabled or "by hand")
            changed = replace(endpoint, updated_at=self._now())
            unit.webhooks.put_endpoint(changed)
            return changed

        return self._store.write(change)

    def delete(self, endpoint_id: str) -> None:
        """Removes an endpoint, and what was or shall be sent to it."""

        def remove(unit: WebhookUnit) -> None:
            unit.webhooks.delete_endpoint(_load(unit, endpoint_id).id)

        self._store.write(remove)

    def deliveries(self, endpoint_id: str, asked: Page) -> tuple[Sequence[Delivery], int]:
        """A page of what was or shall be sent, and how much there is.  BadInput INVALID_DATA."""
        page(asked)
        self.get(endpoint_id)
        return self._store.read(lambda unit: unit.webhooks.deliveries(endpoint_id, asked))

    def replay(self, endpoint_id: str, delivery_id: str) -> Delivery:
        """A delivery is sent again, at once, with the id that it had."""

        def again(unit: WebhookUnit) -> Delivery:
            _load(unit, endpoint_id)
            found = unit.webhooks.delivery(delivery_id)
            if found is None or found.endpoint_id != endpoint_id:
                raise _missing("delivery", delivery_id)
            fresh = replace(
                found,
                outcome=Outcome.WAITING,
                attempts=0,
                next_at=self._now(),
                ended_at=None,
                last_error=None,
            )
            unit.webhooks.save(fresh)
            return fresh

        return self._store.write(again)

    def test(self, endpoint_id: str) -> Delivery:
        """Sends a message that means nothing."""

        def send(unit: WebhookUnit) -> Delivery:
            delivery = self._delivery(_load(unit, endpoint_id), TEST, {"message": "Tirage can reach you."})
            unit.webhooks.add([delivery])
            return delivery

        return self._store.write(send)

    def announce(self, unit: WebhookUnit, event: str, data: JsonObject) -> None:
        """In somebody's transaction: a message for every endpoint that asked for such."""
        unit.webhooks.add(
            [
                self._delivery(endpoint, event, data)
                for endpoint in unit.webhooks.endpoints()
                if endpoint.disabled is None and event in endpoint.events
            ]
        )

    def collect(self) -> int:
        """Turns what happened since into deliveries; how many.

        Events of a batch's jobs are left out: the batch tells once when it has ended.
        """
        behind = self._store.read(_behind)
        return sum(self._store.write(partial(self._advance, endpoint_id=each)) for each in behind)

    def _advance(self, unit: WebhookUnit, endpoint_id: str) -> int:
        endpoint = unit.webhooks.endpoint(endpoint_id)
        if endpoint is None or endpoint.disabled is not None:
            return 0
        events = unit.events(after=endpoint.position, limit=PAGE, job_id=None)
        if not events:
            return 0
        asked = [event for event in events if event.name in endpoint.events]
        told = unit.webhooks.of_batches([event.job_id for event in asked])
        made = [
            self._delivery(endpoint, event.name, _data(event)) for event in asked if event.job_id not in told
        ]
        unit.webhooks.add(made)
        unit.webhooks.put_endpoint(replace(endpoint, position=events[-1].number))
        return len(made)

    def _delivery(self, endpoint: Endpoint, event: str, data: JsonObject) -> Delivery:
        at = self._now()
        payload = {"type": event, "timestamp": at.isoformat(), "data": data}
        return Delivery(
            id=self._ids.new("msg"),
            endpoint_id=endpoint.id,
            event=event,
            payload=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
            outcome=Outcome.WAITING,
            attempts=0,
            next_at=at,
            created_at=at,
        )

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _behind(unit: WebhookUnit) -> list[str]:
    last = unit.last_event()
    endpoints = unit.webhooks.endpoints()
    return [each.id for each in endpoints if each.disabled is None and each.position < last]


def _data(event: Event) -> JsonObject:
    """The ids are enough: who wants more asks for the job."""
    return {
        "number": event.number,
        "job_id": event.job_id,
        "at": event.at.isoformat(),
        "status": event.status,
        "attempt": event.attempt,
        "progress": event.progress,
        "data": event.data,
    }


def _events(names: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in EVENTS]
    if unknown or not names:
        message = f"There is no event {unknown[0][:60]!r}." if unknown else "A webhook needs an event."
        raise invalid(message, where="events", hint=f"The events are {', '.join(EVENTS)}.")
    return tuple(dict.fromkeys(names))


def _description(text: str) -> str:
    if len(text) > DESCRIPTION_LENGTH or not (text.isprintable() or not text):
        message = f"A description has at most {DESCRIPTION_LENGTH} characters, all printable."
        raise invalid(message, where="description")
    return text


def _load(unit: WebhookUnit, endpoint_id: str) -> Endpoint:
    endpoint = unit.webhooks.endpoint(endpoint_id)
    if endpoint is None:
        raise _missing("webhook", endpoint_id)
    return endpoint


def _missing(kind: str, name: str) -> NotFound:
    return NotFound("NOT_FOUND", f"There is no {kind} {name[:60]!r}.")
