"""What the command prints: a summary for people, or one JSON object; errors as one clear block."""

from __future__ import annotations

import json as json_lines
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tirage.errors import Finding, Severity, TirageError

if TYPE_CHECKING:
    from tirage.mockup.matrix import CellResult, MatrixResult
    from tirage.mockup.pipeline import MockupResult

LAST_WORDS = 6
"""Lines of a child's standard error that are shown."""
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def mockup(result: MockupResult, *, timings: Mapping[str, float], json: bool) -> None:
    """One finished order."""
    if json:
        rounded = {stage: round(spent, 1) for stage, spent in timings.items()}
        show_json({**result.manifest.to_dict(), "folder": str(result.folder), "timings_ms": rounded})
        return
    findings(result.manifest.findings)
    typer.echo(f"{len(result.manifest.files) + 1} files in {timings['total'] / 1000:.2f} s:")
    for file in result.manifest.files:
        frames = f" × {file.frames} frames" if file.frames else ""
        shape = f"{file.width} × {file.height}{frames}, " if file.width else ""
        typer.echo(f"  {result.folder / file.name}  {shape}{size(file.bytes)}")


def matrix(result: MatrixResult, *, total: float, json: bool) -> None:
    """All cells; the failed ones at the end."""
    failed = result.failed
    made = len(result.cells) - len(failed)
    if json:
        cells = [_cell(cell) for cell in result.cells]
        timings = {"total": round(total, 1)}
        show_json({"made": made, "failed": len(failed), "cells": cells, "timings_ms": timings})
        return
    for cell in result.cells:
        if cell.result:
            worst = [found for found in cell.result.manifest.findings if found.severity is Severity.WARNING]
            typer.echo(f"{cell.result.folder}" + (f"  {len(worst)} warnings" if worst else ""))
    typer.echo(f"{made} of {len(result.cells)} made in {total / 1000:.2f} s")
    for cell in failed:
        if cell.error:
            typer.echo(f"{cell.cell.order.out}:", err=True)
            error(cell.error, json=False)


def _cell(cell: CellResult) -> dict[str, object]:
    names = {"design": cell.cell.design, "preset": cell.cell.preset, "colour": cell.cell.colour}
    entry: dict[str, object] = {**names, "source": str(cell.cell.path), "folder": str(cell.cell.order.out)}
    if cell.result:
        manifest = cell.result.manifest.to_dict()
        return {**entry, "made": True, "files": manifest["files"], "findings": manifest["findings"]}
    return {**entry, "made": False, "error": error_entry(cell.error) if cell.error else None}


def error(error: TirageError, *, json: bool) -> None:
    """The sentence, the code, what to do; JSON goes to standard output, text to standard error."""
    if json:
        show_json({"error": error_entry(error)})
        return
    typer.echo(typer.style("error: ", fg="red", bold=True) + error.message, err=True)
    typer.echo(f"  code: {error.code}", err=True)
    if error.hint:
        typer.echo(f"  hint: {error.hint}", err=True)
    findings(found for found in error.findings if found.message != error.message)
    for note in getattr(error, "__notes__", ()):  # a child's last words
        typer.echo("\n".join(f"  | {line}" for line in note.splitlines()[-LAST_WORDS:]), err=True)


def error_entry(error: TirageError) -> dict[str, object]:
    """An error as plain values."""
    return {
        "code": error.code,
        "category": error.category,
        "message": error.message,
        "hint": error.hint,
        "retryable": error.retryable,
        "findings": [asdict(found) for found in error.findings],
    }


def findings(found: Iterable[Finding]) -> None:
    """What a check found, on standard error."""
    for one in found:
        head = typer.style(f"{one.severity}: ", fg=COLOURS[one.severity])
        typer.echo(f"{head}{one.message} [{one.code}]", err=True)
        if one.hint:
            typer.echo(f"  hint: {one.hint}", err=True)


def show_json(value: Mapping[str, object]) -> None:
    """One object on standard output."""
    json_lines.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
