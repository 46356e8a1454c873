"""What to write so that a shop shows ours and leaves the rest alone: plain functions, no shop is asked.
Pictures are told apart by their addresses: one that stands in `posted` is ours, every other one is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tirage.jobs.model import JsonObject
from tirage.mockup.ports import IMAGE
from tirage.shops.connected import Change, Image, Link, Posted, Shown
from tirage.shops.model import Medium

NOTED = "media"
"""The key, in what we note with a product, of the list of our media."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a product shall show of ours, in order, and what its shop knows of ours already."""

    media: tuple[Medium, ...]
    thumbnail: str | None
    """The key of one of them."""
    posted: Mapping[str, Posted]
    """By key: those of `media`, and those that go."""

    @property
    def urls(self) -> dict[str, Posted]:
        """Everything that is ours, by address."""
        return {each.url: each for each in self.posted.values()}

    @property
    def pictures(self) -> list[Posted]:
        """What the list of pictures shall have of ours, in order."""
        return [self.posted[each.key] for each in self.media if each.media_type == IMAGE]


def without_taken(wanted: Wanted, shown: Shown) -> Wanted:
    """Without what was seen in the shop once and is not there any more: somebody there took it away."""
    there = {image.url for image in shown.images}

    def taken(medium: Medium) -> bool:
        posted = wanted.posted[medium.key]
        return medium.media_type == IMAGE and posted.settled and posted.url not in there

    media = tuple(each for each in wanted.media if not taken(each))
    thumbnail = wanted.thumbnail if wanted.thumbnail in {each.key for each in media} else None
    return replace(wanted, media=media, thumbnail=thumbnail)


def change(wanted: Wanted, shown: Shown, link: Link) -> Change:
    """What to write; nothing when the shop shows what it shall."""
    images = arranged(wanted, shown.images)
    thumbnail = _thumbnail(wanted, shown, link)
    about = _about(wanted)
    return Change(
        images=None if images == shown.images else images,
        thumbnail=None if thumbnail == shown.thumbnail else (thumbnail,),
        about=None if about == shown.about else (about,),
    )


def arranged(wanted: Wanted, images: Sequence[Image]) -> tuple[Image, ...]:
    """The pictures of others in their order, and ours in the gaps where they are, were, or at the end."""
    ours = wanted.urls
    others = [image for image in images if image.url not in ours]
    there = _first_places(images, ours)
    places = {image.url: place for place, image in enumerate(others, start=1)}
    gaps = sorted(_gap(each, there, places) for each in wanted.pictures)
    found = {image.url: image for image in reversed(images)}
    list_: list[Image] = []
    mine = list(zip(gaps, wanted.pictures, strict=True))
    for gap in range(len(others) + 1):
        list_ += others[gap - 1 : gap] if gap else []
        list_ += [found.get(each.url, Image("", each.url)) for at, each in mine if at == gap]
    return tuple(list_)


def seen(wanted: Wanted, shown: Shown) -> list[Posted]:
    """What is to be remembered of what the shop shows: ids, places, that it was there."""
    ours = wanted.urls
    before: dict[str, str] = {}
    last = ""
    for image in shown.images:
        if image.url in ours:
            before.setdefault(image.url, last)
        else:
            last = image.url
    ids = {image.url: image.id for image in reversed(shown.images)}
    return [
        replace(each, image_id=ids[each.url], anchor=before[each.url])
        for each in wanted.pictures
        if each.url in ids
    ]


def _first_places(images: Sequence[Image], ours: Mapping[str, Posted]) -> dict[str, int]:
    """For each picture of ours that is there, how many of others come before it."""
    places: dict[str, int] = {}
    others = 0
    for image in images:
        if image.url in ours:
            places.setdefault(image.url, others)
        else:
            others += 1
    return places


def _gap(posted: Posted, there: Mapping[str, int], others: Mapping[str, int]) -> int:
    """After how many pictures of others it comes."""
    if posted.url in there:
        return there[posted.url]
    if posted.anchor == "":
        return 0
    return others.get(posted.anchor or "", len(others))


def _thumbnail(wanted: Wanted, shown: Shown, link: Link) -> str | None:
    """Ours when that is new or ours is there; what somebody in the shop chose since stays."""
    theirs = shown.thumbnail is not None and shown.thumbnail not in wanted.urls
    if wanted.thumbnail is not None:
        new = wanted.thumbnail != link.thumbnail_key
        return shown.thumbnail if theirs and not new else wanted.posted[wanted.thumbnail].url
    if theirs or not link.remembers or (shown.thumbnail is None and link.thumbnail_key is None):
        return shown.thumbnail
    return link.thumbnail_before


def _about(wanted: Wanted) -> JsonObject | None:
    """What is noted of our media: the addresses with their metadata, films among them."""
    if not wanted.media:
        return None
    return {
        NOTED: [
            {"url": wanted.posted[each.key].url, **each.metadata, "role": each.role} for each in wanted.media
        ]
    }


def assignments(
    wanted: Wanted, shown: Shown, owners: Mapping[str, frozenset[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """For each variant whose own pictures change: ids that come, ids that go.  Only ours are looked at.

    `owners`: for each key the variants that its picture belongs to.
    """
    ids = {image.url: image.id for image in reversed(shown.images)}
    own = {each.key: ids[each.url] for each in wanted.pictures if each.url in ids}
    changes = {}
    for variant in sorted(shown.variants.keys() | {name for key in own for name in owners.get(key, ())}):
        has = shown.variants.get(variant, frozenset())
        shall = [image for key, image in own.items() if variant in owners.get(key, ())]
        add = [image for image in shall if image not in has]
        remove = [image for image in own.values() if image in has and image not in shall]
        if add or remove:
            changes[variant] = (add, remove)
    return changes
