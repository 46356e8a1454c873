"""What runs by the clock: an explicit list, and of all workers one runs each at its time (C-20)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tirage.jobs.store import Store, Unit
from tirage.log import Logger

log = Logger("schedules")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One thing to do regularly."""

    name: str
    cron: str
    """Minute, hour, day, month, weekday, in UTC."""
    run: Callable[[], object]


class Schedules:
    """A broken one is logged and left out; the others, and the worker, go on."""

    def __init__(self, store: Store, schedules: Sequence[Schedule], *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._schedules = [schedule for schedule in schedules if _is_sound(schedule)]

    def tick(self) -> None:
        """Runs what is due; what was missed while no worker ran is made up for once."""
        for schedule in self._schedules:
            if self._store.write(partial(self._is_our_turn, schedule)):
                self._run(schedule)

    def _is_our_turn(self, schedule: Schedule, unit: Unit) -> bool:
        now = self._clock().astimezone(UTC)
        return unit.take_turn(schedule.name, due=partial(following, schedule.cron), now=now)

    def _run(self, schedule: Schedule) -> None:
        log.info("runs", schedule=schedule.name)
        try:
            schedule.run()
        except Exception:
            log.error("failed", schedule=schedule.name, exc_info=True)


def following(cron: str, after: datetime) -> datetime:
    """The first time of an expression after another time, in UTC.  ValueError: it is no cron expression."""
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(cron, after.astimezone(UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{cron!r} is no time that comes: {error}") from error


def _is_sound(schedule: Schedule) -> bool:
    try:
        following(schedule.cron, datetime(2026, 1, 1, tzinfo=UTC))
    except ValueError as error:
        log.warning("left out", schedule=schedule.name, message=str(error))
        return False
    return True
