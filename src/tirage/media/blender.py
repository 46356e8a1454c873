"""Blender as a warm child: found, started when first asked, sandboxed, started anew after it was lost.
The programs that run inside it, and how they talk, are in src/tirage/blender.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tirage.errors import BadInput, Failed, TirageError, TryAgain, UsageError
from tirage.media.process import Child, Limits, never, own_folder
from tirage.media.sandbox import bubblewrap, sandboxed
from tirage.settings import BlenderDevice, usable_cores

INSIDE = Path(__file__).resolve().parent.parent / "blender"
CHECKOUT = Path(__file__).resolve().parents[3]
OLDEST = (5, 0)
START_S = 180.0
"""A gigabyte may have to come from a slow disk."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Program:
    """A Blender, or a Python that has `bpy`: what its name says decides."""

    path: Path

    @property
    def is_python(self) -> bool:
        """Whether it is a Python."""
        return self.path.name.lower().startswith("python")

    def argv(self, script: Path) -> list[str]:
        """The words that run a script in it, without anything of the user's settings."""
        if self.is_python:
            return [str(self.path), "-I", str(script)]
        words = ["--background", "--factory-startup", "--disable-autoexec", "--python-exit-code", "1"]
        return [str(self.path), *words, "--python", str(script)]

    def roots(self) -> list[Path]:
        """The folders that it lies in: its own, and of an environment the one it was made from."""
        real = self.path.resolve()
        if not self.is_python:
            return [real.parent]
        return list(dict.fromkeys((self.path.absolute().parents[1], real.parents[1])))


def find_blender(given: Path | None) -> Program:
    """The one that is set; else the checkout's environment; else the one on PATH.

    UsageError: BLENDER_MISSING.
    """
    if given is not None:
        if not given.is_file():
            raise UsageError(
                "BLENDER_MISSING", f"TIRAGE_BLENDER names {given}, and there is no such program."
            )
        return Program(given)
    environment = CHECKOUT / ".venv-blender" / "bin" / "python"
    if environment.is_file():
        return Program(environment)
    on_path = shutil.which("blender")
    if on_path is None:
        raise UsageError("BLENDER_MISSING", "There is no Blender here.")
    return Program(Path(on_path))


class BlenderOnDemand:
    """A Blender that is found and started when it is first wanted, and kept until `close`."""

    def __init__(self, given: Path | None, *, device: BlenderDevice, threads: int) -> None:
        """`given` as for `find_blender`."""
        self._given = given
        self._device = device
        self._threads = threads
        self._lock = threading.Lock()
        self._blender: Blender | None = None

    def get(self) -> Blender:
        """Always the same.  UsageError: BLENDER_MISSING."""
        with self._lock:
            if self._blender is None:
                program = find_blender(self._given)
                self._blender = Blender(program, device=self._device, threads=self._threads)
            return self._blender

    def close(self) -> None:
        """Ends it, if it runs; the next one who wants it starts it again."""
        with self._lock:
            if self._blender is not None:
                self._blender.close()


