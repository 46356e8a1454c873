"""Which variants a job's pictures show: the one that was ordered, or those of the fabric's colour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tirage.jobs.model import Job
from tirage.mockup.order import DEFAULT_COLOUR
from tirage.shops.model import Product, Variant

OPTIONS = "options"
"""The key of a variant's metadata for its options in the shop, by title."""
USUAL = frozenset({"color", "colour", "couleur", "farbe", "kleur", "colore", "kolor", "färg", "cor"})
"""What shops call the option that is a colour."""


def owners(product: Product, jobs: Sequence[Job], option: str = "") -> dict[str, frozenset[str]]:
    """For each of a product's media by key, the variants that it shows; none where that cannot be said.

    `option`: the title of the option that is a colour, where the shop has an unusual one.
    """
    by_id = {job.id: job for job in jobs}
    variants = {job.id: _variants_of(job, product.variants, option) for job in by_id.values()}
    return {medium.key: variants.get(str(medium.job_id), frozenset()) for medium in product.media}


def _variants_of(job: Job, variants: Sequence[Variant], option: str) -> frozenset[str]:
    if job.variant_id is not None:
        return frozenset(each.id for each in variants if each.id == job.variant_id)
    colour = _plain(str(job.options.get("fabric_color", DEFAULT_COLOUR)))
    return frozenset(each.id for each in variants if colour in _colours(each, option))


def _colours(variant: Variant, option: str) -> set[str]:
    options = variant.metadata.get(OPTIONS)
    given = options if isinstance(options, Mapping) else {}
    names = {option.casefold()} if option else USUAL
    return {_plain(str(value)) for title, value in given.items() if str(title).casefold() in names}


def _plain(name: str) -> str:
    """Without what differs between spellings of one colour: Heather Grey, heather-grey."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
