"""The native kernels as typed functions: C structures, the library of this processor, array checks.
What each kernel does stands beside it in native/*.c; nothing else in the package touches ctypes.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tirage.errors import Failed
from tirage.media import still

VERSION = 30
"""Raised with every change of a kernel's signature, so that a stale library is refused and not called."""

TILE = still.TILE
"""Pixels on a side of the tiles that are classified together."""
TERMS, LANES = 7, 8
"""Half floats that a finished pixel and a texel of a light texture keep (kernels.h)."""
BOUNCE_ALBEDO, BOUNCE_GLOSS = 0.8, 0.025
"""The albedo at which bounces are summed, and what gloss and sheen add to any (shade.c)."""
INK = 7
EDGE, PRINT = 1, 2
"""Tile flags: some pixels lie at an edge; a print can reach it."""
FACE = 3
"""Words of 32 bits that a triangle facing the camera takes in raster.c's lists."""
MARKS = 64
"""Pixels in a word of the bits that say which pixels need more than one sample."""
ATLAS_STEPS, NOWHERE = 65534, 65535
"""Kept atlas positions: steps over its side, and the mark of a place where no print can lie."""
INSIDE, RIM, CHARTS = 0x80, 0x40, 64
"""Triangle flags: the inside of the cloth, its cut edge; below them the panel."""
FABRIC_LEVELS, FABRIC_ONE = 12, 32768
"""Finenesses that a fabric's tile may have, and the texel that stands for the fabric's mean (fabric.c)."""
TABLE = 256
BOX, FACET = 8, 10
"""Words of 32 bits that a box and a triangle take in mirror.c's tree."""
LAMP_POINTS = 4
LAMPS, LAMP_FIELDS = 6, 4
"""Lamps that a template may have, and half floats of each in a patch of texels."""
WORLD, BOUNCED = 6, 7
"""A texel's lanes of light after the lamps'."""

Array = NDArray[Any]
_floats = ctypes.c_float
_pointer = ctypes.c_void_p


class Struct(ctypes.Structure):
    """A kernel's structure that keeps the arrays alive whose addresses it holds; ctypes itself does not."""

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ctypes.c_void_p):
            self.__dict__[f"_{name}"] = value  # `pointer` hung the array on it
        super().__setattr__(name, value)


class Cloth(Struct):
    """light.c: how the cloth reflects."""

    _fields_ = [
        ("on_a", _floats),
        ("on_b", _floats),
        ("albedo_avg", _floats),
        ("alpha2", _floats),
        ("eta", _floats),
        ("gloss_gain", _floats),
        ("dull", _floats),
        ("sheen_weight", _floats),
        ("bounce_gain", _floats),
        ("bounce_k", _floats),
        ("sheen", _floats * (TABLE + 1)),
        ("ltc_a", _floats * (TABLE + 1)),
        ("ltc_b", _floats * (TABLE + 1)),
        ("gloss", _floats * (TABLE + 1)),
        ("albedo", _floats * (TABLE + 1)),
        ("ring", _floats * 256),
    ]


class Lamp(Struct):
    """light.c: sample points of one area light, metres, and where it shines."""

    _fields_ = [("point", _floats * 3 * LAMP_POINTS), ("axis", _floats * 3)]


class Patches(Struct):
    """light.c: one side of the cloth, 2 x 2 texels at a time."""

    _fields_ = [
        ("first", _pointer),
        ("texels", _pointer),
        ("place", _pointer),
        ("lamps", _pointer),
        ("light", _pointer),
        ("ring", _pointer),
        ("count", ctypes.c_int32),
        ("edge", ctypes.c_int32),
        ("lamp_count", ctypes.c_int32),
        ("size", ctypes.c_int32),
    ]


class Window(Struct):
    """coat.c: one area light as smooth cloth mirrors it."""

    _fields_ = [("corner", _floats * 3 * LAMP_POINTS), ("axis", _floats * 3), ("radiance", _floats)]


class Coat(Struct):
    """coat.c: where a smooth material lies, and what it mirrors."""

    _fields_ = [
        ("place", _pointer),
        ("origin", _floats * 3),
        ("step", _floats),
        ("size", ctypes.c_int32),
        ("lamp_count", ctypes.c_int32),
        ("alpha", _floats),
        ("world", _floats),
        ("albedo", _floats * (TABLE + 1)),
        ("lamps", Window * LAMPS),
    ]


class Open(Struct):
    """coat.c: what the thing itself does to what is mirrored: a factor on it, and what is there instead."""

    _fields_ = [("seen", _pointer), ("own", _pointer), ("size", ctypes.c_int32)]


class Tree(Struct):
    """mirror.c: a tree of boxes over a mesh."""

    _fields_ = [("boxes", _pointer), ("facets", _pointer), ("normal", _pointer), ("tri", _pointer)]


class Pane(Struct):
    """mirror.c: one area light as a mirror shows it."""

    _fields_ = [
        ("corner", _floats * 3),
        ("right", _floats * 3),
        ("down", _floats * 3),
        ("axis", _floats * 3),
        ("radiance", _floats),
    ]


class Outlook(Struct):
    """mirror.c: what surrounds the thing, and its index of refraction."""

    _fields_ = [
        ("lamps", Pane * LAMPS),
        ("lamp_count", ctypes.c_int32),
        ("world", _floats),
        ("index", _floats),
    ]


