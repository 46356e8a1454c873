"""Orders of stored designs become jobs to be: everything is checked, each product, template and colour once
however many orders name it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, cast

from tirage import __version__
from tirage.batches.model import Order, StoredDesign
from tirage.errors import BadInput, Finding, NotFound, Severity, TirageError
from tirage.jobs import checks
from tirage.jobs.model import JsonObject, JsonValue, NewJob
from tirage.mockup.catalogue import preset
from tirage.mockup.description import Description
from tirage.mockup.free import PLACEMENTS
from tirage.mockup.resolution import resolution_finding
from tirage.mockup.states import MOCKUP
from tirage.mockup.submit import NAME, Products, colour_findings, order_findings

T = TypeVar("T")
DESIGN = "design_id"
STORED = "design_file_url"


class Templates(Protocol):
    """What is on offer."""

    def choose(self, template_id: str | None, preset: str | None) -> str:
        """The id of the template for an order.  NotFound, BadInput."""
        ...

    def description(self, template_id: str) -> Description | None:
        """What its package says; None when this machine has not got it."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A checked order."""

    job: NewJob
    fingerprint: str
    """Equal for orders whose pictures come out the same, for the same product."""
    finding: Finding | None = None
    """What will disappoint about its print, as far as that is known before the design is decoded."""


@dataclass(slots=True)
class Checker:
    """Checks the orders of one request; what many of them name is asked once."""

    designs: Mapping[str, StoredDesign]
    products: Products
    templates: Templates
    _asked: dict[tuple[str, ...], str | TirageError] = field(default_factory=dict)

    def ready(self, orders: Sequence[Order]) -> list[Ready]:
        """In their order.

        BadInput or NotFound with all findings of all orders, each with its place; as `Submissions.submit`.
        """
        findings: list[Finding] = []
        made: list[Ready] = []
        for place, order in enumerate(orders):
            faults: list[Finding] = []
            checked = self._checked(order, faults)
            prefix = f"orders[{place}]." if len(orders) > 1 else ""
            findings += (replace(found, where=prefix + found.where) for found in faults)
            if checked and not faults:
                made.append(checked)
        if findings:
            raise _refused(findings)
        return made

    def _checked(self, order: Order, faults: list[Finding]) -> Ready | None:
        design = self.designs.get(order.design_id or "")
        new = _new_job(order, self.designs)
        faults += (_renamed(found) for found in order_findings(new))
        for name in dict.fromkeys(designs_of(order)):
            if name not in self.designs:
                message = f"There is no design {name[:60]!r}."
                faults.append(Finding("NOT_FOUND", Severity.ERROR, message, "Upload it first.", DESIGN))
        if faults or design is None:
            return None
        product, variant = str(new.product_id), new.variant_id or ""
        self._once(("product", product, variant), lambda: self._product(product, new.variant_id), faults)
        wanted = ("template", new.template_id or "", str(new.preset))
        template = self._once(wanted, lambda: self.templates.choose(new.template_id, new.preset), faults)
        if template is None:
            return None
        description = self.templates.description(template)
        faults += colour_findings(new.options, description.colours if description else {})
        new = replace(new, template_id=template)
        return Ready(new, _fingerprint(new, design, description), _print_finding(new, design, description))

    def _product(self, product_id: str, variant_id: str | None) -> str:
        self.products.require(product_id, variant_id)
        return product_id

    def _once(self, name: tuple[str, ...], ask: Callable[[], str], faults: list[Finding]) -> str | None:
        """What is asked, remembered, its error too."""
        if name not in self._asked:
            try:
                self._asked[name] = ask()
            except BadInput as error:
                self._asked[name] = error
        found = self._asked[name]
        if isinstance(found, TirageError):
            faults.append(
                Finding(found.code, Severity.ERROR, found.message, found.hint, WHERE.get(found.code, name[0]))
            )
            return None
        return found


def _print_finding(new: NewJob, design: StoredDesign, description: Description | None) -> Finding | None:
    """LOW_RESOLUTION of a design in a preset; free places are judged when they are rendered."""
    rule = description.presets.get(preset(new.preset)) if description and new.preset else None
    if rule is None:
        return None
    wide = min(rule.width, rule.max_height * design.width / design.height)
    name = f"{design.name or design.id} in {new.preset}"
    return resolution_finding(name, pixels=design.width, width_cm=wide, where=design.id)


WHERE = {
    "PRODUCT_NOT_FOUND": "product_id",
    "VARIANT_NOT_FOUND": "variant_id",
    "INVALID_PRESET": "preset",
    "TEMPLATE_NOT_FOUND": "template_id",
    "TEMPLATE_INACTIVE": "template_id",
}
"""Fields that errors are about."""
MISSING = frozenset({"NOT_FOUND", "PRODUCT_NOT_FOUND", "VARIANT_NOT_FOUND", "TEMPLATE_NOT_FOUND"})


def _new_job(order: Order, designs: Mapping[str, StoredDesign]) -> NewJob:
    design = designs.get(order.design_id or "")
    metadata = order.metadata if order.metadata is not None else {}
    if isinstance(metadata, Mapping) and design:
        metadata = {**metadata, NAME: design.name}
    return NewJob(
        pipeline=MOCKUP.pipeline,
        product_id=order.product_id,
        variant_id=order.variant_id,
        design_file_url=design.key if design else order.design_id and "uploads/designs/unknown",
        preset=order.preset,
        template_id=order.template_id,
        options=_with_keys(order.options, designs),
        metadata=cast("JsonObject", metadata),
        priority=order.priority,
    )


def designs_of(order: Order) -> list[str]:
    """The ids of the stored designs that an order names."""
    places = order.options.get(PLACEMENTS)
    named = (
        [each.get(DESIGN) for each in places if isinstance(each, Mapping)] if isinstance(places, list) else []
    )
    return [name for name in (order.design_id, *named) if isinstance(name, str) and name]


def _with_keys(
    options: Mapping[str, JsonValue], designs: Mapping[str, StoredDesign]
) -> Mapping[str, JsonValue]:
    """The places with their designs' files instead of the designs' ids, as jobs have them."""
    places = options.get(PLACEMENTS)
    if not isinstance(places, list):
        return options
    return {**options, PLACEMENTS: [_with_key(each, designs) for each in places]}


def _with_key(place: JsonValue, designs: Mapping[str, StoredDesign]) -> JsonValue:
    if not isinstance(place, Mapping) or not isinstance(place.get(DESIGN), str):
        return place
    found = designs.get(str(place[DESIGN]))
    rest = {name: value for name, value in place.items() if name != DESIGN}
    return {**rest, STORED: found.key} if found else rest  # which is told of


def _renamed(found: Finding) -> Finding:
    """In the words of who ordered: a stored design is named by its id."""
    if found.where != STORED:
        return found
    return replace(found, where=DESIGN, message=found.message.replace(STORED, DESIGN))


def _fingerprint(new: NewJob, design: StoredDesign, description: Description | None) -> str:
    """Everything that pictures depend on, and whose they are."""
    depends = {
        "tirage": __version__,
        "design": design.sha256,
        "product": new.product_id,
        "variant": new.variant_id,
        "template": description.content_sha256 if description else new.template_id,
        "preset": new.preset,
        "options": dict(new.options),
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


def _refused(findings: Iterable[Finding]) -> BadInput:
    """NotFound when all that is wrong is that something is not there."""
    found = tuple(findings)
    error = checks.rejected(found)
    if {each.code for each in found} <= MISSING and error.code in MISSING:
        return NotFound(error.code, error.message, hint=error.hint, findings=found)
    return error
