"""Formats of edits: each a file that turns bytes into an `Edl` with findings, or an `Edl` into bytes."""
