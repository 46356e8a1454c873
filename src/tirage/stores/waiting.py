"""Which jobs may start next, as a question.  Workers ask it ten times a second, and making it costs more than
asking: it is made once for each set of queues.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Integer, Select, bindparam, select, union_all

from tirage.stores.tables import jobs, queues

SPARE = 16
"""Candidates beyond those asked for: others may be taking the first ones at this moment."""
KEPT = 64
"""Questions that are kept: a process asks for few sets of queues."""


@lru_cache(KEPT)
def waiting_jobs(
    asked: tuple[str, ...], statuses: tuple[str, ...], *, locking: bool
) -> Select[*tuple[object, ...]]:
    """Rows of at most `limit` jobs in these queues and statuses that may start `now`, by priority, then age.

    The first `candidates` of each queue and status by the index, then the first of those.  `locking`: they
    are this transaction's until it ends, and those that are another's are left out.
    """
    order = (jobs.c.priority, jobs.c.created_at, jobs.c.id)
    ready = (
        jobs.c.deleted_at.is_(None),
        jobs.c.worker.is_(None),
        jobs.c.not_before.is_(None) | (jobs.c.not_before <= bindparam("now")),
        jobs.c.queue.not_in(select(queues.c.name).where(queues.c.paused)),
    )
    firsts = (
        select(jobs.c.id)
        .where(jobs.c.queue == queue, jobs.c.status == status, *ready)
        .order_by(*order)
        .limit(bindparam("candidates", type_=Integer))
        .subquery()
        for queue in asked
        for status in statuses
    )
    ids = union_all(*(select(each.c.id) for each in firsts))
    query = select(jobs).where(jobs.c.id.in_(ids), *ready)
    if locking:
        query = query.with_for_update(skip_locked=True)
    return query.order_by(*order).limit(bindparam("limit", type_=Integer))
