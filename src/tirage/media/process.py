"""The only place that starts other programs: from a list of words, never a shell, with few variables.
A `Child` is watched: limits, an end for all that it started, and one named error for each way to end.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType, TracebackType
from typing import IO, Any

from tirage.errors import Cancelled, Failed, TirageError, TryAgain

PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR")
"""What a program that stands for us gets of our environment: nothing that could be a secret."""
PASSED_INSIDE = ("CUDA_VISIBLE_DEVICES", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH")
"""What a watched child gets; its home and its temporary files are its own folder."""
NOTHING: Mapping[str, str] = MappingProxyType({})
GUARD = Path(__file__).with_name("guard.py")
TICK_S = 0.05
"""How often a wait looks whether it was cancelled."""
STOP_S = 1.5
"""What the guard may take to end everything, before it is ended too."""
LONGEST_LINE = 1 << 16
TAIL_BYTES = 8 << 10
CHUNK = 1 << 16
GIB = 1 << 30
NO_MEMORY = re.compile(
    r"bad_alloc|MemoryError|Malloc returns null|out of memory|cannot allocate memory", re.IGNORECASE
)
"""What programs say on their way out when memory was refused."""
SECRET = re.compile(
    r"(?i)((?:api_?key|authorization|cookie|passw(?:or)?d|secret|signature|token)\w*[\"']?\s*[=:]\s*)\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
UNPRINTABLE = re.compile(r"[^\n\t -~\u00a0-\U0010ffff]+")


def never() -> bool:
    """Nobody cancels."""
    return False


def run(argv: Sequence[str], *, folder: Path) -> int:
    """Runs a program in a folder with our input and output and waits for it; its exit code.

    OSError: it cannot be started.
    """
    return subprocess.run(argv, cwd=folder, env=child_environment(os.environ), check=False).returncode


def start(argv: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that the terminal's signals reach only us.

    It gets these variables beside the usual few, no input, and our outputs.  OSError: it cannot be started.
    """
    return subprocess.Popen(
        argv,
        env={**child_environment(os.environ), **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def works(argv: Sequence[str], *, limit_s: float) -> bool:
    """Whether a program can be started and ends well within its time; what it prints is dropped."""
    try:
        done = subprocess.run(
            argv, env=child_environment(os.environ), capture_output=True, timeout=limit_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def output(argv: Sequence[str], *, limit_s: float) -> str:
    """What a program of our own choice prints; empty when it cannot be started or does not end well."""
    try:
        done = subprocess.run(
            argv, env=child_environment(os.environ), capture_output=True, timeout=limit_s, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program that stands for us sees."""
    return {name: ours[name] for name in PASSED_ON if name in ours}


def inner_environment(ours: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables that a watched child sees."""
    passed = {name: ours[name] for name in PASSED_INSIDE if name in ours}
    return passed | dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a child and all that it starts may take of the machine."""

    memory: int
    """Bytes of memory in use, of all its processes together."""
    address_space: int | None
    """Bytes that each may map; None for programs on a GPU, whose drivers map terabytes."""
    cpu_s: int = 48 * 3600
    file_bytes: int = 4 * GIB

    @classmethod
    def of_machine(cls, *, gpu: bool = False) -> Limits:
        """Three quarters of the memory there is."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
        return cls(memory=memory, address_space=None if gpu else memory + 8 * GIB)


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder that only this user can look into, and that is removed with all that is in it."""
    folder = Path(mkdtemp(prefix="tirage-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Child:
    """A program that is watched; a context manager that leaves no process behind.

    Not for several threads at a time.  `name` is what error messages call it.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        name: str,
        folder: Path,
        limits: Limits,
        variables: Mapping[str, str] = NOTHING,
    ) -> None:
        """Starts it in `folder`, which is its own and goes with it.  OSError: no process can be started.

        `variables` are added to those that every child sees.
        """
        self.name = name
        self._secrets = (str(folder), str(Path.home()))
        ours, theirs = socket.socketpair()
        order = {
            "argv": list(argv),
            "control": theirs.fileno(),
            "folder": str(folder),
            "memory": limits.memory,
            "limits": {
                "address_space": limits.address_space,
                "cpu_s": limits.cpu_s,
                "file_bytes": limits.file_bytes,
            },
        }
        with contextlib.ExitStack() as unless_started:
            unless_started.enter_context(ours)
            with theirs:
                self._guard = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(GUARD), json.dumps(order)],
                    cwd=folder,
                    env={**inner_environment(os.environ, folder), **variables},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    bufsize=0,
                )
            unless_started.pop_all()
        self._control = ours
        self._out = _Lines()
        self._tail: deque[bytes] = deque(maxlen=TAIL_BYTES // 64)
        self._report = b""
        self._selector = selectors.DefaultSelector()
        for source, take in (
            (_pipe(self._guard.stdout), self._out.add),
            (_pipe(self._guard.stderr), self._keep),
            (self._control, self._note),
        ):
            os.set_blocking(source.fileno(), False)
            self._selector.register(source, selectors.EVENT_READ, take)

    def __enter__(self) -> Child:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as anybody knows."""
        return self._guard.poll() is None

    @property
    def tail(self) -> str:
        """The end of what it said on standard error, without paths of ours, secrets or control characters."""
        text = b"".join(self._tail)[-TAIL_BYTES:].decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return UNPRINTABLE.sub("", SECRET.sub(lambda found: (found[1] or "") + "•••", text)).strip()

    def send(self, line: str) -> None:
        """One line to its standard input; a child that is gone says so when its lines are read."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._guard.stdin).write(line.encode() + b"\n")

    def finish_input(self) -> None:
        """Closes its standard input."""
        _pipe(self._guard.stdin).close()

    def lines(
        self, *, step_s: float, silence_s: float, cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        """Its lines as they come, each cut at 64 KiB; ends with it when it ends well.

        TryAgain: TIMEOUT after `step_s`, or `silence_s` without a line; OUT_OF_MEMORY; PROCESS_KILLED.
        Failed: PROCESS_CRASHED.  Cancelled: as soon as `cancelled` says so.  After each of these it is gone.
        """
        began = heard = time.monotonic()
        while True:
            ended = not self._take()
            for line in self._out.take():
                heard = time.monotonic()
                yield line
            if ended:
                break
            self._check(began, heard, step_s, silence_s, cancelled)
        self.close()
        if (error := self._ending()) is not None:
            raise error

    def close(self) -> None:
        """Ends it and all that it started, within 2 s; nothing happens when it has ended."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        try:
            self._guard.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._guard.pid, signal.SIGKILL)
            self._guard.wait()
        self._selector.close()
        for pipe in (self._guard.stdin, self._guard.stdout, self._guard.stderr, self._control):
            if pipe is not None:
                pipe.close()

    def _take(self) -> bool:
        """Reads what there is, waiting a little for it; False when there will be nothing more."""
        for key, _ in self._selector.select(TICK_S):
            data = os.read(key.fd, CHUNK)
            if data:
                key.data(data)
            else:
                self._selector.unregister(key.fileobj)
        return bool(self._selector.get_map())

    def _check(
        self, began: float, heard: float, step_s: float, silence_s: float, cancelled: Callable[[], bool]
    ) -> None:
        now = time.monotonic()
        if cancelled():
            self.close()
            raise Cancelled("CANCELLED", f"{self.name} was stopped, as was asked for.")
        late = f"had nothing to tell for {silence_s:g} s" if now - heard > silence_s else ""
        late = f"took longer than {step_s:g} s" if now - began > step_s else late
        if late:
            self.close()
            raise self._noted(TryAgain("TIMEOUT", f"{self.name} {late}, and was ended."))

    def _keep(self, data: bytes) -> None:
        self._tail.extend(
            data[-TAIL_BYTES:][start : start + 64] for start in range(0, min(len(data), TAIL_BYTES), 64)
        )

    def _note(self, data: bytes) -> None:
        self._report += data

    def _ending(self) -> TirageError | None:
        """How it ended, as an error; None for a good end."""
        report: dict[str, Any] = json.loads(self._report) if self._report else {"end": "signal", "code": 9}
        match report:
            case {"end": "exit", "code": 0}:
                return None
            case {"end": "memory"}:
                return self._noted(_no_memory(self.name))
            case {"end": "exit" | "signal"} if NO_MEMORY.search(self.tail):
                return self._noted(_no_memory(self.name))
            case {"end": "signal", "code": signal.SIGXCPU}:
                return self._noted(TryAgain("TIMEOUT", f"{self.name} has used up its processor time."))
            case {"end": "signal", "code": signal.SIGKILL | signal.SIGTERM}:
                message = f"{self.name} was ended by somebody else ({_signal_name(report['code'])})."
                return self._noted(TryAgain("PROCESS_KILLED", message))
            case {"end": "signal", "code": code}:
                return self._noted(Failed("PROCESS_CRASHED", f"{self.name} crashed ({_signal_name(code)})."))
            case _:
                return self._noted(
                    Failed("PROCESS_CRASHED", f"{self.name} failed with code {report.get('code')}.")
                )

    def _noted(self, error: TirageError) -> TirageError:
        """The error with the end of standard error as a note: for operators, not for users."""
        if self.tail:
            error.add_note(self.tail)
        return error


class _Lines:
    """Bytes to lines; what is over the limit of a line is dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._ready: list[str] = []

    def add(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[:LONGEST_LINE]
        self._ready += [line[:LONGEST_LINE].decode("utf-8", "replace") for line in whole]

    def take(self) -> list[str]:
        ready, self._ready = self._ready, []
        return ready


def _no_memory(name: str) -> TryAgain:
    return TryAgain("OUT_OF_MEMORY", f"There is not enough memory for {name}.")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 – Popen was told to make it
    return pipe
