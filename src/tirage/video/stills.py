"""The plan's graphics as files: drawn once, kept by the key of their content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tirage.media.browser import find_browser
from tirage.video import graphics
from tirage.video.filters import Still
from tirage.video.segment import Picture, digest
from tirage.video.workshop import Workshop

__all__ = ["make_stills"]


def make_stills(pictures: Iterable[Picture], workshop: Workshop) -> Mapping[str, Still]:
    """The file of every picture, by its key.

    BadInput: GRAPHIC_UNKNOWN.  UsageError: BROWSER_MISSING, FONT_MISSING.
    """
    return {picture.key: _still(picture, workshop) for picture in pictures}


def _still(picture: Picture, workshop: Workshop) -> Still:
    key = digest({"picture": picture.key, "version": graphics.VERSION})
    place = workshop.shelf.find(key, ".at")
    found = workshop.shelf.find(key, ".png")
    if place is None or found is None:
        with workshop.shelf.room() as room:
            x, y, pixels = graphics.inked(_pixels(picture, workshop))
            drawn, beside = room / "still.png", room / "still.at"
            drawn.write_bytes(graphics.still_file(pixels))
            beside.write_text(f"{x} {y}", encoding="ascii")
            found, place = workshop.shelf.put(key, drawn), workshop.shelf.put(key, beside)
    x, y = map(int, place.read_text(encoding="ascii").split())
    return Still(path=str(found), x=x, y=y)


def _pixels(picture: Picture, workshop: Workshop) -> graphics.Pixels:
    if not picture.sha256:
        return graphics.draw(picture)
    return graphics.page_pixels(picture, browser=find_browser(workshop.browser))
