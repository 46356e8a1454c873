"""Which of a plan's segments need no coding."""

from __future__ import annotations

from tirage.video.copying import may_copy, whole
from tirage.video.plan import Plan

__all__ = ["copied"]


def copied(plan: Plan) -> frozenset[str]:
    """The keys of segments that can be copied out of their files."""
    if not may_copy(plan.options):
        return frozenset()
    return frozenset(
        placed.key for placed in plan.segments if whole(placed.segment, spec=plan.spec, rate=plan.rate)
    )
