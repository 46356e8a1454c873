"""Pictures that outlive their attempt: where one takes minutes, whoever takes over goes on with the next."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.pipeline import Drawing
from tirage.mockup.placement import Print

Picture = NDArray[np.uint8]


class Resumed:
    """A renderer that writes each picture into a folder, and finds there what was made before.

    The folder belongs to one order: prints and colours are not looked at.
    """

    def __init__(self, renderer: Drawing, folder: Path) -> None:
        """OSError: the folder cannot be made."""
        folder.mkdir(parents=True, exist_ok=True)
        self._real = renderer
        self._folder = folder

    @property
    def template(self) -> Template:
        """What it draws."""
        return self._real.template

    @property
    def renderer(self) -> RendererInfo:
        """The one that renders what is missing."""
        return self._real.renderer

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths.  Errors of the renderer; OSError."""
        for azimuth in azimuths:
            path = self._folder / f"{size}-{azimuth:.3f}.npy"
            picture = _read(path)
            if picture is None:
                (picture,) = self._real.stills(
                    prints=prints, colour=colour, azimuths=[azimuth], size=size, background=background
                )
                _write(path, picture)
            yield picture

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """One turn, frame by frame."""
        azimuths = [360 * number / frames for number in range(frames)]
        return self.stills(prints=prints, colour=colour, azimuths=azimuths, size=size, background=background)


def _read(path: Path) -> Picture | None:
    """None when it is not there, or not whole."""
    try:
        picture: Picture = np.load(path)
    except (OSError, EOFError, ValueError):
        return None
    return picture


def _write(path: Path, picture: Picture) -> None:
    """Whole or not at all; an attempt that is only slow may write the same at this moment."""
    part = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    with part.open("wb") as file:
        np.save(file, picture)
    part.replace(path)
