"""Webhooks: every event that was asked for is delivered, signed, tried again, and never lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from standardwebhooks import Webhook

from jobsteps import made, order
from tirage.errors import BadInput, NotFound, TryAgain
from tirage.jobs.model import Page
from tirage.jobs.service import JobService
from tirage.stores.database import Database
from tirage.testing import FakeClock
from tirage.webhooks.deliver import Delivering
from tirage.webhooks.model import EVENTS, WAITS, Outcome
from tirage.webhooks.service import EndpointChanges, Webhooks

URL = "https://shop.example/hook"


@dataclass
class Answered:
    status: int
    retry_after: str = ""


@dataclass
class Receiver:
    """An endpoint; answers what the test says."""

    answer: Callable[[], Answered] = lambda: Answered(204)
    got: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answered:
        self.got.append((url, headers, body))
        return self.answer()

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, _, body in self.got]


@pytest.fixture
def webhooks(database: Database, clock: FakeClock) -> Webhooks:
    return Webhooks(database, clock=clock)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def delivering(database: Database, clock: FakeClock, receiver: Receiver) -> Delivering:
    return Delivering(database, post=receiver, clock=clock)


def test_what_happens_is_told_once_in_order(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver, service: JobService
) -> None:
    made(service, "failed")
    endpoint = webhooks.create(url=URL, events=EVENTS)
    jobs = [made(service, "completed") for _ in range(3)]
    assert webhooks.collect() == 12
    assert webhooks.collect() == 0
    while delivering.send_due():
        pass
    assert len(receiver.got) == 12
    assert {json.loads(body)["data"]["job_id"] for _, _, body in receiver.got} == {job.id for job in jobs}
    numbers = [json.loads(body)["data"]["number"] for _, _, body in receiver.got]
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + 12))
    found, count = webhooks.deliveries(endpoint.id, Page(limit=5))
    assert (len(found), count) == (5, 12)
    assert {each.outcome for each in found} == {Outcome.DELIVERED}


def test_only_what_was_asked_for(webhooks: Webhooks, service: JobService) -> None:
    webhooks.create(url=URL, events=["render.job.completed"])
    made(service, "failed")
    made(service, "completed")
    assert webhooks.collect() == 1
    webhooks.create(url=URL)
    made(service, "cancelled")
    assert webhooks.collect() == 1


def test_receivers_libraries_know_the_signature(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver, clock: FakeClock
) -> None:
    clock.now = datetime.now(UTC)
    endpoint = webhooks.create(url=URL)
    webhooks.test(endpoint.id)
    delivering.send_due()
    ((url, headers, body),) = receiver.got
    assert url == URL
    assert Webhook(endpoint.secret).verify(body.decode(), dict(headers))["type"] == "webhook.test"
    with pytest.raises(Exception, match="signature"):
        Webhook(endpoint.secret).verify(body.decode() + " ", dict(headers))


def test_a_message_is_tried_for_three_days_with_one_id(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answer = lambda: Answered(500)
    endpoint = webhooks.create(url=URL)
    webhooks.test(endpoint.id)
    started, times = clock.now, []
    for _ in range(len(WAITS)):
        assert delivering.send_due() == 1
        times.append((clock.now - started).total_seconds())
        assert delivering.send_due() == 0
        ((delivery,), _) = webhooks.deliveries(endpoint.id, Page())
        clock.now = max(delivery.next_at, clock.now)
    assert [after - before for before, after in pairwise(times)] == list(WAITS[1:])
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert (delivery.outcome, delivery.attempts, delivery.last_status) == (Outcome.FAILED, 10, 500)
    assert webhooks.get(endpoint.id).disabled
    assert delivering.send_due() == 0


def test_the_other_side_may_ask_for_time_or_to_be_left_alone(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver, clock: FakeClock, service: JobService
) -> None:
    endpoint = webhooks.create(url=URL)
    webhooks.test(endpoint.id)
    receiver.answer = lambda: Answered(429, "90")
    delivering.send_due()
    clock.advance(89)
    assert delivering.send_due() == 0
    clock.advance(1)
    receiver.answer = lambda: Answered(503, "Thu, 01 Jan 2026 01:00:00 GMT")
    assert delivering.send_due() == 1
    ((delivery,), _) = webhooks.deliveries(endpoint.id, Page())
    assert delivery.next_at == datetime(2026, 1, 1, 1, tzinfo=UTC)
    clock.now = delivery.next_at
    receiver.answer = lambda: Answered(410)
    assert delivering.send_due() == 1
    assert webhooks.get(endpoint.id).disabled == "it answered 410"
    made(service, "completed")
    assert webhooks.collect() == 0
    enabled = webhooks.update(endpoint.id, EndpointChanges(enabled=True))
    assert enabled.disabled is None
    assert webhooks.collect() == 0  # what happened meanwhile is not made up for
    made(service, "completed")
    assert webhooks.collect() == 1


def test_a_server_that_dies_while_it_sends_loses_nothing(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver, clock: FakeClock, database: Database
) -> None:
    endpoint = webhooks.create(url=URL)
    webhooks.test(endpoint.id)
    soon = clock.now.replace(minute=2)
    taken = database.write(lambda unit: unit.webhooks.take_due(now=clock.now, until=soon, limit=8))
    assert len(taken) == 1
    assert delivering.send_due() == 0
    clock.now = soon
    assert delivering.send_due() == 1
    assert receiver.got[0][1]["webhook-id"] == taken[0].id


def test_what_was_delivered_can_be_sent_again(
    webhooks: Webhooks, delivering: Delivering, receiver: Receiver
) -> None:
    endpoint = webhooks.create(url=URL)
    first = webhooks.test(endpoint.id)
    delivering.send_due()
    assert webhooks.replay(endpoint.id, first.id).outcome is Outcome.WAITING
    assert delivering.send_due() == 1
    assert [headers["webhook-id"] for _, headers, _ in receiver.got] == [first.id] * 2
    with pytest.raises(NotFound):
        webhooks.replay(endpoint.id, "msg_none")
    other = webhooks.create(url=URL)
    with pytest.raises(NotFound):
        webhooks.replay(other.id, first.id)


def test_nobody_answers(webhooks: Webhooks, delivering: Delivering, receiver: Receiver) -> None:
    def away() -> Answered:
        raise TryAgain("UNAVAILABLE", "The other side does not answer.")

    receiver.answer = away
    endpoint = webhooks.create(url=URL)
    webhooks.test(endpoint.id)
    delivering.send_due()
    ((delivery,), _) = webhooks.deliveries(endpoint.id, Page())
    assert (delivery.last_status, delivery.last_error) == (None, "The other side does not answer.")


def test_endpoints_are_checked(webhooks: Webhooks, service: JobService) -> None:
    for wrong in (
        "ftp://x",
        "http://",
        "https://a:b@c/",
        "x",
        "https://ü.example/",
        "http://a\nb/",
        "http://[::",
    ):
        with pytest.raises(BadInput):
            webhooks.create(url=wrong)
    for events in ([], ["x"]):
        with pytest.raises(BadInput, match=r"event"):
            webhooks.create(url=URL, events=events)
    with pytest.raises(BadInput, match="description"):
        webhooks.create(url=URL, description="x" * 300)
    endpoint = webhooks.create(url=URL, description="Shop")
    changed = webhooks.update(
        endpoint.id, EndpointChanges(url=f"{URL}2", events=["batch.ended"], description="")
    )
    assert (changed.url, changed.events, changed.secret) == (f"{URL}2", ("batch.ended",), endpoint.secret)
    assert webhooks.update(endpoint.id, EndpointChanges(enabled=False)).disabled == "by hand"
    webhooks.delete(endpoint.id)
    with pytest.raises(NotFound):
        webhooks.get(endpoint.id)
    service.create(order())
