"""`python -m tirage` is the command `tirage`."""

from tirage.cli import main

main()
