"""Seals a template package again after its template.json or one of its files was edited by hand.
Run `python scripts/seal.py FOLDER`: hashes are written anew, then everything is checked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from tirage.errors import Finding
from tirage.mockup.description import content_sha256
from tirage.mockup.template import DESCRIPTION, check


def seal(folder: Path) -> list[Finding]:
    """Writes the hashes of the files that the description lists, and its own; what `check` finds then."""
    path = folder / DESCRIPTION
    content: dict[str, Any] = json.loads(path.read_text())
    content["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in content["files"]
    }
    content["content_sha256"] = content_sha256(content)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return check(folder)


def main() -> int:
    """Seals, prints findings; 1 when there are any."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = seal(Path(sys.argv[1]))
    for one in found:
        print(f"{one.severity}: {one.where}: {one.message}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
