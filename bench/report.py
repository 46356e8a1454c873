"""The benchmark's page: everything that was measured as Markdown tables that read well on a terminal too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from bench.colours import Kept
from bench.quality import Score
from bench.targets import TARGETS, Measured, Target

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of everything."""

    machine: str
    load: float
    measured: Sequence[Measured] = ()
    scores: Sequence[Score] = ()
    colours: Sequence[Kept] = ()
    cycles: Sequence[Measured] = ()
    notes: Sequence[str] = field(default_factory=list)

    def found(self, target: Target) -> Measured | None:
        """What was measured for a target; None when it was not."""
        return next((found for found in self.measured if found.what == target.what), None)


def missed(results: Results, *, smoke: bool) -> list[str]:
    """The targets that do not hold, as sentences; a smoke run's name its own bound."""
    sentences = []
    for target in TARGETS:
        found = results.found(target)
        if found is not None and not target.met_by(found, smoke=smoke):
            bound = f"{target.sense} {target.limit(smoke=smoke):.4g}"
            whose = f", the smoke run's bound (the target is {target.bound:g})" if smoke else ""
            sentences.append(f"{target.what}: {found.value:.4g} {target.unit} is not {bound}{whose}")
    return sentences


def smoke_page(results: Results) -> str:
    """What a smoke run prints: each target beside the bound that this run is held to."""
    rows = []
    for target in TARGETS:
        found = results.found(target)
        if found is not None:
            best = "" if found.undisturbed is None else _figure(found.undisturbed)
            bounds = (f"{target.sense} {target.bound:g}", f"{target.sense} {target.limit(smoke=True):.4g}")
            verdict = "yes" if target.met_by(found, smoke=True) else "NO"
            rows.append((target.what, target.unit, *bounds, _figure(found.value), best, verdict, found.note))
    head = (
        "what",
        "unit",
        "target",
        "smoke's bound",
        "measured",
        "by CPU time",
        "holds",
        "median of",
    )
    text = (
        "A smoke run fails only beyond its own, loose bounds. Times and rates count by the clock or by CPU "
        "time, whichever is better, so that other work on the machine cannot fail it; targets are judged by "
        "`make bench`."
    )
    return "\n\n".join([_machine(results), *results.notes, text, table(head, rows)]) + "\n"


