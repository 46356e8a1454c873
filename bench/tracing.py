"""How long path-traced Blender takes for a picture of the same scene; runs inside Blender's environment.
Prints one JSON object: CPU and wall seconds of two short renders, for `bench` to compare and extrapolate.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT / "src" / "tirage" / "blender")
BUILD = ROOT / "templates" / "tee" / "build"

from material import dress  # noqa: E402
from pictures import linear_hex  # noqa: E402
from scene import open_studio, render  # noqa: E402

SIZE = 512
SAMPLES = (16, 64)


def main() -> None:
    """Render the front of a plain white tee with few and with more samples."""
    studio = open_studio(BUILD)
    dress(studio, colour=linear_hex("#e6e6e3"), prints=[])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.exr"
        render(studio, path, azimuth=0, size=64, samples=1)
        for samples in SAMPLES:
            wall, cpu = time.perf_counter(), time.process_time()
            render(studio, path, azimuth=0, size=SIZE, samples=samples)
            spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            found.append({"size": SIZE, "samples": samples, **spent})
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
