"""Checks of products and variants from outside: each yields its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from tirage.errors import Finding, Severity
from tirage.jobs.checks import json_object, key
from tirage.shops.model import NewProduct, NewVariant
from tirage.shops.store import Shelf

TITLE_LENGTH = 200


def title(where: str, text: object) -> Iterable[Finding]:
    """Something to read, on one line."""
    if not isinstance(text, str) or not text.strip():
        yield _finding(where, "A title is missing.")
    elif len(text) > TITLE_LENGTH or not text.isprintable():
        yield _finding(where, f"A title has at most {TITLE_LENGTH} characters, all printable.")


def variant(new: NewVariant) -> Iterable[Finding]:
    """Everything that is wrong with a variant to be."""
    yield from title("title", new.title)
    yield from key("id", new.id)
    yield from json_object("metadata", new.metadata)


def product(new: NewProduct) -> Iterable[Finding]:
    """Everything that is wrong with a product to be, and with its variants."""
    yield from title("title", new.title)
    yield from key("id", new.id)
    yield from json_object("metadata", new.metadata)
    for place, each in enumerate(new.variants):
        yield from _under(f"variants[{place}]", variant(each))


def products(new: Sequence[NewProduct]) -> Iterable[Finding]:
    """Of many: `where` begins with the place of each; ids that occur twice are findings too."""
    for place, each in enumerate(new):
        yield from product(each) if len(new) == 1 else _under(f"[{place}]", product(each))
    given = [("product", each.id) for each in new if each.id]
    given += [("variant", every.id) for each in new for every in each.variants if every.id]
    for (kind, name), count in Counter(given).items():
        if count > 1:
            yield _finding("id", f"The {kind} {name[:60]!r} is given {count} times.")


def taken(shelf: Shelf, new: Sequence[NewProduct]) -> Iterable[Finding]:
    """Ids that are in use already."""
    variant_ids = [every.id for each in new for every in each.variants if every.id]
    found = shelf.known([each.id for each in new if each.id], variant_ids)
    for kind, names in zip(("product", "variant"), found, strict=True):
        yield from _taken(kind, names)


def _taken(kind: str, names: Collection[str]) -> Iterable[Finding]:
    for name in sorted(names):
        yield _finding("id", f"There is a {kind} {name!r} already.")


def _under(place: str, findings: Iterable[Finding]) -> Iterable[Finding]:
    for found in findings:
        yield replace(found, where=f"{place}.{found.where}")


def _finding(where: str, text: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, text, where=where)