def page(results: Results) -> str:
    """docs/benchmarks.md."""
    parts = [
        "# Benchmarks",
        "Made by `make bench`; nothing here is written by hand.",
        _machine(results),
        *(f"**{note}**" for note in results.notes),
        "## Targets",
        _targets(results),
        *_quality(results),
        *_colours(results.colours),
        *_speed(results),
        *_cycles(results.cycles),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _machine(results: Results) -> str:
    return f"Machine: {results.machine}. While it ran, {results.load:.1f} processes wanted each core."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with aligned columns; empty without rows."""
    cells = [list(row) for row in rows]
    if not cells:
        return ""
    widths = [max(len(row[column]) for row in [head, *cells]) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [head, *cells]
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _targets(results: Results) -> str:
    rows = []
    for target in TARGETS:
        found = results.found(target)
        aim = f" (aim {target.aim:g})" if target.aim else ""
        bound = f"{target.sense} {target.bound:g} {target.unit}{aim}"
        if found is None:
            rows.append((target.what, bound, "", "not measured", ""))
        else:
            reached = "yes" if target.met_by(found) else "NO"
            rows.append((target.what, bound, f"{_figure(found.value)} {target.unit}", reached, found.note))
    return table(("what", "target", "measured", "reached", "median of"), rows)


def _quality(results: Results) -> Iterable[str]:
    yield "## Quality"
    yield (
        "Against Cycles with the unsimplified cloth: 8-bit sRGB over #f2f2f2, pixels with reference alpha "
        "above 2 %, before encoding, through `Renderer.still`. `outside` leaves out pixels that see the "
        "inside or the cut edge of the cloth within the pixel filter's reach, `surface` the silhouettes as "
        "well. SSIM: luma, 11 × 11 Gaussian (σ 1.5), mean over the same pixels. Every reference was taken "
        "twice with so many samples and without a denoiser; what one take alone differs in is its noise "
        "(last column) and does not count ([how](relight.md#how-it-is-measured))."
    )
    yield table(
        ("picture", "size", "samples", "whole dB", "outside dB", "surface dB", "SSIM", "noise dB"),
        [_score_row(score) for score in results.scores],
    )
    if results.scores:
        yield "Where the error is: shares of the garment's pixels and of the squared error, mean of all."
        yield table(("part", "pixels", "error", "dB", "worst dB"), _part_rows(results.scores))
        yield "And in each picture, dB (share of its error):"
        yield table(("picture", *results.scores[0].parts), map(_share_row, results.scores))


def _score_row(score: Score) -> tuple[str, ...]:
    reference = score.reference
    figures = (f"{value:.2f}" for value in (score.whole, score.outside, score.surface))
    rest = (f"{score.ssim:.4f}", f"{score.noise:.1f}")
    return (reference.name, f"{reference.size}", f"2 × {reference.samples}", *figures, *rest)


def _part_rows(scores: Sequence[Score]) -> Iterable[tuple[str, ...]]:
    for name in scores[0].parts:
        parts = [score.parts[name] for score in scores]
        pixels, error = (fmean(values) for values in ([p.pixels for p in parts], [p.error for p in parts]))
        levels = [part.decibels for part in parts if part.pixels]
        shown = (f"{fmean(levels):.1f}", f"{min(levels):.1f}") if levels else ("–", "–")
        yield name, f"{pixels:.1%}", f"{error:.1%}", *shown


def _share_row(score: Score) -> tuple[str, ...]:
    shares = (f"{part.decibels:.1f} ({part.error:.0%})" for part in score.parts.values())
    return (score.reference.name, *shares)


def _colours(colours: Sequence[Kept]) -> Iterable[str]:
    if not colours:
        return
    yield "## Colours"
    yield (
        "A flat patch on the front, in its brightest quarter: lightness and chroma in CIELAB, asked → seen; "
        "the hue's turn; the chroma kept at equal lightness. Below a chroma of 8 there is no hue to turn."
    )
    yield table(
        ("colour", "as", "sRGB", "L*", "chroma", "hue turns", "chroma kept"), map(_colour_row, colours)
    )


def _colour_row(kept: Kept) -> tuple[str, ...]:
    lightness, chroma = (f"{a:.0f} → {b:.0f}" for a, b in (kept.lightness, kept.chroma))
    judged = ("–", f"{kept.tinted:+.1f} C*") if kept.grey else (f"{kept.turned:.1f}°", f"{kept.share:.0%}")
    return (kept.name, kept.material, kept.colour.hex(), lightness, chroma, *judged)


def _speed(results: Results) -> Iterable[str]:
    named = {target.what for target in TARGETS}
    others = [found for found in results.measured if found.what not in named]
    plain = [found for found in others if ": " not in found.what]
    if not plain:
        return
    yield "## Also measured"
    yield table(
        ("what", "value", "of"),
        [(found.what, f"{_figure(found.value)} {found.unit}", found.note) for found in plain],
    )
    yield "## Kernels"
    yield "CPU milliseconds of one thread: a 2048² still with more and more kept, and a 1024² frame."
    yield _kernels([found for found in others if ": " in found.what])


def _kernels(found: Sequence[Measured]) -> str:
    cells: dict[str, dict[str, float]] = {}
    for each in found:
        column, kernel = each.what.split(": ", 1)
        cells.setdefault(kernel, {})[column] = each.value
    columns = list(dict.fromkeys(each.what.split(": ", 1)[0] for each in found))
    rows = [(kernel, *(_cell(row, column) for column in columns)) for kernel, row in cells.items()]
    sums = (f"{sum(row.get(column, 0) for row in cells.values()):.1f}" for column in columns)
    return table(("kernel", *columns), [*rows, ("together", *sums)])


def _cell(row: Mapping[str, float], column: str) -> str:
    return f"{row[column]:.1f}" if column in row else ""


def _cycles(found: Sequence[Measured]) -> Iterable[str]:
    if not found:
        return
    yield "## Against Cycles"
    yield table(
        ("what", "value", "how"),
        [(each.what, f"{_figure(each.value)} {each.unit}", each.note) for each in found],
    )


def _figure(value: float) -> str:
    return f"{value:.4f}" if 0.9 < value < 1 else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