class Blender:
    """One Blender for many requests, and for many jobs; a context manager that leaves no process behind.

    Safe to use from several threads, one request at a time; hold `lock` for several that belong together.
    """

    def __init__(
        self,
        program: Program,
        *,
        script: Path = INSIDE / "worker.py",
        device: BlenderDevice = BlenderDevice.AUTO,
        threads: int | None = None,
    ) -> None:
        """Starts nothing yet."""
        self.device = device
        self.threads = threads or usable_cores()
        self.lock = threading.RLock()
        self.told: dict[str, object] = {}
        """What the child that runs now was told: notes of who asks, gone when the child is."""
        self._program = program
        self._script = script
        self._running = ExitStack()
        self._child: Child | None = None
        self._folder = Path()
        self._version = ""

    def __enter__(self) -> Blender:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the child."""
        self.close()

    def start(self) -> Path:
        """The child's working folder, for files that requests name; starts the child when there is none.

        UsageError: BLENDER_MISSING, when it is none or too old.  Otherwise as `ask`.
        """
        with self.lock:
            if self._child is None or not self._child.alive:
                self.close()
                self._start()
            return self._folder

    @property
    def version(self) -> str:
        """Blender's own version; starts it when it has not been."""
        if not self._version:
            self.start()
        return self._version

    def ask(
        self,
        task: str,
        *,
        step_s: float,
        silence_s: float,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] = never,
        **values: object,
    ) -> Mapping[str, Any]:
        """The answer to one request.  After an error of child or machine it is gone, and its folder too.

        BadInput: BLEND_REFUSED.  UsageError: what is set is not there.
        Failed: RENDER_FAILED, PROCESS_CRASHED.
        TryAgain: TIMEOUT, OUT_OF_MEMORY, DISK_FULL, PROCESS_KILLED.  Cancelled.
        """
        with self.lock:
            self.start()
            assert self._child is not None  # noqa: S101 – `start` has seen to it
            self._child.send(json.dumps({"do": task, **values}))
            answer = self._listen(self._child, ("done", "error"), step_s, silence_s, progress, cancelled)
            if "error" in answer:
                raise self._refusal(answer["error"])
            return dict(answer["done"])

    def close(self) -> None:
        """Ends the child, within 2 s."""
        with self.lock:
            self._child = None
            self.told.clear()
            self._running.close()

    def _start(self) -> None:
        gpu = self.device is not BlenderDevice.CPU
        with ExitStack() as running:
            folder = running.enter_context(own_folder())
            argv = self._program.argv(self._script)
            if (wrapper := bubblewrap()) is not None:
                readable = [INSIDE, self._script.parent, *self._program.roots()]
                argv = sandboxed(argv, folder=folder, readable=readable, gpu=gpu, program=wrapper)
            child = running.enter_context(
                Child(argv, name="Blender", folder=folder, limits=Limits.of_machine(gpu=gpu))
            )
            self._child, self._folder = child, folder
            self._running = running.pop_all()
        try:
            ready = self._listen(child, ("ready",), START_S, START_S, None, never)["ready"]
        except TirageError as error:
            raise self._translated(error) from error
        self._version = str(ready["name"])
        if tuple(ready["blender"]) < OLDEST:
            self.close()
            raise UsageError(
                "BLENDER_MISSING", f"{self._program.path} is Blender {self._version}, which is too old."
            )

    def _translated(self, error: TirageError) -> TirageError:
        """A Python without bpy is no defect."""
        if any("No module named 'bpy'" in note for note in getattr(error, "__notes__", ())):
            return UsageError("BLENDER_MISSING", f"{self._program.path} is a Python that has no bpy.")
        return error

    def _listen(
        self,
        child: Child,
        wanted: tuple[str, ...],
        step_s: float,
        silence_s: float,
        progress: Progress | None,
        cancelled: Callable[[], bool],
    ) -> Mapping[str, Any]:
        """The next message of a wanted kind; whatever goes wrong, the child is gone afterwards."""
        try:
            for line in child.lines(step_s=step_s, silence_s=silence_s, cancelled=cancelled):
                message = _message(line)
                if progress is not None and "progress" in message:
                    progress(*message["progress"])
                if any(kind in message for kind in wanted):
                    return message
        except BaseException:  # also an interrupt: the rest of the answer must not be taken for the next one
            self.close()
            raise
        self.close()
        raise Failed("PROCESS_CRASHED", "Blender ended before it had answered.")

    def _refusal(self, error: Mapping[str, str]) -> TirageError:
        """What an error of the inside is outside."""
        message = error["message"]
        match error["kind"]:
            case "refused":
                return BadInput("BLEND_REFUSED", f"The .blend is refused: {message}.")
            case "missing":
                return UsageError(
                    "INVALID_SETTING", f"TIRAGE_BLENDER_DEVICE is {self.device}, but {message}."
                )
        tail = self._child.tail if self._child else ""
        self.close()  # what is left of a failed request is anybody's guess
        match error["kind"]:
            case "memory":
                found: TirageError = TryAgain("OUT_OF_MEMORY", "There is not enough memory for Blender.")
            case "disk":
                found = TryAgain("DISK_FULL", "There is no space left for Blender's working folder.")
            case _:
                found = Failed("RENDER_FAILED", f"Blender could not do it: {message[:300]}")
        found.add_note(tail)
        return found


def _message(line: str) -> Mapping[str, Any]:
    """A line's message; what Blender says by itself is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
