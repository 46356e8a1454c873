"""Write the template package that ships: quantised mesh, 8-bit light maps, detail, thumbnail, template.json.

The same build files give the same bytes; the package's own README describes the format."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.authoring.describe import BOUNCES, bounds, describe
from tirage.authoring.goldens import goldens
from tirage.authoring.plan import TRIMS
from tirage.authoring.ring import ratios
from tirage.authoring.source import Source
from tirage.authoring.unseen import cells_seen, with_inner
from tirage.mockup.cloth import RING_EVEN, RING_STEPS
from tirage.mockup.description import content_sha256
from tirage.mockup.mesh_file import write_mesh
from tirage.mockup.model import RING
from tirage.mockup.template import RING_MAPS, load

FORMAT_PAGE = Path(__file__).resolve().parent / "FORMAT.md"
RELIEF = "relief.png"
PLAIN = np.full((8, 8), 255, np.uint8)


def encode_grey(codes: NDArray[np.uint8]) -> bytes:
    """The smallest of the PNG encoder's strategies; the picture decodes to the same bytes with each."""
    strategies = (cv2.IMWRITE_PNG_STRATEGY_FILTERED, cv2.IMWRITE_PNG_STRATEGY_DEFAULT)
    options = [
        [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, strategy] for strategy in strategies
    ]
    return min((cv2.imencode(".png", codes, option)[1].tobytes() for option in options), key=len)


def encode_light(light: NDArray[np.float32]) -> tuple[bytes, float]:
    """A linear map as 8-bit square roots, and the scale: light = (code / 255)² · scale."""
    scale = float(np.float32(light.max()))
    codes = np.rint(np.sqrt(light / max(scale, 1e-12)) * 255).astype(np.uint8)
    return encode_grey(codes), float(f"{scale:.6g}")


def light_files(
    folder: Path, lamps: list[str], *, trims: bool = False
) -> tuple[dict[str, bytes], dict[str, dict[str, Any]]]:
    """The light maps as files, and template.json's table of them.

    With `trims`, the sky's has what they bounce."""
    stored = {name: f"lamp{index}" for index, name in enumerate(lamps)}
    files: dict[str, bytes] = {}
    table: dict[str, dict[str, Any]] = {}
    for name in (*lamps, "world", *BOUNCES):
        table[name] = {}
        for side in ("outside", "inside"):
            file = f"light_{side}_{stored.get(name, name)}.png"
            light = np.load(folder / "light" / f"{stored.get(name, name)}_{side}.npy")
            if trims and name == "world":
                light = light + np.load(folder / "light" / f"{TRIMS}_{side}.npy")
            files[file], table[name][f"{side}_scale"] = encode_light(light)
            table[name][side] = file
    return files, table


def ring_files(seen: Mapping[tuple[str, str], NDArray[np.float32]]) -> dict[str, bytes]:
    """How the ring of cameras sees light, in logarithmic codes (model.RingMap)."""
    files: dict[str, bytes] = {}
    for kind, names in RING_MAPS.items():
        codes = (
            np.rint(RING_EVEN + RING_STEPS * np.log2(np.maximum(seen[kind], 1e-9)))
            .clip(0, 255)
            .astype(np.uint8)
        )
        files |= {name: encode_grey(image) for name, image in zip(names, codes, strict=True)}
    return files


def thumbnail(folder: Path) -> bytes:
    """The preview's front picture as a JPEG."""
    picture = cv2.imread(str(folder / "thumbnail.png"), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(f"{folder}/thumbnail.png is missing: make the thumbnail first")
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def detail(folder: Path) -> bytes:
    """The albedo's detail map, encoded small; plain where the source has none."""
    if not (folder / "detail.png").exists():
        return encode_grey(PLAIN)
    codes = cv2.imread(str(folder / "detail.png"), cv2.IMREAD_GRAYSCALE)
    if codes is None:
        raise FileNotFoundError(f"{folder}/detail.png is missing")
    return encode_grey(np.asarray(codes, np.uint8))


def relief(source: Source) -> tuple[bytes, float]:
    """The height map as 8-bit codes over the heights it has, and their range in mm. OSError: there is none.

    Only slopes show; codes of 10 µm at 16 texels a centimetre keep them within a quarter of a degree."""
    height = cv2.imread(str(source.build / "height.png"), cv2.IMREAD_UNCHANGED)
    if height is None:
        raise FileNotFoundError(f"{source.build}/height.png is missing")
    low, high = float(height.min()), float(height.max())
    codes = np.rint((height.astype(np.float64) - low) * (255 / max(high - low, 1))).astype(np.uint8)
    most = 65535 if height.dtype == np.uint16 else 255
    return encode_grey(codes), float(f"{(high - low) / most * source.description['height_range_mm']:.6g}")


def pack(source: Source, target: Path) -> None:
    """Write the package into an emptied `target`; prints its size.

    First without what the ring of cameras saw, for that is held against what such a package shows; then
    without golden pictures, for that is what they are pictures of."""
    folder, atlas_cm = source.build, source.atlas_cm
    garment = with_inner(source.garment(), source.camera, atlas_cm)
    files, light = light_files(folder, source.lamps)
    files |= {"mesh.npz": write_mesh(garment, atlas_cm=atlas_cm), "detail.png": detail(folder)}
    files |= {"thumbnail.jpg": thumbnail(folder), **source.pictures()}
    files |= {"LICENSE": (source.folder / "LICENSE").read_bytes(), "README.md": FORMAT_PAGE.read_bytes()}
    content = describe(source.packaged, partial(bounds, garment), light)
    if (folder / "height.png").exists():
        files[RELIEF], relief_mm = relief(source)
        content["relief"] = {"file": RELIEF, "range_mm": relief_mm}
    content |= {"light_sets": [], "view_maps": []}
    cells = cells_seen(garment, source.camera, atlas_cm) if garment.solid else None
    with TemporaryDirectory() as scratch:
        even = dict.fromkeys(RING_MAPS, np.ones((len(RING), 1, 1), np.float32))
        write(content, files | ring_files(even), Path(scratch) / "even")
        files |= ring_files(ratios(folder, load(Path(scratch) / "even"), cells))
        if source.trims_bounce:
            lit, content["light"] = light_files(folder, source.lamps, trims=True)
            files |= lit
        write(content, files, Path(scratch) / "plain")
        pictures = goldens(load(Path(scratch) / "plain"))
    content["goldens"] = [
        {"file": golden.file, "view": golden.view, "colour": golden.colour.hex()} for golden in pictures
    ]
    write(content, files | {golden.file: data for golden, data in pictures.items()}, target)
    sizes = {path.name: path.stat().st_size for path in sorted(target.iterdir())}
    for name, size in sizes.items():
        print(f"{size:>9,} {name}")
    print(f"{sum(sizes.values()):>9,} bytes in all, content {load(target).info.content_sha256[:16]}")


def write(description: dict[str, Any], files: dict[str, bytes], target: Path) -> None:
    """Write the files, and template.json with their hashes, into an emptied folder."""
    content = description | {
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    }
    content["content_sha256"] = content_sha256(json.loads(json.dumps(content)))
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for name, data in files.items():
        (target / name).write_bytes(data)
    (target / "template.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
