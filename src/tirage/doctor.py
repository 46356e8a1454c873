"""What `tirage doctor` looks at: every part that Tirage needs here, and what to do where one fails."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tirage.app import App, open_app
from tirage.errors import CODES, Finding, TirageError
from tirage.media.blender import find_blender
from tirage.media.sandbox import bubblewrap
from tirage.mockup.kernels import library
from tirage.settings import Settings
from tirage.verify import verify_world

LITTLE = 2 << 30
"""Bytes: with less space left the next orders may find none."""


class State(StrEnum):
    """How a part is: a warning leaves something out, an error stops orders."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One part, as it was found."""

    name: str
    state: State
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was looked at."""

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...] = ()
    """Of the invariants, where they were asked for."""

    @property
    def well(self) -> bool:
        """Whether orders can be made and nothing is wrong with those that were."""
        return not self.findings and all(check.state is not State.ERROR for check in self.checks)


def diagnose(settings: Settings, *, verify: bool = False) -> Diagnosis:
    """Looks at all parts; `verify` reads every stored picture too.  Brings the database to this version."""
    checks = [_check("kernels", _kernels), _check("Blender", lambda: _blender(settings)), _sandbox()]
    findings: list[Finding] = []
    try:
        with open_app(settings) as app:
            checks += _parts(app)
            findings = verify_world(app) if verify else []
    except TirageError as error:
        checks.append(Check("database", State.ERROR, error.message, error.hint))
    return Diagnosis(tuple(checks), tuple(findings))


def _parts(app: App) -> Iterator[Check]:
    yield _check("database", lambda: f"{app.service.stats().total} mockup jobs")
    yield _check("storage", lambda: _storage(app))
    yield _space(app.settings)
    yield _templates(app)
    yield from _queues(app)


def _check(name: str, look: Callable[[], str]) -> Check:
    """What was seen; an error of ours is what is wrong."""
    try:
        return Check(name, State.OK, look())
    except TirageError as error:
        state = State.WARNING if error.code == "BLENDER_MISSING" else State.ERROR
        return Check(name, state, error.message, error.hint)


def _kernels() -> str:
    return f"loaded from {library()._name}"  # noqa: SLF001 – ctypes has no other name for it


def _blender(settings: Settings) -> str:
    return f"{find_blender(settings.blender).path}; jobs of the queue `blender` start it"


def _sandbox() -> Check:
    found = bubblewrap()
    if found is None:
        hint = "Install bubblewrap (bwrap), and let this user open namespaces."
        return Check("sandbox", State.WARNING, "Children run with limits, but in no sandbox.", hint)
    return Check("sandbox", State.OK, found)


def _storage(app: App) -> str:
    """Writes a file, reads it and takes it away again."""
    key, data = f"uploads/doctor/{secrets.token_hex(8)}.txt", secrets.token_bytes(64)
    app.files.write(key, data, media_type="text/plain")
    try:
        whole = app.files.read(key) == data
    finally:
        app.files.delete(key)
    if not whole:
        raise TirageError("OUTPUT_UNWRITABLE", "What was stored came back changed.")
    return f"{app.settings.storage_url} takes and gives files back"


def _space(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.data_dir).free
    if free < LITTLE:
        message = f"Only {free / 1e9:.1f} GB are free in {settings.data_dir}."
        return Check("space", State.WARNING, message, CODES["DISK_FULL"].hint)
    return Check("space", State.OK, f"{free / 1e9:.0f} GB free in {settings.data_dir}")


def _templates(app: App) -> Check:
    """The default one has to be there; orders that name another can go without."""
    names = [template.id for template in app.templates.list() if template.is_active]
    default = app.settings.default_template
    if app.templates.description(default) is None or default not in names:
        hint = CODES["TEMPLATE_NOT_FOUND"].hint
        return Check("templates", State.ERROR, f"The default template {default} is not on offer.", hint)
    return Check("templates", State.OK, f"on offer: {', '.join(names)}; default: {default}")


def _queues(app: App) -> Iterator[Check]:
    """One for each queue that has jobs, or is held back."""
    for queue in app.service.queues():
        message = f"{queue.waiting} wait, {queue.running} run"
        if queue.paused:
            hint = f"Run `tirage jobs resume {queue.name}` to let it go on."
            yield Check(f"queue {queue.name}", State.WARNING, f"paused; {message}", hint)
        elif queue.waiting and not queue.running:
            hint = "Start `tirage serve`, or `tirage worker` for this queue; a busy one takes them soon."
            yield Check(f"queue {queue.name}", State.WARNING, f"nobody works on it; {message}", hint)
        else:
            yield Check(f"queue {queue.name}", State.OK, message)
