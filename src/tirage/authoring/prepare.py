"""Writes what Blender works on: the closed cloth (shell.npz), the scene (scene.json), the bakes (plan.json).

The cloth is the product's own expansion, so that renderer and references agree on every vertex."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np

from tirage.authoring.plan import plan
from tirage.authoring.source import Source
from tirage.mockup.coat import glazed
from tirage.mockup.mesh import expand


def prepare(source: Source, *, quality: float) -> None:
    """Write the three files, tiles and trims into the build folder; the same source gives the same bytes."""
    garment = source.garment()
    shell = expand(garment)
    arrays = {field.name: getattr(shell, field.name) for field in fields(shell)}
    np.savez(source.build / "shell.npz", **arrays)
    for name, picture in source.pictures().items():
        (source.build / name).write_bytes(picture)
    for name, content in (
        ("scene.json", source.scene()),
        (
            "plan.json",
            plan(
                len(source.lamps),
                quality,
                solid=garment.solid,
                glazed=glazed(source.material),
                trims=source.trims_bounce,
            ),
        ),
    ):
        (source.build / name).write_text(json.dumps(content, indent=1) + "\n")
