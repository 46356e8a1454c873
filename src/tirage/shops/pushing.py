"""Shops are told what the catalogue shows.  Nothing is ordered to be added or removed: what a shop shows is
read, what it shall show is worked out, and the difference is written, so that doing it again does nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from tirage.errors import NotFound, TirageError, TryAgain
from tirage.jobs.model import Job
from tirage.log import Logger
from tirage.mockup.ports import Media, Publisher, Receipt
from tirage.shops.colours import owners
from tirage.shops.connected import Change, Link, Posted, Shop, Shown
from tirage.shops.model import Product
from tirage.shops.plan import Wanted, assignments, change, seen, without_taken
from tirage.shops.ports import Files, Held, Locks, Storefront
from tirage.shops.rows import ShopStore, ShopUnit

WRITES = 3
"""How often a list is written before others are let finish with it."""
CHECK_AFTER = timedelta(seconds=10)
"""When a product is looked at once more: who read the old list before may write it after us."""
AT_ONCE = 4
"""Products that are told of side by side."""
PATIENCE = 20.0
"""Seconds that a job waits for another one of the same product."""
WAITS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0)
"""Seconds before a shop is told again, after 1, 2 … failures."""
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".mp4": "video/mp4"}
log = Logger("shops")


@dataclass(frozen=True, slots=True)
class _Task:
    """Everything that is known here of one product in its shop."""

    link: Link
    shop: Shop
    product: Product
    jobs: Sequence[Job]
    wanted: Wanted


class Pushing:
    """Tells shops; may be used from several threads, and by several processes of one database."""

    def __init__(
        self,
        store: ShopStore,
        *,
        storefront: Callable[[Shop], Storefront],
        locks: Locks,
        files: Files,
        address: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        """`address`: of a stored file, for shops that are told our addresses."""
        self._store = store
        self._storefront = storefront
        self._locks = locks
        self._files = files
        self._address = address
        self._clock = clock

    def push(self, product_id: str, *, patience: float = PATIENCE) -> bool:
        """Makes a product's shop show what the catalogue does; False: it is in no shop.

        TryAgain SHOP_UNAVAILABLE, STORE_UNAVAILABLE; BadInput SHOP_REFUSED; NotFound PRODUCT_NOT_FOUND.
        """
        link = self._store.read(lambda unit: unit.shops.link(product_id))
        if link is None:
            return False
        with self._locks.hold(f"{link.shop}/{link.external_id}", seconds=patience) as held:
            try:
                return self._push(product_id, held)
            except TirageError as error:
                self._failed(product_id, error)
                raise

    def push_due(self, *, limit: int = 20) -> int:
        """Tells shops of at most so many products whose time has come; of how many it could."""
        due = self._store.read(lambda unit: unit.shops.due(self._now(), limit=limit))
        if not due:
            return 0
        with ThreadPoolExecutor(min(AT_ONCE, len(due)), thread_name_prefix="shop") as pool:
            return sum(pool.map(self._told, due))

    def _told(self, product_id: str) -> bool:
        try:
            return self.push(product_id, patience=0)
        except TirageError as error:
            log.warning("not told", product=product_id, code=error.code, message=error.message)
            return False

    def _push(self, product_id: str, held: Held) -> bool:
        task = self._store.read(lambda unit: _task(unit, product_id))
        if task is None:
            return False
        front, name = self._storefront(task.shop), task.link.external_id
        wanted = replace(task.wanted, posted=self._posted(task, front))
        link, shown, written = task.link, front.shown(name), 0
        while diff := change(now := without_taken(wanted, shown), shown, link):
            if written == WRITES:
                raise TryAgain(
                    "SHOP_UNAVAILABLE", "Somebody else changes this product all the time.", after=5
                )
            remembered = _remembering(link, now, shown, diff)
            if remembered != link:  # first on our disk; then the list is read anew, to be as fresh as can be
                link = self._save(remembered)
            else:
                held.check()
                front.show(name, diff)
                written += 1
            shown = front.shown(name)
        _assign(task, front, held, now, shown)
        at = self._now()
        checked = not written and (link.check_at is None or link.check_at <= at)
        gone = self._discarded(wanted, front) if checked else []
        if written:
            link = replace(link, check_at=at + CHECK_AFTER)
        elif checked:
            link = replace(link, check_at=None)
        self._done(task, link, now, shown, gone=gone, checked=checked)
        return True

    def _posted(self, task: _Task, front: Storefront) -> dict[str, Posted]:
        """What the shop knows or will know of our files: copies are made, and written down one by one."""
        posted = dict(task.wanted.posted)
        for medium in task.wanted.media:
            before = posted.get(medium.key)
            if before is not None and not before.discard:
                continue
            if before is not None and before.file_id is not None:
                front.discard(before.file_id)  # half taken back: whether its copy is still there is not known
            made = Posted(
                product_id=task.product.id,
                key=medium.key,
                job_id=medium.job_id,
                url=self._address(medium.key),
            )
            if task.shop.copies:
                path = PurePosixPath(medium.key)
                name = f"{medium.job_id}-{path.name}"
                copy = front.upload(name, self._files.read(medium.key), media_type=TYPES[path.suffix])
                made = replace(made, url=copy.url, file_id=copy.file_id)
            posted[medium.key] = made
            self._store.write(lambda unit, made=made: unit.shops.put_posted([made]))  # type: ignore[misc]
        return posted

    def _discarded(self, wanted: Wanted, front: Storefront) -> list[str]:
        """Keys of files that are no longer needed there, once their copies are deleted.

        Until the shop was seen without them they stay known: who writes an old list brings them back.
        """
        shown = {medium.key for medium in wanted.media}
        gone = [each for each in wanted.posted.values() if each.discard and each.key not in shown]
        for each in gone:
            if each.file_id is not None:
                front.discard(each.file_id)
        return [each.key for each in gone]

    def _save(self, link: Link) -> Link:
        self._store.write(lambda unit: unit.shops.save_link(link))
        return link

    def _done(
        self, task: _Task, link: Link, wanted: Wanted, shown: Shown, *, gone: Sequence[str], checked: bool
    ) -> None:
        """Writes down what was seen, and that this revision is shown."""
        now_seen = {each.key: replace(each, settled=each.settled or checked) for each in seen(wanted, shown)}
        kept = {medium.key for medium in task.wanted.media}
        left = (
            replace(each, settled=False)
            for each in wanted.posted.values()
            if each.key not in kept and each.key not in gone
        )
        changed = [each for each in (*now_seen.values(), *left) if each != task.wanted.posted.get(each.key)]
        done = replace(
            link,
            pushed=task.link.revision,
            attempts=0,
            not_before=None,
            problem=None,
            thumbnail_key=wanted.thumbnail,
            remembers=link.remembers and (bool(wanted.media) or not checked),
        )

        def write(unit: ShopUnit) -> None:
            unit.shops.put_posted(changed)
            unit.shops.delete_posted(link.product_id, gone)
            unit.shops.save_link(done)

        if changed or gone or done != task.link:
            self._store.write(write)
        log.info("told", product=link.product_id, shop=link.shop, checked=checked)

    def _failed(self, product_id: str, error: TirageError) -> None:
        """Remembers when to try again; a store that is away remembers nothing."""
        if error.code == "STORE_UNAVAILABLE":
            return
        at = self._now()

        def write(unit: ShopUnit) -> None:
            link = unit.shops.link(product_id)
            if link is not None:
                wait = WAITS[min(link.attempts, len(WAITS) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311
                wait = max(wait, error.after if isinstance(error, TryAgain) else 0.0)
                unit.shops.save_link(
                    replace(
                        link,
                        attempts=link.attempts + 1,
                        not_before=at + timedelta(seconds=wait),
                        problem=error.message,
                    )
                )

        self._store.write(write)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


class Showing:
    """The `Publisher` of products with and without a shop: the catalogue first, then the shop."""

    def __init__(self, store: ShopStore, *, catalogue: Publisher, pushing: Pushing) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pushing = pushing

    def publish(self, *, product_id: str, job_id: str, media: Sequence[Media]) -> Receipt:
        """As the catalogue does, and in the shop before it returns; errors of `Pushing.push` as well."""
        receipt = self._catalogue.publish(product_id=product_id, job_id=job_id, media=media)
        self._pushing.push(product_id)
        return receipt

    def withdraw(self, *, product_id: str, job_id: str) -> None:
        """As the catalogue does; the shop's copies of the job's files go too."""
        self._catalogue.withdraw(product_id=product_id, job_id=job_id)
        self._store.write(lambda unit: _discard(unit, product_id, job_id))
        self._pushing.push(product_id)


def _assign(task: _Task, front: Storefront, held: Held, wanted: Wanted, shown: Shown) -> None:
    """Variants get their pictures; one that went meanwhile is left to the next look."""
    name = task.link.external_id
    belongs = owners(task.product, task.jobs, task.shop.colour_option)
    for variant, (add, remove) in assignments(wanted, shown, belongs).items():
        held.check()
        try:
            front.assign(name, variant, add=add, remove=remove)
        except NotFound as error:
            log.warning("not assigned", product=name, variant=variant, message=error.message)


def _discard(unit: ShopUnit, product_id: str, job_id: str) -> None:
    if unit.shops.link(product_id) is None:
        return
    of_job = [each for each in unit.shops.posted(product_id) if each.job_id == job_id]
    if of_job:
        unit.shops.put_posted([replace(each, discard=True) for each in of_job])
        unit.shops.touch(product_id)


def _task(unit: ShopUnit, product_id: str) -> _Task | None:
    link, product = unit.shops.link(product_id), unit.shelf.product(product_id)
    shop = unit.shops.shop(link.shop) if link else None
    if link is None or shop is None or product is None:
        return None
    posted = {each.key: each for each in unit.shops.posted(product_id)}
    jobs = unit.jobs_of(sorted({str(medium.job_id) for medium in product.media}))
    return _Task(link, shop, product, jobs, Wanted(product.media, product.thumbnail, posted))


def _remembering(link: Link, wanted: Wanted, shown: Shown, diff: Change) -> Link:
    """With the shop's own thumbnail, if ours is about to take its place."""
    if diff.thumbnail is None and link.remembers:
        return link
    ours = shown.thumbnail in wanted.urls
    if link.remembers and (ours or wanted.thumbnail is None):
        return link
    return replace(link, remembers=True, thumbnail_before=None if ours else shown.thumbnail)
