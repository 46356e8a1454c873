"""Tirage turns a design into product photos and a turntable video of a real garment.
The public names, in the order they build on each other; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tirage.errors import BadInput as BadInput
    from tirage.errors import Failed as Failed
    from tirage.errors import Finding as Finding
    from tirage.errors import Severity as Severity
    from tirage.errors import TirageError as TirageError
    from tirage.errors import TryAgain as TryAgain
    from tirage.media.encode import ImageFormat as ImageFormat
    from tirage.mockup.catalogue import Preset as Preset
    from tirage.mockup.cells import MatrixOrder as MatrixOrder
    from tirage.mockup.matrix import MatrixResult as MatrixResult
    from tirage.mockup.matrix import make_matrix as make_matrix
    from tirage.mockup.order import Art as Art
    from tirage.mockup.order import MockupOrder as MockupOrder
    from tirage.mockup.order import Mode as Mode
    from tirage.mockup.pipeline import MockupResult as MockupResult
    from tirage.mockup.pipeline import make_mockup as make_mockup
    from tirage.mockup.placement import Placement as Placement
    from tirage.mockup.relight import Renderer as Renderer
    from tirage.mockup.template import load

    load_template = load

__version__ = "0.1.0.dev0"

_HOMES = {
    "Severity": "tirage.errors",
    "Finding": "tirage.errors",
    "TirageError": "tirage.errors",
    "BadInput": "tirage.errors",
    "Failed": "tirage.errors",
    "TryAgain": "tirage.errors",
    "ImageFormat": "tirage.media.encode",
    "Preset": "tirage.mockup.catalogue",
    "Placement": "tirage.mockup.placement",
    "load_template": "tirage.mockup.template",
    "Renderer": "tirage.mockup.relight",
    "Mode": "tirage.mockup.order",
    "Art": "tirage.mockup.order",
    "MockupOrder": "tirage.mockup.order",
    "MockupResult": "tirage.mockup.pipeline",
    "make_mockup": "tirage.mockup.pipeline",
    "MatrixOrder": "tirage.mockup.cells",
    "MatrixResult": "tirage.mockup.matrix",
    "make_matrix": "tirage.mockup.matrix",
}
_NAMES = {"load_template": "load"}
"""What a public name is called at home, where that is not the same."""
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 – the keys are names


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tirage' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), _NAMES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
