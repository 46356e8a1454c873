"""What another version of a template changes for a shop: its pictures, and what can be ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tirage.authoring.chart import charted
from tirage.authoring.difference import BACKGROUND, Apart, apart
from tirage.authoring.goldens import MEAN, WORST, shades
from tirage.media.values import Colour
from tirage.mockup.model import Template
from tirage.mockup.relight import Renderer

SIZE = 512


@dataclass(frozen=True, slots=True)
class ViewChange:
    """One view in the lightest and the darkest colour: the greater of both differences."""

    view: str
    apart: Apart

    @property
    def changed(self) -> bool:
        """Whether it looks different at all."""
        return self.apart.mean > MEAN or self.apart.worst > WORST


@dataclass(frozen=True, slots=True)
class Impact:
    """What an upgrade changes: views, and the names that orders may use."""

    views: tuple[ViewChange, ...]
    gone: tuple[str, ...]
    """What can be ordered no more, or lies elsewhere now."""
    new: tuple[str, ...]


def impact(old: Template, new: Template) -> Impact:
    """Render both and compare; a few seconds."""
    before, after = _orderable(old), _orderable(new)
    return Impact(
        views=tuple(_views(old, new)),
        gone=tuple(name for name in before if name not in after or before[name] != after[name]),
        new=tuple(name for name in after if name not in before),
    )


def _views(old: Template, new: Template) -> Iterable[ViewChange]:
    renderers = [Renderer(template, keep=False) for template in (old, new)]
    azimuths = {view.name: view.azimuth for view in old.views}
    for view in new.views:
        if view.name in azimuths:
            found = [_view(renderers, (azimuths[view.name], view.azimuth), c) for c in shades(old).values()]
            yield ViewChange(view.name, Apart(max(f.mean for f in found), max(f.worst for f in found)))


def _view(renderers: list[Renderer], azimuths: tuple[float, float], colour: Colour) -> Apart:
    first, second = (
        renderer.still(
            prints=charted(renderer.template),
            colour=colour,
            azimuth=azimuth,
            size=SIZE,
            background=BACKGROUND,
        )
        for renderer, azimuth in zip(renderers, azimuths, strict=True)
    )
    return apart(first, second)


def _orderable(template: Template) -> dict[str, object]:
    """Everything that an order may name, with what it means."""
    return {
        **{f"view {view.name}": view.azimuth for view in template.views},
        **{f"preset {name}": rule for name, rule in template.presets.items()},
        **{f"colour {name}": colour for name, colour in template.colours.items()},
        **{f"panel {panel.name}": panel.print_area for panel in template.panels if panel.print_area},
    }
