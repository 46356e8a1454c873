"""Expand the finished garment into the closed cloth (build/shell.npz) that Blender bakes and photographs.

It is the product's own expansion, so that renderer and references agree on every vertex."""

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
from params import BUILD

from tirage.mockup.mesh import Garment, expand


def main(folder: Path) -> None:
    """Read garment.npz, write shell.npz (uncompressed: the same mesh gives the same bytes)."""
    shell = expand(Garment.load(folder / "garment.npz"))
    np.savez(folder / "shell.npz", **{field.name: getattr(shell, field.name) for field in fields(shell)})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD)
