"""The web interface's types of the API, written by openapi-typescript from the description of the routes.
Run by `make studio-types`; the first line says which description they are of, and a test compares that.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tirage.web.build import bare_api

UI = Path(__file__).resolve().parent.parent / "ui"
TARGET = UI / "src" / "api" / "schema.d.ts"
MADE = "/* Made by `make studio-types` of the API's description {digest}; change the routes instead. */\n"


def description() -> str:
    """The API's description as one text."""
    return json.dumps(bare_api().openapi(), sort_keys=True, indent=1)


def heading() -> str:
    """The file's first line: what it was made of."""
    return MADE.format(digest=hashlib.sha256(description().encode()).hexdigest()[:16])


def main() -> None:
    """Writes the file; needs the interface's Node packages."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        source.write_text(description())
        command = ["npx", "--no-install", "openapi-typescript", str(source), "--default-non-nullable=false"]
        subprocess.run([*command, "-o", str(made)], check=True, cwd=UI, stdout=sys.stderr)
        TARGET.write_text(heading() + made.read_text())


if __name__ == "__main__":
    main()
