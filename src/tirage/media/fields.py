"""Reads typed values out of JSON from outside, noting every fault with its path, not only the first.
Getters always return a value of the right type; what they return after a fault must not be used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import TypeVar

from tirage.media.notes import Notes

LARGEST_INTEGER = 2**53
_T = TypeVar("_T")


class Fields:
    """One JSON object and its path; `close` notes the keys that nobody asked for."""

    def __init__(self, value: object, path: str, notes: Notes) -> None:
        self.path = path
        self.notes = notes
        self._value: dict[str, object] = {}
        self._asked: set[str] = set()
        if isinstance(value, dict):
            self._value = value
        else:
            notes.error("WRONG_TYPE", path, f"{path} must be an object, not {_kind(value)}.")

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}"

    def has(self, key: str) -> bool:
        """Whether the key is there and not null; asking counts as reading it."""
        self._asked.add(key)
        return self._value.get(key) is not None

    def number(self, key: str, low: float, high: float) -> float:
        """A finite number in low … high."""
        return self._number(self._get(key), self.at(key), low, high)

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number in low … high."""
        value = self._get(key)
        if value is _MISSING:
            return low
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(key, f"a whole number from {low} to {high}", value)
        return low

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        """Exactly `count` finite numbers in low … high."""
        value = self._get(key)
        if not isinstance(value, list) or len(value) != count:
            if value is not _MISSING:
                self._wrong(key, f"a list of {count} numbers", value)
            return (low,) * count
        return tuple(self._number(item, f"{self.at(key)}[{i}]", low, high) for i, item in enumerate(value))

    def text(
        self, key: str, pattern: str = r"[^\x00-\x1f\x7f]{1,200}", meaning: str = "1 to 200 characters"
    ) -> str:
        """A string that matches the whole pattern; `meaning` says in words what that is."""
        value = self._get(key)
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        if value is not _MISSING:
            self._wrong(key, meaning, value)
        return ""

    def items(self, key: str, low: int, high: int) -> list[Fields]:
        """A list of low … high objects."""
        value = self._get(key)
        if not isinstance(value, list) or not low <= len(value) <= high:
            if value is not _MISSING:
                self._wrong(key, f"a list of {low} to {high} objects", value)
            return []
        return [Fields(item, f"{self.at(key)}[{i}]", self.notes) for i, item in enumerate(value)]

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self._wrong(key, "true or false", value)
        return value is True

    def pairs(self, key: str) -> list[tuple[str, str]]:
        """An object of texts."""
        value = self._get(key)
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return list(value.items())
        if value is not _MISSING:
            self._wrong(key, "an object of texts", value)
        return []

    def words(self, key: str) -> list[str]:
        """A list of texts."""
        value = self._get(key)
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            return value
        if value is not _MISSING:
            self._wrong(key, "a list of texts", value)
        return []

    def holds(self, key: str, kind: type | UnionType) -> bool:
        """Whether a value of this kind stands there, where there can be several."""
        return isinstance(self._value.get(key), kind)

    def value(self, key: str) -> object:
        """What stands there; None for nothing."""
        self._asked.add(key)
        return self._value.get(key)

    def either(self, key: str) -> Fields | None:
        """The object of that key; None where something simpler stands, to be read as such."""
        return self.fields(key) if isinstance(self._value.get(key), dict) else None

    def fields(self, key: str) -> Fields:
        """An object."""
        value = self._get(key)
        return Fields({} if value is _MISSING else value, self.at(key), self.notes)

    def each(self, read: Callable[[Fields, str], _T], *, at_most: int) -> Iterator[tuple[str, _T]]:
        """Every key with what `read` makes of it, for objects that are tables."""
        if len(self._value) > at_most:
            self.notes.error("OUT_OF_RANGE", self.path, f"{self.path} has more than {at_most} entries.")
        for key in list(self._value)[:at_most]:
            yield key, read(self, key)

    def close(self) -> None:
        """Notes every key that was not read: a misspelt key would otherwise be ignored silently."""
        for key in self._value.keys() - self._asked:
            known = ", ".join(sorted(self._asked))
            self.notes.error(
                "UNKNOWN_KEY",
                self.at(key[:60]),
                f"{self.path} has no key {key[:60]!r}.",
                hint=f"Known keys: {known}.",
            )

    def _get(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._value:
            self.notes.error("MISSING_KEY", self.at(key), f"{self.path} needs the key {key!r}.")
            return _MISSING
        return self._value[key]

    def _number(self, value: object, path: str, low: float, high: float) -> float:
        if value is _MISSING:
            return low
        wanted = f"a number from {low:g} to {high:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.notes.error("WRONG_TYPE", path, f"{path} must be {wanted}, not {_kind(value)}.")
            return low
        if not low <= value <= high:
            self.notes.error("OUT_OF_RANGE", path, f"{path} must be {wanted}, not {_kind(value)}.")
            return low
        return float(value)

    def _wrong(self, key: str, wanted: str, value: object) -> None:
        self.notes.error("WRONG_TYPE", self.at(key), f"{self.at(key)} must be {wanted}, not {_kind(value)}.")


_MISSING = object()


def parse(data: bytes, *, where: str, notes: Notes) -> object:
    """The JSON value of UTF-8 bytes; None after noting broken syntax. Keys given twice are noted too."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        seen = dict(items)
        if len(seen) < len(items):
            twice = sorted({key[:60] for i, (key, _) in enumerate(items) if key in dict(items[:i])})
            notes.error("DUPLICATE_KEY", where, f"{where} gives the same key twice: {', '.join(twice)}.")
        return seen

    try:
        return json.loads(data, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        notes.error("WRONG_JSON", where, f"{where} is not valid JSON: {str(error)[:200]}.")
        return None


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value:g}" if abs(value) < LARGEST_INTEGER else "a huge number"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"
