"""The templates that can be ordered: rows beside the packages, so that an operator can take one off offer
(R195, R240).  A package that is new on this machine gets its row when the program opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from tirage.errors import BadInput, NotFound
from tirage.jobs.checks import KEY
from tirage.jobs.model import JsonObject
from tirage.mockup import template as packages
from tirage.mockup.description import Description

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTemplate:
    """One row; `template_image`, `model_file` and `thumbnail` are names within the package."""

    id: str
    name: str
    template_image: str | None = packages.DETAIL
    model_file: str | None = packages.MESH
    available_presets: Sequence[str]
    thumbnail: str | None = packages.THUMBNAIL
    is_active: bool = True
    metadata: JsonObject = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


class TemplateRows(Protocol):
    """The rows in one transaction."""

    def find(self, template_id: str) -> OfferedTemplate | None:
        """The row of that id."""
        ...

    def all(self) -> list[OfferedTemplate]:
        """By id."""
        ...

    def put(self, template: OfferedTemplate) -> None:
        """A new row; one of the same id is replaced."""
        ...


class TemplateUnit(Protocol):
    """One transaction, as far as templates are concerned."""

    @property
    def templates(self) -> TemplateRows:
        """The rows."""
        ...


class TemplateStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[TemplateUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[TemplateUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...


class Register:
    """What is on offer.  Every method may raise TryAgain STORE_UNAVAILABLE."""

    def __init__(
        self,
        store: TemplateStore,
        *,
        descriptions: Mapping[str, Description],
        default: str,
        clock: Callable[[], datetime],
    ) -> None:
        """`descriptions` are this machine's packages; `default` is the template of orders that name none."""
        self._store = store
        self._descriptions = descriptions
        self._default = default
        self._clock = clock

    def update(self) -> None:
        """Rows for packages that are new or have changed; whether they are on offer stays as it is."""
        at = self._clock().astimezone(UTC)

        def change(unit: TemplateUnit) -> None:
            for name, description in self._descriptions.items():
                presets = [preset.value for preset in description.presets]
                row = unit.templates.find(name)
                if row is None:
                    row = OfferedTemplate(
                        id=name, name="", available_presets=(), created_at=at, updated_at=at
                    )
                new = replace(row, name=description.name, available_presets=presets)
                if new != row:
                    unit.templates.put(replace(new, updated_at=at))

        self._store.write(change)

    def list(self) -> Sequence[OfferedTemplate]:
        """All, also those that are off offer, by id."""
        return self._store.read(lambda unit: unit.templates.all())

    def get(self, template_id: str) -> OfferedTemplate:
        """NotFound TEMPLATE_NOT_FOUND."""
        return self._store.read(lambda unit: _load(unit, template_id))

    def set_active(self, template_id: str, active: bool) -> OfferedTemplate:
        """Puts a template on offer, or takes it off.  NotFound TEMPLATE_NOT_FOUND."""

        def change(unit: TemplateUnit) -> OfferedTemplate:
            row = _load(unit, template_id)
            changed = replace(row, is_active=active, updated_at=self._clock().astimezone(UTC))
            unit.templates.put(changed)
            return changed

        return self._store.write(change)

    def choose(self, template_id: str | None, preset: str | None) -> str:
        """The id of the template for an order.

        NotFound TEMPLATE_NOT_FOUND; BadInput TEMPLATE_INACTIVE, or INVALID_PRESET: it has no such preset.
        """
        row = self._store.read(lambda unit: _load(unit, template_id or self._default))
        if not row.is_active:
            raise BadInput("TEMPLATE_INACTIVE", f"The template {row.id!r} is not on offer.")
        if preset is not None and preset not in row.available_presets:
            hint = f"Its presets are {', '.join(row.available_presets)}."
            message = f"The template {row.id!r} has no preset {preset[:60]!r}."
            raise BadInput("INVALID_PRESET", message, hint=hint)
        return row.id

    def content_of(self, template_id: str) -> str:
        """The hash of its package.  NotFound TEMPLATE_NOT_FOUND: this machine has not got it."""
        found = self._descriptions.get(template_id)
        if found is None:
            raise NotFound("TEMPLATE_NOT_FOUND", f"There is no template {template_id[:60]!r}.")
        return found.content_sha256

    def description(self, template_id: str) -> Description | None:
        """What its package says; None when this machine has not got it."""
        return self._descriptions.get(template_id)


def descriptions_in(folders: Sequence[Path]) -> Mapping[str, Description]:
    """The sound descriptions of all packages, the built-in ones and those in the folders, which win."""
    found: dict[str, Path] = {}
    for folder in (*reversed(folders), None):
        found = {**packages.available(folder=folder), **found}
    read: dict[str, Description] = {}
    for name, path in sorted(found.items()):
        try:
            read[name] = packages.describe(path)
        except BadInput:
            continue  # `tirage template check` says why; the others stay on offer
    return read


def _load(unit: TemplateUnit, template_id: str) -> OfferedTemplate:
    row = unit.templates.find(template_id) if KEY.fullmatch(template_id) else None
    if row is None:
        known = ", ".join(each.id for each in unit.templates.all()) or "none"
        message = f"There is no template {template_id[:60]!r}."
        raise NotFound("TEMPLATE_NOT_FOUND", message, hint=f"Templates: {known}.")
    return row
