"""Keys, paths and URLs of stored files: the one place that makes one of another, both ways (R249).
A key is what rows hold; paths and URLs are made of it where they are needed and never kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

from tirage.errors import BadInput
from tirage.jobs.checks import SEGMENT
from tirage.stores.headers import is_private

KEY = re.compile(rf"{SEGMENT}(?:/{SEGMENT})*")
"""No empty, hidden or dotted parts, nothing that a URL or a file system reads in another way."""
KEY_LENGTH = 1024
NAME_LENGTH = 200
"""Bytes of one part: file systems take 255, and a file that is being written has a longer name."""


def is_key(text: str) -> bool:
    """Whether it is one: `part/part/…` of ASCII letters, digits and `._~-`."""
    return (
        len(text) <= KEY_LENGTH
        and KEY.fullmatch(text) is not None
        and all(len(part) <= NAME_LENGTH for part in text.split("/"))
    )


def checked(key: str) -> str:
    """The key.  BadInput INVALID_DATA: it is none."""
    if not is_key(key):
        raise BadInput("INVALID_DATA", f"{key[:80]!r} is no storage key.")
    return key


class Addresses:
    """The URLs of keys below one base; those of private files may be signed instead, and end."""

    def __init__(self, base_url: str, *, sign: Callable[[str], str] | None = None) -> None:
        """`base_url` without a slash at its end.

        `sign` makes the address of a private file's key; without it the base serves those too.
        """
        self.base_url = base_url
        self._sign = sign

    def url(self, key: str) -> str:
        """The address of a key.  BadInput INVALID_DATA: it is none."""
        if self._sign and is_private(checked(key)):
            return self._sign(key)
        return f"{self.base_url}/{quote(checked(key))}"

    def shown(self, reference: str | None) -> str | None:
        """What to show for what a row holds: a key's address; an address as it is."""
        if reference is None or "://" in reference:
            return reference
        return self.url(reference.removeprefix("/"))

    def key(self, url: str) -> str | None:
        """The key behind an address of ours; None for every other text."""
        base, slash, rest = url.partition(f"{self.base_url}/")
        key = unquote(rest) if slash and not base and rest.isascii() else ""
        return key if is_key(key) else None


class Folder:
    """The paths of keys below one folder."""

    def __init__(self, root: Path) -> None:
        """Links in the root's own path are followed once, here; none below it ever is."""
        self.root = root.resolve()

    def path(self, key: str) -> Path:
        """Where a key's file is.  BadInput INVALID_DATA: it is no key, or a link lies on its way (R201)."""
        path = self.root / checked(key)
        if path.resolve() != path:
            raise BadInput("INVALID_DATA", f"{key[:80]!r} leads through a link.")
        return path

    def key(self, path: Path) -> str | None:
        """The key of a path; None outside the folder, and for what is no key's path."""
        if not path.is_relative_to(self.root):
            return None
        key = path.relative_to(self.root).as_posix()
        return key if is_key(key) else None
