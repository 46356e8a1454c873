"""Runs the tee's scripts with this garment's numbers: `python templates/longsleeve/make.py drape finish`;
without words all but the drape."""

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
USUAL = ("params", "finish", "detail", "measure")

if __name__ == "__main__":
    words = sys.argv[1:] or list(USUAL)
    sys.argv[1:] = []  # the scripts read their own
    sys.path[:0] = [str(HERE), str(HERE.parent / "tee")]  # ours come first: params and sleeve_fans
    for word in words:
        import_module(word).main()
