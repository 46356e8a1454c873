"""A shop's order through the library: front and back printed, in the buyer's colour, errors told apart.
Run `python examples/shop_order.py OUT`; the files of the order appear there together, or none do.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tirage import Art, BadInput, ImageFormat, MockupOrder, Placement, Preset, TryAgain, make_mockup

DESIGN = Path(__file__).with_name("design.png")


def order(out: Path) -> MockupOrder:
    """A large print on the chest and a small one below the collar at the back, both of one design."""
    return MockupOrder(
        arts=(Art(DESIGN, Preset.CHEST_LARGE), Art(DESIGN, Placement(panel="back", x=0, y=12, width=9))),
        colour="#1d3557",
        size=1024,
        format=ImageFormat.JPEG,
        out=out,
    )


def main(out: Path) -> int:
    """Makes the order, prints what a shop would store, and says what to do when it cannot be made."""
    try:
        result = make_mockup(order(out), progress=lambda stage, done, total: print(f"{stage} {done}/{total}"))
    except BadInput as error:  # tell the buyer
        print(f"{error.code}: {error.message} {error.hint}")
        return error.exit_code
    except TryAgain as error:  # put the job back into the queue
        print(f"later: {error.message}")
        return error.exit_code
    for finding in result.manifest.findings:  # show these beside the preview
        print(f"{finding.severity}: {finding.message} {finding.hint}")
    for file in result.manifest.files:
        print(file.role, result.folder / file.name, file.sha256[:12])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/shop_order")))
