"""Connected shops in one transaction: shops, links, what shops know of our media, whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select, update

from tirage.shops.connected import Link, Posted, Shop
from tirage.stores.shop_tables import shop_links, shop_media, shops

ID_CHUNK = 500
"""Parameters of one IN list."""
BEHIND = shop_links.c.revision != shop_links.c.pushed


class SqlShops:
    """The questions and changes of one transaction; `writing` locks the links that are read."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    def shops(self) -> list[Shop]:
        """By name."""
        found = self._connection.execute(select(shops).order_by(shops.c.name)).mappings()
        return [Shop(**row) for row in found]

    def shop(self, name: str) -> Shop | None:
        """The shop of that name."""
        found = self._connection.execute(select(shops).where(shops.c.name == name)).mappings()
        return next((Shop(**row) for row in found), None)

    def put_shop(self, shop: Shop) -> None:
        """A new row, or the same name's again."""
        changed = update(shops).where(shops.c.name == shop.name).values(asdict(shop))
        if self._connection.execute(changed).rowcount == 0:
            self._connection.execute(insert(shops).values(asdict(shop)))

    def delete_shop(self, name: str) -> None:
        """What belongs to it goes with it."""
        self._connection.execute(delete(shops).where(shops.c.name == name))

    def link(self, product_id: str) -> Link | None:
        """A product's."""
        query = select(shop_links).where(shop_links.c.product_id == product_id)
        if self._writing:
            query = query.with_for_update()
        return next((Link(**row) for row in self._connection.execute(query).mappings()), None)

    def links(self, product_ids: Sequence[str]) -> dict[str, Link]:
        """By product."""
        return {
            row["product_id"]: Link(**row)
            for start in range(0, len(product_ids), ID_CHUNK)
            for row in self._connection.execute(
                select(shop_links).where(shop_links.c.product_id.in_(product_ids[start : start + ID_CHUNK]))
            ).mappings()
        }

    def linked(self, shop: str) -> dict[str, Link]:
        """By the id in the shop."""
        query = select(shop_links).where(shop_links.c.shop == shop)
        return {row["external_id"]: Link(**row) for row in self._connection.execute(query).mappings()}

    def add_links(self, links: Sequence[Link]) -> None:
        """New rows."""
        if links:
            self._connection.execute(insert(shop_links), [asdict(each) for each in links])

    def save_link(self, link: Link) -> None:
        """What may change."""
        values = {name: value for name, value in asdict(link).items() if name != "revision"}
        own = shop_links.c.product_id == link.product_id
        self._connection.execute(update(shop_links).where(own).values(values))

    def touch(self, product_id: str) -> None:
        """A change of what it shall show."""
        touch(self._connection, [product_id])

    def hurry(self, shop: str) -> None:
        """Nothing of a shop waits on."""
        waits = (shop_links.c.shop == shop, shop_links.c.not_before.is_not(None))
        change = update(shop_links).where(*waits).values(not_before=None, attempts=0)
        self._connection.execute(change)

    def due(self, at: datetime, *, limit: int) -> list[str]:
        """Those that wait before those that are only looked at again."""
        ready = or_(shop_links.c.not_before.is_(None), shop_links.c.not_before <= at)
        query = (
            select(shop_links.c.product_id)
            .where(or_(and_(BEHIND, ready), and_(shop_links.c.check_at <= at, ready)))
            .order_by(case((BEHIND, 0), else_=1), shop_links.c.not_before, shop_links.c.product_id)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def tally(self) -> Mapping[str, tuple[int, int, int]]:
        """By shop: products, those that wait, those that could not be told."""
        behind = func.sum(case((BEHIND, 1), else_=0))
        failing = func.sum(case((shop_links.c.problem.is_not(None), 1), else_=0))
        query = select(shop_links.c.shop, func.count(), behind, failing).group_by(shop_links.c.shop)
        return {name: (count, int(b), int(f)) for name, count, b, f in self._connection.execute(query)}

    def posted(self, product_id: str) -> list[Posted]:
        """By key."""
        query = select(shop_media).where(shop_media.c.product_id == product_id).order_by(shop_media.c.key)
        return [Posted(**row) for row in self._connection.execute(query).mappings()]

    def put_posted(self, posted: Sequence[Posted]) -> None:
        """New rows, or the same product's and key's again."""
        for product_id in dict.fromkeys(each.product_id for each in posted):
            self.delete_posted(product_id, [each.key for each in posted if each.product_id == product_id])
        if posted:
            self._connection.execute(insert(shop_media), [asdict(each) for each in posted])

    def delete_posted(self, product_id: str, keys: Sequence[str]) -> None:
        """Removes rows."""
        for start in range(0, len(keys), ID_CHUNK):
            these = shop_media.c.key.in_(keys[start : start + ID_CHUNK])
            self._connection.execute(delete(shop_media).where(shop_media.c.product_id == product_id, these))


def touch(connection: Connection, product_ids: Iterable[str]) -> None:
    """Counts up the revision of those products that a shop sells: it is told at once."""
    names = sorted({*product_ids})
    for start in range(0, len(names), ID_CHUNK):
        these = shop_links.c.product_id.in_(names[start : start + ID_CHUNK])
        values = {"revision": shop_links.c.revision + 1, "attempts": 0, "not_before": None}
        connection.execute(update(shop_links).where(these).values(values))
