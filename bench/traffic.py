"""A year of a large shop's orders, made by chance: what comes when, and how long each takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from tirage.jobs.model import NewJob

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of order."""

    name: str
    priority: int
    seconds: float
    """Half of them take longer."""
    spread: float
    """Of the logarithm of their times."""
    renderer: str = "relight"

    def order(self) -> NewJob:
        """What is submitted."""
        return NewJob(
            pipeline="mockup",
            product_id="prod_1",
            design_file_url="uploads/designs/d/design.png",
            preset="chest-medium",
            options={"renderer": self.renderer},
            metadata={"kind": self.name},
            priority=self.priority,
        )

    def takes(self, chance: Random) -> float:
        """Seconds of one of them."""
        return self.seconds * math.exp(self.spread * chance.gauss(0, 1))


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("order", 0, 4.0, 0.35),
            Kind("catalogue", 5, 2.5, 0.35),
            Kind("path-traced", 0, 420.0, 0.5, renderer="cycles"),
        )
    }
)
"""A customer's order with its turntable, one of a catalogue's, one in Blender: on two cores each."""

HOURS = (1, 1, 1, 1, 1, 2, 4, 6, 8, 10, 11, 11, 10, 10, 10, 10, 10, 11, 13, 15, 15, 12, 7, 3)
"""How much is ordered in each hour of a day, as a share of their sum."""
WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 1.1, 1.0, 1.0)
MONTHS = (0.7, 0.7, 0.8, 0.8, 0.9, 0.9, 0.8, 0.8, 1.0, 1.2, 2.2, 2.6)
FLASH_DAYS = (329, 332, 350)
"""Days of a sale, on which five times as much is ordered."""
FLASH = 5.0
SEASONS = (45, 136, 227, 300)
"""Days on which the whole catalogue is made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """How large it is."""

    orders_a_day: float = 160.0
    path_traced_a_day: float = 6.0
    new_a_week: int = 300
    """Pictures of what is new, each Monday at 9."""
    catalogue: int = 3000


def arrivals(
    shop: Shop, chance: Random, *, begin: float = 0.0, end: float = YEAR
) -> Iterator[tuple[float, Kind, int]]:
    """Seconds since the year's first, what comes then, and how many at once; by time."""
    hour = begin
    while hour < end:
        yield from sorted(_hour(shop, chance, hour), key=lambda each: each[0])
        hour += HOUR


def _hour(shop: Shop, chance: Random, hour: float) -> Iterator[tuple[float, Kind, int]]:
    day, clock = int(hour // DAY), int(hour % DAY // HOUR)
    rate = _rate(day) * HOURS[clock] / sum(HOURS)
    for name, a_day in (("order", shop.orders_a_day), ("path-traced", shop.path_traced_a_day)):
        for _ in range(_poisson(a_day * rate, chance)):
            yield hour + chance.uniform(0, HOUR), KINDS[name], 1
    if clock == 9 and day % 7 == 0:
        yield hour, KINDS["catalogue"], shop.new_a_week
    if clock == 9 and day in SEASONS:
        yield hour, KINDS["catalogue"], shop.catalogue


def _rate(day: int) -> float:
    month = MONTHS[min(day * 12 // 365, 11)]
    return month * WEEKDAYS[day % 7] * (FLASH if day in FLASH_DAYS else 1.0)


def _poisson(mean: float, chance: Random) -> int:
    """How many events of that mean number happen."""
    count, left = 0, math.exp(-min(mean, 700.0))
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count
