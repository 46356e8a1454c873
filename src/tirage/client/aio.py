"""The client for asyncio.  Made of sync.py by `make reference`; change it there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from tirage import wire
from tirage.client.aio_videos import AsyncVideoCalls
from tirage.client.core import (
    ENDED,
    SECONDS,
    Call,
    ablocks,
    design_file,
    error_of,
    event_in,
    given,
    result,
    unreachable,
    wait_before,
)

T = TypeVar("T")


class AsyncClient(AsyncVideoCalls):
    """A Tirage server, of one event loop.  Close it, or use it in an `async with` block.

    Methods answer with the types of `tirage.wire` and raise the errors of `tirage.errors`, as the server's
    own code does; what passes is tried again, and no POST is ever carried out twice.
    """

    def __init__(self, url: str, key: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """`url` such as http://localhost:8100; `transport` is for tests."""
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx2.AsyncClient(
            base_url=self._url, headers=headers, timeout=SECONDS, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends its connections."""
        await self._http.aclose()

    # designs and orders

    async def upload_design(self, design: Path | bytes, *, name: str | None = None) -> wire.DesignAnswer:
        """Stores a design; the same bytes are the same design."""
        return await self._send(Call("POST", "/v1/designs", file=design_file(design, name)))

    async def fetch_design(self, url: str) -> wire.DesignAnswer:
        """Lets the server fetch a design."""
        return await self._send(Call("POST", "/v1/designs/fetch", json={"url": url}))

    async def get_design(self, design_id: str) -> wire.DesignAnswer:
        """A stored design."""
        return await self._send(Call("GET", f"/v1/designs/{design_id}"))

    async def list_designs(self, *, limit: int = 10, cursor: str | None = None) -> wire.DesignPage:
        """Stored designs, the newest first."""
        return await self._send(Call("GET", "/v1/designs", query={"limit": limit, "cursor": cursor}))

    async def delete_design(self, design_id: str) -> None:
        """Removes a design that no job has."""
        await self._send(Call("DELETE", f"/v1/designs/{design_id}"))

    async def order_mockup(
        self,
        *,
        product_id: str,
        preset: str,
        design_id: str | None = None,
        design_url: str | None = None,
        variant_id: str | None = None,
        template_id: str | None = None,
        fabric_color: str | None = None,
        background_color: str | None = None,
        render_mode: str | None = None,
        samples: int | None = None,
        metadata: Mapping[str, object] | None = None,
        wait: int = 0,
    ) -> wire.JobAnswer:
        """Orders a mockup of a stored design, or of one at an address.

        `wait`: answer when it has ended, at most so many seconds later.
        """
        body = given(
            product_id=product_id,
            preset=preset,
            design_id=design_id,
            design_url=design_url,
            variant_id=variant_id,
            template_id=template_id,
            fabric_color=fabric_color,
            background_color=background_color,
            render_mode=render_mode,
            samples=samples,
            metadata=metadata,
        )
        return await self._send(
            Call("POST", "/v1/mockups", query={"wait": wait}, json=body, seconds=SECONDS + wait)
        )

    # jobs

    async def list_jobs(
        self,
        *,
        product_id: str | None = None,
        statuses: Sequence[str] = (),
        pipeline: str | None = None,
        text: str | None = None,
        limit: int = 10,
        offset: int = 0,
        cursor: str | None = None,
    ) -> wire.JobPage:
        """Jobs, the newest first."""
        query = given(
            product_id=product_id,
            status=",".join(statuses) or None,
            pipeline=pipeline,
            q=text,
            limit=limit,
            offset=offset,
            cursor=cursor,
        )
        return await self._send(Call("GET", "/v1/jobs", query=query))

    async def get_job(self, job_id: str, *, wait: int = 0) -> wire.JobAnswer:
        """A job as it is now, or when it has ended, at most `wait` seconds later."""
        return await self._send(
            Call("GET", f"/v1/jobs/{job_id}", query={"wait": wait}, seconds=SECONDS + wait)
        )

    async def wait_for_job(self, job_id: str, *, seconds: float) -> wire.JobAnswer:
        """A job when it has ended, or as it is after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            left = max(end - time.monotonic(), 0)
            job = await self.get_job(job_id, wait=min(int(left), 30))
            if job["status"] in ENDED or left < 1:
                return job

    async def job_history(self, job_id: str) -> wire.JobHistory:
        """A job's attempts and steps."""
        return await self._send(Call("GET", f"/v1/jobs/{job_id}/history"))

    async def retry_job(self, job_id: str, **overrides: object) -> wire.JobAnswer:
        """A new job for a failed one, with what is ordered differently."""
        return await self._send(Call("POST", f"/v1/jobs/{job_id}/retry", json=overrides))

    async def cancel_job(self, job_id: str) -> wire.JobAnswer:
        """Stops a job that waits or runs."""
        return await self._send(Call("POST", f"/v1/jobs/{job_id}/cancel"))

    async def delete_job(self, job_id: str) -> None:
        """Hides a job and stops it."""
        await self._send(Call("DELETE", f"/v1/jobs/{job_id}"))

    async def restore_job(self, job_id: str) -> wire.JobAnswer:
        """A deleted job, visible again."""
        return await self._send(Call("POST", f"/v1/jobs/{job_id}/restore"))

    async def list_events(self, *, after: int = 0, limit: int = 100) -> wire.EventPage:
        """What happened, from any number on."""
        return await self._send(Call("GET", "/v1/events/log", query={"after": after, "limit": limit}))

    async def watch_job(self, job_id: str, *, after: int = 0) -> AsyncIterator[wire.EventAnswer]:
        """What happens to a job, as it happens, until it has ended."""
        path = f"/v1/jobs/{job_id}/events"
        async with self._http.stream("GET", path, params={"after": after}, timeout=60) as answer:
            if not answer.is_success:
                await answer.aread()
                raise error_of(answer)
            block: list[str] = []
            async for line in answer.aiter_lines():
                if line:
                    block.append(line)
                    continue
                event = event_in(block)
                if event is not None:
                    yield event
                block.clear()

    # batches

    async def create_batch(self, batch: Mapping[str, object]) -> wire.BatchAnswer:
        """Submits a batch; the fields are those of `POST /v1/batches`."""
        return await self._send(Call("POST", "/v1/batches", json=dict(batch), seconds=120))

    async def estimate(self, batch: Mapping[str, object]) -> wire.EstimateAnswer:
        """What a batch would cost."""
        return await self._send(Call("POST", "/v1/estimates", json=dict(batch), seconds=120))

    async def import_batch(
        self, sheet: bytes, *, name: str = "", apply_at_end: bool = False, replace: bool = False
    ) -> wire.BatchAnswer:
        """Submits the rows of a CSV file."""
        query = {"name": name, "apply_at_end": apply_at_end, "replace": replace}
        return await self._send(Call("POST", "/v1/batches/import", query=query, content=sheet, seconds=120))

    async def estimate_sheet(self, sheet: bytes) -> wire.EstimateAnswer:
        """What the rows of a CSV file would cost."""
        query = {"dry_run": True}
        return await self._send(Call("POST", "/v1/batches/import", query=query, content=sheet, seconds=120))

    async def list_batches(self, *, limit: int = 10, cursor: str | None = None) -> wire.BatchPage:
        """Batches, the newest first."""
        return await self._send(Call("GET", "/v1/batches", query={"limit": limit, "cursor": cursor}))

    async def get_batch(self, batch_id: str) -> wire.BatchAnswer:
        """A batch, and how far it is."""
        return await self._send(Call("GET", f"/v1/batches/{batch_id}"))

    async def list_batch_jobs(self, batch_id: str, *, limit: int = 100, offset: int = 0) -> wire.BatchOrders:
        """The jobs of a batch, in its order."""
        query = {"limit": limit, "offset": offset}
        return await self._send(Call("GET", f"/v1/batches/{batch_id}/jobs", query=query))

    async def cancel_batch(self, batch_id: str) -> wire.Changed:
        """Cancels what waits or runs of a batch."""
        return await self._send(Call("POST", f"/v1/batches/{batch_id}/cancel", seconds=120))

    async def retry_batch(self, batch_id: str) -> wire.Changed:
        """A new job for each that failed."""
        return await self._send(Call("POST", f"/v1/batches/{batch_id}/retry", seconds=120))

    async def diff_batch(self, batch_id: str) -> wire.Differences:
        """What applying a batch would change."""
        return await self._send(Call("GET", f"/v1/batches/{batch_id}/diff", seconds=120))

    async def apply_batch(self, batch_id: str) -> wire.Differences:
        """Shows what a batch made with its products."""
        return await self._send(Call("POST", f"/v1/batches/{batch_id}/apply", seconds=120))

    async def roll_back_batch(self, batch_id: str) -> wire.Changed:
        """Products show what they did before."""
        return await self._send(Call("POST", f"/v1/batches/{batch_id}/rollback", seconds=120))

    async def download_batch(self, batch_id: str, path: Path) -> None:
        """All files of a batch as a zip file at that path."""
        await self.download(f"{self._url}/v1/batches/{batch_id}/files.zip", path)

    async def download(self, url: str, path: Path) -> None:
        """A file of the server, at a local path."""
        async with self._http.stream("GET", url, timeout=120) as answer:
            if not answer.is_success:
                await answer.aread()
                raise error_of(answer)
            with path.open("wb") as file:
                async for block in answer.aiter_bytes():
                    file.write(block)

    # the catalogue

    async def list_products(
        self, *, limit: int = 10, offset: int = 0, cursor: str | None = None, text: str | None = None
    ) -> wire.ProductPage:
        """Products, the newest first; with a text those whose title or id contains it."""
        query = given(limit=limit, offset=offset, cursor=cursor, q=text)
        return await self._send(Call("GET", "/v1/products", query=query))

    async def create_product(
        self,
        title: str,
        *,
        product_id: str | None = None,
        metadata: Mapping[str, object] | None = None,
        variants: Sequence[Mapping[str, object]] = (),
    ) -> wire.ProductAnswer:
        """Adds a product."""
        body = given(title=title, id=product_id, metadata=metadata, variants=list(variants))
        return await self._send(Call("POST", "/v1/products", json=body))

    async def import_products(self, sheet: bytes) -> wire.Imported:
        """Adds the products of a CSV file."""
        return await self._send(Call("POST", "/v1/products/import", content=sheet, seconds=120))

    async def get_product(self, product_id: str) -> wire.ProductAnswer:
        """A product with its variants and media."""
        return await self._send(Call("GET", f"/v1/products/{product_id}"))

    async def update_product(self, product_id: str, **changes: object) -> wire.ProductAnswer:
        """Changes title or metadata."""
        return await self._send(Call("PATCH", f"/v1/products/{product_id}", json=changes))

    async def delete_product(self, product_id: str) -> None:
        """Removes a product."""
        await self._send(Call("DELETE", f"/v1/products/{product_id}"))

    async def order_media(self, product_id: str, media: Sequence[str]) -> wire.ProductAnswer:
        """Puts all media of a product in this order."""
        return await self._send(
            Call("PUT", f"/v1/products/{product_id}/media/order", json={"media": list(media)})
        )

    async def set_thumbnail(self, product_id: str, media_id: str) -> wire.ProductAnswer:
        """Makes one of a product's pictures its thumbnail."""
        return await self._send(
            Call("PUT", f"/v1/products/{product_id}/thumbnail", json={"media_id": media_id})
        )

    async def remove_medium(self, product_id: str, media_id: str) -> wire.ProductAnswer:
        """Takes a picture or video off a product."""
        return await self._send(Call("DELETE", f"/v1/products/{product_id}/media/{media_id}"))

    async def list_templates(self) -> wire.Templates:
        """The templates there are."""
        return await self._send(Call("GET", "/v1/templates"))

    async def get_template(self, template_id: str) -> wire.TemplateDetail:
        """A template with what can be ordered on it."""
        return await self._send(Call("GET", f"/v1/templates/{template_id}"))

    # operation

    async def list_queues(self) -> wire.Queues:
        """Queues, with how many jobs wait and run."""
        return await self._send(Call("GET", "/v1/queues"))

    async def pause_queue(self, name: str) -> wire.Queues:
        """Lets workers take no more jobs of a queue."""
        return await self._send(Call("POST", f"/v1/queues/{name}/pause"))

    async def resume_queue(self, name: str) -> wire.Queues:
        """Lets workers take jobs of a queue again."""
        return await self._send(Call("POST", f"/v1/queues/{name}/resume"))

    async def overview(self) -> wire.OverviewAnswer:
        """How the server does."""
        return await self._send(Call("GET", "/v1/overview"))

    async def clean_up(self, *, dry_run: bool = True) -> wire.CleanedAnswer:
        """Does the regular clean-up now, or says what it would come to."""
        return await self._send(Call("POST", "/v1/cleanup", query={"dry_run": dry_run}))

    async def list_keys(self) -> wire.KeyList:
        """All keys, without their secrets."""
        return await self._send(Call("GET", "/v1/keys"))

    async def create_key(
        self, name: str, scopes: Sequence[str], *, days: int | None = None
    ) -> wire.NewKeyAnswer:
        """A new key; its secret is in this answer and nowhere else."""
        body = given(name=name, scopes=list(scopes), days=days)
        return await self._send(Call("POST", "/v1/keys", json=body))

    async def revoke_key(self, key_id: str) -> wire.KeyAnswer:
        """Revokes a key."""
        return await self._send(Call("DELETE", f"/v1/keys/{key_id}"))

    async def list_shops(self) -> wire.ShopList:
        """The connected shops, without their keys."""
        return await self._send(Call("GET", "/v1/shops"))

    async def get_shop(self, name: str) -> wire.ShopAnswer:
        """A connected shop."""
        return await self._send(Call("GET", f"/v1/shops/{name}"))

    async def check_shop(self, name: str) -> wire.ShopChecked:
        """Asks a shop whether it lets the server read and store."""
        return await self._send(Call("POST", f"/v1/shops/{name}/check"))

    async def sync_shop(self, name: str) -> wire.ShopSynced:
        """Brings the catalogue's products up to what a shop sells."""
        return await self._send(Call("POST", f"/v1/shops/{name}/sync", seconds=600.0))

    async def list_webhooks(self) -> wire.WebhookList:
        """All webhooks, without their secrets."""
        return await self._send(Call("GET", "/v1/webhooks"))

    async def create_webhook(
        self, url: str, *, events: Sequence[str] | None = None, description: str = ""
    ) -> wire.NewWebhookAnswer:
        """Adds a webhook; its secret is in this answer and nowhere else."""
        body = given(url=url, events=None if events is None else list(events), description=description)
        return await self._send(Call("POST", "/v1/webhooks", json=body))

    async def update_webhook(self, webhook_id: str, **changes: object) -> wire.WebhookAnswer:
        """Changes a webhook: url, events, description, enabled."""
        return await self._send(Call("PATCH", f"/v1/webhooks/{webhook_id}", json=changes))

    async def delete_webhook(self, webhook_id: str) -> None:
        """Removes a webhook."""
        await self._send(Call("DELETE", f"/v1/webhooks/{webhook_id}"))

    async def test_webhook(self, webhook_id: str) -> wire.DeliveryAnswer:
        """Sends a message that means nothing."""
        return await self._send(Call("POST", f"/v1/webhooks/{webhook_id}/test"))

    async def list_deliveries(
        self, webhook_id: str, *, limit: int = 10, cursor: str | None = None
    ) -> wire.DeliveryPage:
        """What was or shall be sent to a webhook, the newest first."""
        query = given(limit=limit, cursor=cursor)
        return await self._send(Call("GET", f"/v1/webhooks/{webhook_id}/deliveries", query=query))

    async def replay_delivery(self, webhook_id: str, delivery_id: str) -> wire.DeliveryAnswer:
        """Sends a message again."""
        path = f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"
        return await self._send(Call("POST", path))

    async def _send(self, call: Call[T]) -> T:
        arguments = call.arguments()
        attempt = 0
        while True:
            attempt += 1
            answer, failure = None, None
            try:
                if call.upload:
                    arguments["content"] = ablocks(call.upload)
                answer = await self._http.request(call.method, call.path, **arguments)
            except httpx2.TransportError as error:
                failure = error
            wait = wait_before(attempt, answer)
            if wait is not None:
                await asyncio.sleep(wait)
            elif answer is not None:
                return result(answer)  # type: ignore[no-any-return]  # the server's shape is T
            elif failure is not None:
                raise unreachable(self._url, failure) from failure
