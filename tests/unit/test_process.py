"""Watched children: every way to end has its error, and nothing of a child outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from processes import gone, processes_with
from tirage.errors import Cancelled, Failed, TirageError, TryAgain
from tirage.media.process import GUARD, TAIL_BYTES, Child, Limits, inner_environment, never, own_folder, works
from tirage.media.sandbox import sandboxed

MIB = 1 << 20
LIMITS = Limits(memory=512 * MIB, address_space=None)
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
ESCAPING = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", sys.argv[1]])
    os._exit(0)
time.sleep(.2)
print("up", flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with own_folder() as found:
        yield found


def child(code: str, folder: Path, *words: str, limits: Limits = LIMITS) -> Child:
    return Child([sys.executable, "-c", code, *words], name="The child", folder=folder, limits=limits)


def listen(
    running: Child, *, step_s: float = 30, silence_s: float = 30, cancelled: Callable[[], bool] = never
) -> list[str]:
    with running:
        return list(running.lines(step_s=step_s, silence_s=silence_s, cancelled=cancelled))


def failure(running: Child, **limits: float) -> TirageError:
    with pytest.raises(TirageError) as caught:
        listen(running, **limits)  # type: ignore[arg-type]
    return caught.value


def test_lines_come_until_a_good_end(folder: Path) -> None:
    running = child("import sys; [print(line.upper(), end='') for line in sys.stdin]; print('end')", folder)
    running.send("one")
    running.send("two")
    running.finish_input()
    assert listen(running) == ["ONE", "TWO", "end"]
    assert not running.alive


def test_a_line_is_given_before_the_child_ends(folder: Path) -> None:
    with child("print('now', flush=True); input()", folder) as running:
        lines = running.lines(step_s=30, silence_s=30)
        assert next(lines) == "now"
        assert running.alive
        running.send("")
        assert list(lines) == []


@pytest.mark.rows("R212", "R211")
@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("raise SystemExit(3)", Failed, "PROCESS_CRASHED"),
        ("import os; os.abort()", Failed, "PROCESS_CRASHED"),
        ("import os; os.kill(os.getpid(), 11)", Failed, "PROCESS_CRASHED"),
        ("import os; os.kill(os.getpid(), 9)", TryAgain, "PROCESS_KILLED"),
        ("raise SystemExit(128 + 9)", TryAgain, "PROCESS_KILLED"),
        ("raise SystemExit(128 + 6)", Failed, "PROCESS_CRASHED"),
        ("raise MemoryError", TryAgain, "OUT_OF_MEMORY"),
        ("import sys; sys.exit('std::bad_alloc')", TryAgain, "OUT_OF_MEMORY"),
        ("import resource, time; resource.setrlimit(0, (1, 2))\nwhile True: pass", TryAgain, "TIMEOUT"),
    ],
)
def test_every_end_has_its_error(folder: Path, code: str, kind: type[TirageError], name: str) -> None:
    error = failure(child(code, folder))
    assert (type(error), error.code) == (kind, name)


def test_a_program_that_is_not_there(folder: Path) -> None:
    error = failure(Child([str(folder / "none")], name="The child", folder=folder, limits=LIMITS))
    assert error.code == "PROCESS_CRASHED"
    assert "No such file" in error.__notes__[0]


def test_silence_is_a_time_out(folder: Path) -> None:
    begin = time.monotonic()
    error = failure(child("print('one', flush=True); import time; time.sleep(60)", folder), silence_s=0.3)
    assert (error.code, error.message) == (
        "TIMEOUT",
        "The child had nothing to tell for 0.3 s, and was ended.",
    )
    assert time.monotonic() - begin < 3


def test_a_step_has_its_time_however_much_is_told(folder: Path) -> None:
    error = failure(
        child("import time\nwhile True: print('x', flush=True); time.sleep(.05)", folder), step_s=0.4
    )
    assert error.code == "TIMEOUT"
    assert "took longer" in error.message


def test_too_much_memory_ends_the_whole_tree(folder: Path) -> None:
    eat = "import time; kept = bytearray(300 << 20); print('ate', flush=True); time.sleep(60)"
    start = f"subprocess.Popen([sys.executable, '-c', {eat!r}, sys.argv[1]])"
    two = f"import subprocess, sys, time; {start}; {start}; time.sleep(60)"
    error = failure(child(two, folder, "tree-of-two"))
    assert error.code == "OUT_OF_MEMORY"
    assert gone("tree-of-two")


def test_address_space_is_limited(folder: Path) -> None:
    limits = Limits(memory=4096 * MIB, address_space=400 * MIB)
    assert failure(child("bytearray(500 << 20)", folder, limits=limits)).code == "OUT_OF_MEMORY"


def test_files_and_processor_time_are_limited_and_cores_are_not_kept(folder: Path) -> None:
    kinds = "(r.RLIMIT_CORE, r.RLIMIT_CPU, r.RLIMIT_FSIZE)"
    code = f"import resource as r; print(*(r.getrlimit(kind)[0] for kind in {kinds}))"
    limits = Limits(memory=512 * MIB, address_space=None, cpu_s=7, file_bytes=1 << 20)
    assert listen(child(code, folder, limits=limits)) == [f"0 7 {1 << 20}"]


def test_an_escaped_grandchild_goes_with_the_child(folder: Path) -> None:
    assert listen(child(ESCAPING, folder, "escaped-one")) == ["up"]
    assert gone("escaped-one", within_s=0.5)


def test_cancelling_ends_the_tree_in_time() -> None:
    """Fifty times, polite and stubborn children, with grandchildren that escaped: none takes two seconds."""
    spent = []
    for number in range(50):
        word = f"cancelled-{number}"
        code = ESCAPING + (STUBBORN if number % 5 == 0 else "time.sleep(60)")
        asked = threading.Event()
        with own_folder() as folder, child(code, folder, word) as running:
            lines = running.lines(step_s=30, silence_s=30, cancelled=asked.is_set)
            assert next(lines) == "up"
            begin = time.monotonic()
            asked.set()
            with pytest.raises(Cancelled):
                list(lines)
            assert gone(word, within_s=0)
            spent.append(time.monotonic() - begin)
    assert max(spent) <= 2, sorted(spent)[-5:]


def test_leaving_the_block_ends_the_child(folder: Path) -> None:
    with child(STUBBORN, folder, "left-behind") as running:
        assert next(running.lines(step_s=30, silence_s=30)) == "up"
        assert processes_with("left-behind")
    assert gone("left-behind", within_s=0)
    assert not running.alive


def test_when_we_are_killed_nothing_is_left() -> None:
    """A host that gets SIGKILL: its child, the grandchild and the child's folder go."""
    host = f"""
import sys, time
from pathlib import Path
from tirage.media.process import Child, Limits, own_folder
with own_folder() as folder:
    argv = [sys.executable, "-c", {ESCAPING + "time.sleep(60)"!r}, "orphan"]
    with Child(argv, name="c", folder=folder, limits=Limits(memory=1 << 30, address_space=None)) as child:
        assert next(child.lines(step_s=30, silence_s=30)) == "up"
        print(folder, flush=True)
        time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        folder = Path(running.stdout.readline().strip())
        assert folder.is_dir()
        assert processes_with("orphan")
        running.kill()
    assert gone("orphan")
    until = time.monotonic() + 2
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()


def test_when_the_guard_is_killed_the_child_goes_too(folder: Path) -> None:
    with child(
        "import os, time; print(os.getppid(), flush=True); time.sleep(60)", folder, "guarded"
    ) as running:
        lines = running.lines(step_s=30, silence_s=30)
        os.kill(int(next(lines)), signal.SIGKILL)
        with pytest.raises(TryAgain) as caught:
            list(lines)
    assert caught.value.code == "PROCESS_KILLED"
    assert gone("guarded")


def test_a_child_sees_few_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"PATH": "/bin", "AWS_SECRET": "x", "TIRAGE_API_KEY": "y", "HOME": "/home/ann", "LANG": "C"}
    seen = inner_environment(ours, folder)
    assert set(seen) == {"PATH", "LANG", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}
    assert seen["HOME"] == seen["TMPDIR"] == str(folder)
    monkeypatch.setenv("A_SECRET_OF_OURS", "x")
    (line,) = listen(child("import os, json; print(json.dumps(dict(os.environ)))", folder))
    assert set(json.loads(line)) <= {*seen, "LC_ALL", "LD_LIBRARY_PATH", "LC_CTYPE", "CUDA_VISIBLE_DEVICES"}


def test_lines_and_last_words_are_bounded(folder: Path) -> None:
    code = "import sys; print('x' * 300_000); print('last'); sys.exit('y' * 100_000 + 'END')"
    with child(code, folder) as running:
        lines = running.lines(step_s=30, silence_s=30)
        assert [len(next(lines)), len(next(lines))] == [1 << 16, 4]
        with pytest.raises(Failed):
            next(lines)
    assert len(running.tail) <= TAIL_BYTES
    assert running.tail.endswith("yEND")


def test_last_words_tell_no_secrets(folder: Path) -> None:
    words = f"token=abc123 {folder}/x {Path.home()} http://me:pw@host/ Authorization: Bearer\\x1b[31m"
    error = failure(child(f"import sys; sys.exit('''{words}''')", folder))
    assert error.__notes__ == ["token=••• …/x … http://•••@host/ Authorization: •••"]
    assert str(folder) not in error.message


@pytest.mark.rows("R207")
def test_an_own_folder_is_private_and_goes() -> None:
    with own_folder() as found:
        assert found.stat().st_mode & 0o777 == 0o700
        (found / "file").write_text("x")
    assert not found.exists()


def test_trying_a_program() -> None:
    assert works([sys.executable, "-c", ""], limit_s=10)
    assert not works([sys.executable, "-c", "raise SystemExit(1)"], limit_s=10)
    assert not works([sys.executable, "-c", "import time; time.sleep(9)"], limit_s=0.1)
    assert not works(["/no/such/program"], limit_s=10)


def test_words_of_the_sandbox() -> None:
    words = sandboxed(
        ["/opt/b/blender", "-b"], folder=Path("/own"), readable=[Path("/opt/b")], program="/usr/bin/bwrap"
    )
    assert words[:3] == ["/usr/bin/bwrap", "--unshare-all", "--die-with-parent"]
    assert words[-3:] == ["--", "/opt/b/blender", "-b"]
    line = " ".join(words)
    assert "--ro-bind /opt/b /opt/b" in line
    assert "--bind /own /own" in line
    assert line.count(" --bind ") == 1
    assert "/home" not in line
    assert "--share-net" not in line


def test_the_guard_finds_its_descendants_by_their_parents_and_by_looking_at_all(folder: Path) -> None:
    """Both ways, from inside a process that has a child, a grandchild and one that lost its parent."""
    code = f"""
import importlib.util, subprocess, sys
spec = importlib.util.spec_from_file_location("guard", {str(GUARD)!r})
guard = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guard)
guard.process_control(guard.SET_CHILD_SUBREAPER, 1)
assert guard.near_descendants() == guard.descendants() == []
argv = [sys.executable, "-c", {ESCAPING + "time.sleep(60)"!r}, "found-twice"]
child = subprocess.Popen(argv, stdout=subprocess.PIPE)
child.stdout.readline()
near, every = guard.near_descendants(), guard.descendants()
child.kill()
print(sorted(near) == every, child.pid in near, len(near) > 1)
"""
    assert listen(child(code, folder)) == ["True True True"]
    assert gone("found-twice")
