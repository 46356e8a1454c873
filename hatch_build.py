"""Builds the C kernels into the wheel and, for editable installs, into the source tree; and the web interface
into the wheel, where there is Node.js.
Run as a script (`python hatch_build.py`) it only compiles, into the source tree; each change once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

NATIVE = Path("src/tirage/mockup/native")
FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=fast", "-fno-math-errno", "-Wall", "-Wextra")
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
X86_64 = platform.machine().lower() in {"x86_64", "amd64"}
GLIBC = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
OLDEST_GLIBC = "2.17"


def own_compiler() -> bool:
    """Whether the caller names a C compiler of their own."""
    return bool(os.environ.get("CC"))


def compiler() -> list[str]:
    """The command that compiles: $CC, or the compiler that the wheel `ziglang` carries."""
    if own_compiler():
        return shlex.split(os.environ["CC"])
    target = ["-target", f"{platform.machine()}-linux-gnu.{OLDEST_GLIBC}"] if GLIBC else []
    return [sys.executable, "-m", "ziglang", "cc", "-Werror", *target]


def variants() -> Iterator[tuple[str, list[str]]]:
    """Library name and extra flags: on x86-64 one for AVX2 and FMA and one that runs everywhere."""
    libraries = [] if sys.platform == "win32" else ["-lm", "-pthread"]
    if not X86_64:
        yield "_kernels", libraries
        return
    zig = not own_compiler() or "zig" in os.environ["CC"]
    yield "_kernels", ["-mcpu=x86_64_v3" if zig else "-march=x86-64-v3", *libraries]
    yield "_kernels_generic", ["-mcpu=x86_64" if zig else "-march=x86-64", *libraries]


def fingerprint(folder: Path) -> str:
    """Hash of all that decides the libraries: sources, flags, compiler."""
    identity = os.environ.get("CC") or metadata.version("ziglang")
    digest = hashlib.sha256(repr((identity, FLAGS, list(variants()))).encode())
    for source in sorted(folder.glob("*.[ch]")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


def compile_kernels(root: Path) -> bool:
    """Compiles the kernels in place under `root`; False when they were up to date."""
    folder = root / NATIVE
    stamp = folder / "_kernels.stamp"
    wanted = fingerprint(folder)
    libraries = [folder / f"{name}{SUFFIX}" for name, _ in variants()]
    if all(path.is_file() for path in libraries) and stamp.is_file() and stamp.read_text() == wanted:
        return False
    stamp.unlink(missing_ok=True)
    cache = str(root / "build" / "zig")
    environment = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache, **os.environ}
    sources = [str(path) for path in sorted(folder.glob("*.c"))]
    for library, (_, extra) in zip(libraries, variants(), strict=True):
        fresh = library.with_name(f"{library.stem}.new{SUFFIX}")
        subprocess.run([*compiler(), *FLAGS, *sources, *extra, "-o", str(fresh)], check=True, env=environment)
        fresh.replace(library)
    stamp.write_text(wanted)
    return True


def wheel_tag() -> str:
    """`py3-none-<platform>`: the libraries are called through ctypes, so any Python 3 will do."""
    if GLIBC and not own_compiler():
        return f"py3-none-manylinux_{OLDEST_GLIBC.replace('.', '_')}_{platform.machine()}"
    plain = (
        tag.platform
        for tag in sys_tags()
        if "manylinux" not in tag.platform and "musllinux" not in tag.platform
    )
    return f"py3-none-{next(plain)}"


UI = Path("ui")
STUDIO = Path("src/tirage/web/studio")
NODE = 20
WITHOUT = "TIRAGE_WHEEL_WITHOUT_STUDIO"
NO_STUDIO = "The wheel carries no web interface: {reason}. The server works without, and says so at /studio/."


def studio_sources(root: Path) -> list[Path]:
    """All that decides what the web interface is."""
    files = [path for path in (root / UI / "src").rglob("*") if path.is_file()]
    files += [path for path in (root / UI / "public").rglob("*") if path.is_file()]
    return sorted([*files, *(root / UI).glob("*.json"), *(root / UI).glob("*.ts"), root / UI / "index.html"])


def why_no_studio(root: Path) -> str | None:
    """What building the web interface lacks; None: nothing."""
    if not (root / UI / "index.html").is_file():
        return "its sources are not here"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"building it needs Node.js {NODE} or newer with npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < NODE:
        return f"building it needs Node.js {NODE} or newer, and {node} is {version}"
    return None


def _npm() -> str:
    return shutil.which("npm") or "npm"


def build_studio(root: Path) -> str | None:
    """Builds the web interface in place when its sources changed; why it is not there, or None when it is."""
    digest = hashlib.sha256()
    for path in studio_sources(root):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    stamp = root / STUDIO / ".stamp"
    if os.environ.get(WITHOUT):
        return f"{WITHOUT} is set"
    there = (root / STUDIO / "index.html").is_file()
    if there and stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return None
    reason = why_no_studio(root)
    if reason is not None:
        shutil.rmtree(root / STUDIO, ignore_errors=True)  # an older one would not fit the server
        return reason
    if not (root / UI / "node_modules").is_dir():
        subprocess.run([_npm(), "ci", "--silent"], cwd=root / UI, check=True)
    subprocess.run([_npm(), "run", "--silent", "build"], cwd=root / UI, check=True)
    stamp.write_text(digest.hexdigest())
    return None


class KernelHook(BuildHookInterface[Any]):
    """Runs before every wheel, also the editable one."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles, builds and names the platform; a checkout builds its web interface with `make studio`."""
        compile_kernels(Path(self.root))
        if version != "editable" and (reason := build_studio(Path(self.root))):
            self.app.display_warning(NO_STUDIO.format(reason=reason))
        build_data["pure_python"] = False
        build_data["tag"] = wheel_tag()


if __name__ == "__main__":
    built = compile_kernels(Path(__file__).resolve().parent)
    print("kernels compiled" if built else "kernels up to date")
