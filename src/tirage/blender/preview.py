"""A quick look at the garment in Blender: six angles on one sheet (preview.png), or the thumbnail."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
from material import dress  # noqa: E402
from pictures import develop, linear_hex, over, write_png  # noqa: E402
from scene import open_studio, render  # noqa: E402
from words import words  # noqa: E402

from studio import Studio  # noqa: E402

AZIMUTHS = (0, 45, 90, 180, 270, 315)
BACKGROUND = 242


def sheet(studio: Studio, folder: Path, *, size: int, samples: int) -> None:
    """Two rows of three angles."""
    exposure = studio.description["exposure"]
    shots = [
        over(
            develop(render(studio, folder / "preview.exr", azimuth=a, size=size, samples=samples), exposure),
            BACKGROUND,
        )
        for a in AZIMUTHS
    ]
    write_png(folder / "preview.png", np.vstack([np.hstack(shots[:3]), np.hstack(shots[3:])]))


def thumbnail(studio: Studio, folder: Path, *, size: int = 384, samples: int = 128) -> None:
    """The front, small: thumbnail.png."""
    picture = render(studio, folder / "preview.exr", azimuth=0, size=size, samples=samples)
    write_png(folder / "thumbnail.png", over(develop(picture, studio.description["exposure"]), BACKGROUND))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the scene folder")
    parser.add_argument("--colour", default="#e6e6e3")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--thumbnail", action="store_true", help="only the package's thumbnail")
    options = parser.parse_args(words())
    place = options.folder.resolve()
    opened = open_studio(place)
    dress(opened, colour=linear_hex(options.colour), prints=[])
    if options.thumbnail:
        thumbnail(opened, place)
    else:
        sheet(opened, place, size=options.size, samples=options.samples)
    (place / "preview.exr").unlink()
