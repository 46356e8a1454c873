"""Batches for tests that need one which has ended: rows, without designs and renders."""

from __future__ import annotations

from collections.abc import Sequence

from jobsteps import made
from tirage.batches.model import Batch, BatchOrder
from tirage.batches.service import BATCH
from tirage.jobs.model import Artifact
from tirage.jobs.service import JobService
from tirage.mockup.catalogue import VIEWS
from tirage.stores.database import Database
from tirage.testing import FakeClock


def finished_batch(
    service: JobService,
    database: Database,
    clock: FakeClock,
    products: Sequence[str],
    *,
    replace: bool = False,
) -> Batch:
    """A batch with a completed job, six pictures each, for every product."""
    at = clock.now
    batch = Batch(
        id=service.new_id(),
        name="",
        total=len(products),
        apply_at_end=False,
        replace=replace,
        metadata={},
        created_at=at,
        updated_at=at,
        finished_at=at,
    )
    orders = []
    for place, product in enumerate(products):
        job = made(service, "rendering", product_id=product, variant_id=None, metadata={BATCH: batch.id})
        artifacts = [
            Artifact(role=view.name, key=f"media/products/x/renders/{job.id}/{view.name}.png", rank=rank)
            for rank, view in enumerate(VIEWS)
        ]
        service.set_status(job.id, "completed", {"artifacts": artifacts})
        orders.append(
            BatchOrder(
                batch_id=batch.id,
                place=place,
                job_id=job.id,
                product_id=product,
                fingerprint=service.new_id(),
            )
        )
    database.write(lambda unit: unit.batches.add(batch, orders))
    return batch
