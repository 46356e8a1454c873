"""Remotion as a watched child: a project that the user names draws frames in a browser and codes them.
Nothing of it comes with us: its licence is its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from tirage.errors import Failed, TirageError, UsageError
from tirage.media.process import GIB, Child, Limits, never, own_folder

__all__ = ["Remotion", "find_remotion"]

PROGRAM = Path("node_modules/@remotion/cli/remotion-cli.js")
PACKAGE = Path("node_modules/remotion/package.json")
BUNDLE = Path("build")
"""What `remotion bundle` leaves: the composition as a page."""
COMPOSITION = "tirage"
LIMITS = Limits(memory=8 * GIB, address_space=None)
"""Browsers map terabytes and never use them."""
STEP_S, SILENCE_S = 4 * 3600.0, 300.0
RENDERED = re.compile(r"^Rendered (\d+)/\d+")

WRONG = re.compile(r"^.*Error: .*$", re.MULTILINE)


class Remotion:
    """A project, with what runs it."""

    def __init__(self, project: Path, *, node: Path, browser: Path) -> None:
        self._project, self._node, self._browser = project, node, browser

    @cached_property
    def version(self) -> str:
        """Names what it makes of its props: the package's version, and what the bundle is.

        UsageError: REMOTION_MISSING.
        """
        try:
            number = json.loads((self._project / PACKAGE).read_bytes())["version"]
            pages = sorted(path for path in (self._project / BUNDLE).glob("*") if path.suffix != ".map")
            digest = sha256(b"".join(path.read_bytes() for path in pages if path.is_file())).hexdigest()
        except (OSError, ValueError, KeyError) as error:
            raise UsageError("REMOTION_MISSING", f"{self._project} is no Remotion project.") from error
        return f"remotion {number} {digest[:16]}"

    def render(
        self,
        props: Mapping[str, object],
        files: Mapping[str, Path],
        words: Sequence[str],
        *,
        room: Path,
        out: Path,
        frames: Callable[[int], None],
        cancelled: Callable[[], bool] = never,
    ) -> None:
        """Draws the composition with these props into `out`, without sound.

        `files` are what the composition finds as static files, by their names there; they are linked
        into `room`, or copied to its disk.  `words` are added to the command.
        Failed: RENDER_FAILED.  TryAgain: TIMEOUT, OUT_OF_MEMORY, PROCESS_KILLED.  Cancelled.
        """
        page = room / "page"
        shutil.copytree(self._project / BUNDLE, page, ignore=shutil.ignore_patterns("public"))
        for name, path in files.items():
            _place(path, page / "public" / name)
        (room / "props.json").write_text(json.dumps(props), encoding="utf-8")
        with own_folder() as folder:  # its path is short, as the browser's sockets in it have to be
            (folder / "package.json").write_text("{}")  # else it looks for a project above
            argv = self.argv(page=page, props=room / "props.json", out=out, words=words)
            with Child(argv, name="Remotion", folder=folder, limits=LIMITS) as child:
                try:
                    for line in child.lines(step_s=STEP_S, silence_s=SILENCE_S, cancelled=cancelled):
                        if found := RENDERED.search(line):
                            frames(int(found[1]))
                except TirageError as error:
                    if error.code != "PROCESS_CRASHED":
                        raise
                    said = next(iter(WRONG.findall("".join(getattr(error, "__notes__", ())))), error.message)
                    raise Failed("RENDER_FAILED", f"Remotion failed: {said[:300]}") from error
        if not out.exists():
            raise Failed("RENDER_FAILED", "Remotion ended well, but has made no video.")

    def argv(self, *, page: Path, props: Path, out: Path, words: Sequence[str]) -> list[str]:
        """The command; nothing in it is downloaded, as the browser is named."""
        shell = self._browser.name.endswith("headless-shell")
        return [
            *(str(self._node), str((self._project / PROGRAM).absolute()), "render"),
            *(str(page), COMPOSITION, str(out), f"--props={props}", "--muted", "--log=info"),
            f"--browser-executable={self._browser}",
            f"--chrome-mode={'headless-shell' if shell else 'chrome-for-testing'}",
            *words,
        ]


def _place(path: Path, link: Path) -> None:
    """A file under another name; symbolic links are not served."""
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path.resolve(), link)
    except OSError:
        shutil.copyfile(path, link)


def find_remotion(project: Path | None, *, browser: Path) -> Remotion:
    """The project that the settings name.  UsageError: REMOTION_MISSING, also without Node.js."""
    node = shutil.which("node")
    if project is None:
        raise UsageError("REMOTION_MISSING", "No Remotion project is named.")
    if node is None:
        raise UsageError("REMOTION_MISSING", "There is no Node.js for Remotion.")
    for part in (PROGRAM, PACKAGE, BUNDLE / "index.html"):
        if not (project / part).is_file():
            raise UsageError("REMOTION_MISSING", f"The Remotion project {project} has no {part}.")
    return Remotion(project, node=Path(node), browser=browser)
