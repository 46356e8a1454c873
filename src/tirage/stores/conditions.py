"""Filters of jobs as SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func

from tirage.jobs.model import JobFilters
from tirage.stores.tables import jobs


def conditions_of(filters: JobFilters) -> list[ColumnElement[bool]]:
    """What all jobs that the filters let through fulfil."""
    conditions: list[ColumnElement[bool]] = []
    if not filters.include_deleted:
        conditions.append(jobs.c.deleted_at.is_(None))
    if filters.product_id is not None:
        conditions.append(jobs.c.product_id == filters.product_id)
    if filters.pipeline is not None:
        conditions.append(jobs.c.pipeline == filters.pipeline)
    if filters.statuses is not None:
        conditions.append(jobs.c.status.in_(filters.statuses))
    if filters.order_key is not None:
        conditions.append(jobs.c.order_key == filters.order_key)
    if filters.created_since is not None:
        conditions.append(jobs.c.created_at >= filters.created_since)
    if filters.ended_before is not None:
        conditions.append(func.coalesce(jobs.c.completed_at, jobs.c.updated_at) < filters.ended_before)
    return conditions