class Places(Struct):
    """mirror.c: places that mirror, and where they stand in a map."""

    _fields_ = [
        ("code", _pointer),
        ("index", _pointer),
        ("count", ctypes.c_int32),
        ("origin", _floats * 3),
        ("step", _floats),
    ]


class View(Struct):
    """raster.h: one camera's view of the mesh."""

    _fields_ = [
        ("corner", _pointer),
        ("uv", _pointer),
        ("tri", _pointer),
        ("flags", _pointer),
        ("tri_count", ctypes.c_int32),
        ("size", ctypes.c_int32),
    ]


class Cloths(Struct):
    """raster.h: light textures and the albedo detail."""

    _fields_ = [
        ("outside", _pointer),
        ("inside", _pointer),
        ("outside_size", ctypes.c_int32),
        ("inside_size", ctypes.c_int32),
        ("detail", _pointer),
        ("busy", _pointer),
        ("detail_size", ctypes.c_int32),
        ("busy_size", ctypes.c_int32),
        ("coat", _pointer),
        ("coat_size", ctypes.c_int32),
    ]


class Frame(Struct):
    """raster.h: what each pixel's centre shows."""

    _fields_ = [("shown", _pointer), ("atlas", _pointer), ("edges", _pointer), ("busy", _pointer)]


class Fabric(Struct):
    """fabric.c: a tile at finenesses half an octave apart.  Whoever fills `texels` keeps the arrays alive."""

    _fields_ = [
        ("texels", _pointer * FABRIC_LEVELS),
        ("side", ctypes.c_int32 * FABRIC_LEVELS),
        ("levels", ctypes.c_int32),
        ("tiles", _floats),
        ("finest", _floats),
        ("covered", ctypes.c_uint8 * CHARTS),
    ]


class Spans(Struct):
    """terms.c: where a view's finished pixels go."""

    _fields_ = [("x0", _pointer), ("x1", _pointer), ("offset", _pointer), ("terms", _pointer)]


class Prints(Struct):
    """terms.c: what marked tiles keep for prints."""

    _fields_ = [
        ("slot", _pointer),
        ("first", _pointer),
        ("stored", _pointer),
        ("samples", _pointer),
        ("surface", _pointer),
        ("printable", ctypes.c_uint8 * CHARTS),
    ]


class Layer(Struct):
    """print.c: one design's texels and where they lie."""

    _fields_ = [
        ("texels", _pointer),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("affine", _floats * 6),
        ("clip", _floats * 4),
    ]


class Canvas(Struct):
    """canvas.h: what a view has for prints on some panels."""

    _fields_ = [
        ("tile", _pointer),
        ("slot", _pointer),
        ("block", _pointer),
        ("atlas", _pointer),
        ("terms", _pointer),
        ("fabric", _pointer),
        ("first", _pointer),
        ("stored", _pointer),
        ("samples", _pointer),
        ("surface", _pointer),
        ("count", ctypes.c_int32),
        ("size", ctypes.c_int32),
    ]


class Yarn(Struct):
    """print.c: where ink is led off its place; all zero where it is not."""

    _fields_ = [("field", _pointer), ("side", ctypes.c_int32), ("tiles", _floats)]


class Around(Struct):
    """shade.c: the ink around each place on the atlas."""

    _fields_ = [("ink", _pointer), ("side", ctypes.c_int32)]


class Look(Struct):
    """shade.c: how a finished picture looks."""

    _fields_ = [
        ("fabric", _floats * 3),
        ("exposure", _floats),
        ("k_gain", _floats),
        ("k_slope", _floats),
        ("bounce", _floats * 3),
        ("hue", _floats * 3),
        ("deep", _floats * 3),
        ("bounce_ratio", _floats),
        ("background", _floats * 3),
        ("ink_bare", _floats),
        ("ink_grip", _floats),
        ("ink_keeps", _floats),
        ("ink_soft", _floats),
        ("channels", ctypes.c_int32),
    ]


@cache
def library() -> ctypes.CDLL:
    """The build for this processor.  Raises Failed when the package was installed without its kernels."""
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    folder = Path(__file__).parent / "native"
    for name in ("_kernels_generic", "_kernels"):
        path = folder / f"{name}{suffix}"
        if not path.is_file():
            continue
        found = ctypes.CDLL(str(path))
        if found.tirage_kernels_version() != VERSION:
            break
        if name == "_kernels" or not found.tirage_cpu_is_fast():
            return found
    raise Failed(
        "KERNELS_MISSING",
        "The compiled kernels of this installation are missing or of another version.",
        hint="Install Tirage again (in a checkout: make native).",
    )


def pointer(array: Array, dtype: type[np.generic]) -> ctypes.c_void_p:
    """Where a C-contiguous array of that type lies, kept alive by it; another kind is a bug of ours."""
    if array.dtype != np.dtype(dtype) or not array.flags.c_contiguous:
        raise TypeError(f"kernel wants contiguous {np.dtype(dtype)}, got {array.dtype}")
    return array.ctypes.data_as(ctypes.c_void_p)


def call(name: str, *arguments: object) -> int:
    """Run a kernel, without the interpreter lock; structures go by reference, Python ints as C int."""
    return int(getattr(library(), name)(*arguments))


def call_with_memory(name: str, *arguments: object) -> None:
    """Run a kernel that needs memory of its own; MemoryError when there is none."""
    if call(name, *arguments):
        raise MemoryError(f"no memory for {name}")
