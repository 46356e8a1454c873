"""Filters of jobs, and pages of whatever is listed by age, as SQL."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, tuple_

from tirage.jobs.model import JobFilters, Order, Page
from tirage.stores.tables import jobs

Q = TypeVar("Q", bound=Select[*tuple[object, ...]])


def paged(query: Q, page: Page, at: ColumnElement[datetime], name: ColumnElement[str]) -> Q:
    """The part of a list by age that a page asks for: so many from an offset, or after a place."""
    newest_first = page.order is Order.DESC
    if page.after is not None:
        here, there = tuple_(at, name), tuple_(literal(page.after.at, at.type), literal(page.after.id))
        query = query.where(here < there if newest_first else here > there)
    ordered = query.order_by(*((at.desc(), name.desc()) if newest_first else (at, name)))
    return ordered.limit(page.limit).offset(page.offset)


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
    if filters.text:
        conditions.append(_contains(filters.text))
    return conditions


def _contains(text: str) -> ColumnElement[bool]:
    """Whatever the case; the order and its metadata as the JSON that is stored."""
    looked_at = (
        jobs.c.id,
        jobs.c.product_id,
        jobs.c.preset,
        jobs.c.error_message,
        cast(jobs.c.options, String),
        cast(jobs.c.metadata, String),
    )
    return or_(*(column.icontains(text, autoescape=True) for column in looked_at))
