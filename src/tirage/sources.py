"""Where settings come from: the environment first, then a file.  Every value is text until it is parsed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tirage.errors import Finding, Severity

PREFIX = "TIRAGE_"
CONFIG = "TIRAGE_CONFIG"
CONFIG_NAME = "tirage.toml"
RELATIVE = frozenset({"TIRAGE_DATA_DIR"})
"""Paths that may be relative: those of the file are so to its folder."""


@dataclass(frozen=True, slots=True)
class Given:
    """One value, and who gave it: `environment`, or the file's path."""

    text: str
    origin: str


class Sources:
    """The values that were given; what is wrong with their names or the file stands in `findings`."""

    def __init__(self, environment: Mapping[str, str], *, known: Collection[str]) -> None:
        """The file is the one that TIRAGE_CONFIG names, or `tirage.toml` where the program runs."""
        self.findings: list[Finding] = []
        self.environment = environment
        self._known = known
        self.config = _config(environment)
        self._file = self._read() if self.config else {}
        own = {name: name for name in environment if name.startswith(PREFIX)}
        self._check_names(own, known)

    def given(self, variable: str) -> Given | None:
        """None where nobody gave it; an empty variable counts as not given."""
        text = self.environment.get(variable, "").strip()
        if text:
            return Given(text, "environment")
        return self._file.get(variable)

    def add(self, where: str, message: str, hint: str) -> None:
        """One more thing that is wrong."""
        self.findings.append(Finding("INVALID_SETTING", Severity.ERROR, message, hint=hint, where=where))

    def _read(self) -> dict[str, Given]:
        """The file's values by the names of their variables."""
        import tomllib

        path = self.config
        assert path is not None  # noqa: S101 – asked by the caller
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:  # ValueError: no UTF-8, or no TOML
            reason = getattr(error, "strerror", None) or str(error)
            self.add(str(path), f"The settings in {path} cannot be read: {reason}.", "Correct the file.")
            return {}
        keys = {name: PREFIX + name.upper() for name in content}
        self._check_names(keys, {variable for variable in self._known if variable != CONFIG})
        return {
            keys[name]: Given(_text(keys[name], value, path.parent), str(path))
            for name, value in content.items()
        }

    def _check_names(self, names: Mapping[str, str], known: Collection[str]) -> None:
        """`names` to the variables that they would be."""
        for name, variable in sorted(names.items()):
            if variable not in known:
                near = get_close_matches(variable, known, n=1)
                as_here = near[0] if name == variable else _key(near[0]) if near else ""
                listed = ", ".join(sorted(known) if name == variable else map(_key, sorted(known)))
                hint = f"Did you mean {as_here}?" if near else f"There are {listed}."
                self.add(name, f"There is no setting {name}.", hint)


def _config(environment: Mapping[str, str]) -> Path | None:
    named = environment.get(CONFIG, "").strip()
    path = Path(named).expanduser() if named else Path(CONFIG_NAME)
    return path.absolute() if named or path.is_file() else None


def _text(variable: str, value: object, folder: Path) -> str:
    """A value of the file as the environment would have it."""
    if isinstance(value, list):
        return os.pathsep.join(map(str, value))
    text = str(value)
    return str(folder / Path(text).expanduser()) if variable in RELATIVE else text


def _key(variable: str) -> str:
    """What a variable is called in the file."""
    return variable.removeprefix(PREFIX).lower()
