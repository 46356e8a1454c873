"""The routes for operators: queues, keys, the browser's session, webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tirage import wire
from tirage.access.model import Identity
from tirage.errors import BadInput
from tirage.jobs.model import Order
from tirage.tidying import tidy
from tirage.web import shapes
from tirage.web.bodies import Strict
from tirage.web.fields import Cursor, Limit, Offset, Sort, next_cursor, page_of
from tirage.web.gate import COOKIE, cookie_of
from tirage.web.parts import Given
from tirage.webhooks.service import EndpointChanges

router = APIRouter(prefix="/v1")


class NewKey(Strict):
    """A key to be."""

    name: str
    scopes: Annotated[list[str], Field(max_length=10, examples=[["read", "order"]])]
    days: Annotated[int | None, Field(description="How long it is good for; for ever without it.")] = None


class Shown(Strict):
    """A key, shown once more."""

    key: str


class NewWebhook(Strict):
    """An endpoint to be."""

    url: Annotated[str, Field(examples=["https://shop.example/hooks/tirage"])]
    events: Annotated[list[str] | None, Field(max_length=50)] = None
    description: str = ""


class WebhookChanges(Strict):
    """What shall change."""

    url: str | None = None
    events: Annotated[list[str] | None, Field(max_length=50)] = None
    description: str | None = None
    enabled: bool | None = None


@router.get("/queues", tags=["queues"])
def list_queues(parts: Given) -> wire.Queues:
    """The queues that have jobs or are paused, with how many wait and run."""
    return {"queues": [shapes.queue(each) for each in parts.app.service.queues()]}


@router.post("/queues/{name}/pause", tags=["queues"])
def pause(parts: Given, name: str) -> wire.Queues:
    """Lets workers take no more jobs of a queue; those that run go on."""
    parts.app.service.pause(name)
    return list_queues(parts)


@router.post("/queues/{name}/resume", tags=["queues"])
def resume(parts: Given, name: str) -> wire.Queues:
    """Lets workers take jobs of a queue again."""
    parts.app.service.resume(name)
    return list_queues(parts)


@router.get("/overview", tags=["queues"])
def overview(parts: Given) -> wire.OverviewAnswer:
    """How the server does: jobs, failures of the last day, workers, slowest steps, stored files."""
    return shapes.overview(parts.app.service.overview())


@router.post("/cleanup", tags=["queues"])
def clean_up(
    parts: Given, dry_run: Annotated[bool, Query(description="Only say what would go.")] = True
) -> wire.CleanedAnswer:
    """Does the regular clean-up now, or says what it would come to."""
    return shapes.cleaned(tidy(parts.app, dry_run=dry_run), dry_run=dry_run)


@router.get("/keys", tags=["keys"])
def list_keys(parts: Given) -> wire.KeyList:
    """All keys but the server's own, also those that are no longer good; without their secrets."""
    return {"keys": [shapes.key(each) for each in parts.app.keys.list()]}


@router.post("/keys", status_code=201, tags=["keys"])
def create_key(parts: Given, asked: NewKey) -> wire.NewKeyAnswer:
    """Makes a key; its secret is in this answer and nowhere else."""
    made, secret = parts.app.keys.create(name=asked.name, scopes=asked.scopes, days=asked.days)
    return {**shapes.key(made), "secret": secret}


@router.delete("/keys/{key_id}", tags=["keys"])
def revoke_key(parts: Given, key_id: str) -> wire.KeyAnswer:
    """Revokes a key: from now on it is good for nothing."""
    return shapes.key(parts.app.keys.revoke(key_id))


@router.post("/session", status_code=201, tags=["session"])
def open_session(parts: Given, request: Request, response: Response, asked: Shown) -> wire.SessionAnswer:
    """Lets a browser in that shows a key: sets a cookie that scripts cannot read."""
    opened = parts.app.keys.open_session(asked.key)
    if opened is None:
        raise BadInput("UNAUTHORIZED", "This key is not good.")
    session, cookie = opened
    response.set_cookie(
        COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
    )
    response.headers["Cache-Control"] = "no-store"
    identity = parts.app.keys.identify_session(cookie)
    return _session(identity, session.csrf)


@router.get("/session", tags=["session"])
def get_session(request: Request) -> wire.SessionAnswer:
    """What this session or key may do; `csrf` is what a browser sends with every change."""
    identity = request.scope["state"]["identity"]
    return _session(identity, identity.csrf)


@router.delete("/session", status_code=204, tags=["session"])
def close_session(parts: Given, request: Request, response: Response) -> None:
    """Ends the browser's session."""
    cookie = cookie_of(request.headers)
    if cookie is not None:
        parts.app.keys.close_session(cookie)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/webhooks", tags=["webhooks"])
def list_webhooks(parts: Given) -> wire.WebhookList:
    """All webhooks, without their secrets."""
    return {"webhooks": [shapes.webhook(each) for each in parts.app.webhooks.list()]}


@router.post("/webhooks", status_code=201, tags=["webhooks"])
def create_webhook(parts: Given, asked: NewWebhook) -> wire.NewWebhookAnswer:
    """Adds a webhook that is told what happens from now on; its secret is in this answer and nowhere else."""
    made = parts.app.webhooks.create(url=asked.url, events=asked.events, description=asked.description)
    return {**shapes.webhook(made), "secret": made.secret}


@router.get("/webhooks/{webhook_id}", tags=["webhooks"])
def get_webhook(parts: Given, webhook_id: str) -> wire.WebhookAnswer:
    """A webhook, without its secret."""
    return shapes.webhook(parts.app.webhooks.get(webhook_id))


@router.patch("/webhooks/{webhook_id}", tags=["webhooks"])
def update_webhook(parts: Given, webhook_id: str, asked: WebhookChanges) -> wire.WebhookAnswer:
    """Changes a webhook; one that is enabled again is told what happens from then on."""
    changes = EndpointChanges(**asked.model_dump())
    return shapes.webhook(parts.app.webhooks.update(webhook_id, changes))


@router.delete("/webhooks/{webhook_id}", status_code=204, tags=["webhooks"])
def delete_webhook(parts: Given, webhook_id: str) -> None:
    """Removes a webhook with its deliveries."""
    parts.app.webhooks.delete(webhook_id)


@router.post("/webhooks/{webhook_id}/test", status_code=201, tags=["webhooks"])
def test_webhook(parts: Given, webhook_id: str) -> wire.DeliveryAnswer:
    """Sends a message that means nothing, to see whether it arrives."""
    return shapes.delivery(parts.app.webhooks.test(webhook_id))


@router.get("/webhooks/{webhook_id}/deliveries", tags=["webhooks"])
def list_deliveries(
    parts: Given,
    webhook_id: str,
    limit: Limit = 10,
    offset: Offset = 0,
    order: Sort = Order.DESC,
    cursor: Cursor = None,
) -> wire.DeliveryPage:
    """What was or shall be sent to a webhook, a page at a time."""
    page = page_of(limit, offset, order, cursor)
    found, count = parts.app.webhooks.deliveries(webhook_id, page)
    return {
        "deliveries": [shapes.delivery(each) for each in found],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor(found, page),
    }


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", tags=["webhooks"])
def replay(parts: Given, webhook_id: str, delivery_id: str) -> wire.DeliveryAnswer:
    """Sends a message again, at once and with the id that it had."""
    return shapes.delivery(parts.app.webhooks.replay(webhook_id, delivery_id))


def _session(identity: Identity | None, csrf: str | None) -> wire.SessionAnswer:
    return {"scopes": sorted(scope.value for scope in identity.scopes) if identity else [], "csrf": csrf}
