"""How finely a design is printed: known from its pixels and its width on the garment, undecoded."""

from __future__ import annotations

from tirage.errors import Finding, Severity

CM_PER_INCH = 2.54
POOR_DPI, GOOD_DPI = 150, 300


def resolution_finding(name: str, *, pixels: int, width_cm: float, where: str) -> Finding | None:
    """LOW_RESOLUTION: a warning below 150 DPI, a note below 300; None for what is fine enough."""
    dpi = pixels / width_cm * CM_PER_INCH
    if dpi >= GOOD_DPI:
        return None
    poor = dpi < POOR_DPI
    wanted = POOR_DPI if poor else GOOD_DPI
    needed, narrower = width_cm / CM_PER_INCH * wanted, pixels / wanted * CM_PER_INCH
    message = f"{name} prints at {dpi:.0f} DPI: {pixels} pixels over {width_cm:.1f} cm."
    hint = f"Give it {needed:.0f} pixels of width, or print it {narrower:.1f} cm wide, for {wanted} DPI."
    return Finding("LOW_RESOLUTION", Severity.WARNING if poor else Severity.NOTE, message, hint, where)
