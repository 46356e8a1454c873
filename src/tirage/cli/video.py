"""The `tirage video` commands: sessions and edits checked, prepared, converted, compared."""

from __future__ import annotations

import json as json_words
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tirage.cli import report
from tirage.cli.job_commands import HELP, Json
from tirage.cli.video_parts import encoder, needed, surroundings
from tirage.errors import BadInput, Finding, Severity, UsageError
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.media.notes import Notes
    from tirage.media.rates import Rate
    from tirage.video.diff import Difference
    from tirage.video.sync import Found
    from tirage.video.timeline import Edl

SessionFile = Annotated[Path, typer.Argument(metavar="SESSION.json", help="See docs/video-session.md.")]
EdlOption = Annotated[
    Path | None, typer.Option("--edl", metavar="FILE", help="Another edit instead of the session's.")
]
RateOption = Annotated[
    str | None, typer.Option("--rate", metavar="FPS", help="For edits that do not say theirs, like .edl.")
]

video_app = typer.Typer(
    help="Locked edits of recording sessions become finished videos.", rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(video_app, name="video", context_settings=HELP)


@video_app.callback(invoke_without_command=True)
def _group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@video_app.command()
def check(session: SessionFile, *, edl: EdlOption = None, json: Json = False) -> None:
    """Say everything that stands in a render's way; exit 2 when a finding is an error."""
    from tirage.video.opening import open_session
    from tirage.video.preflight import preflight

    with needed():
        opened = open_session(session, edl=edl)
    current = opened.session.current
    found = preflight(
        opened.session,
        current,
        rows=opened.rows,
        surroundings=surroundings(opened, Settings.read()),
        locked=bool(current and current.lock),
        notes=opened.notes,
    )
    raise typer.Exit(_told(found, json=json))


@video_app.command()
def render(
    session: SessionFile,
    *,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="full_16_9 (default), short_9_16, clip_1_1 or thumbnail; repeatable.",
        ),
    ] = None,
    edl: EdlOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go: videos/<session> by default.")
    ] = None,
    codec: Annotated[str, typer.Option(metavar="NAME", help="h264 or av1.")] = "h264",
    crf: Annotated[
        int | None, typer.Option(metavar="N", help="Constant quality; 18 for h264, 28 for av1.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="The encoder's: veryfast for h264, 8 for av1.")
    ] = None,
    bitrate: Annotated[
        int | None, typer.Option(metavar="KBITS", help="Kilobits a second, instead of a quality.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(metavar="PIXELS", help="The shorter side, for drafts: 360; 1080 by default.")
    ] = None,
    captions: Annotated[str, typer.Option(metavar="HOW", help="burnt, soft, both or none.")] = "burnt",
    smart: Annotated[
        bool, typer.Option("--smart/--full", help="Copy what needs no coding, or code every frame.")
    ] = True,
    renderer: Annotated[
        str, typer.Option(metavar="NAME", help="native, or remotion, which is slow: see TIRAGE_REMOTION.")
    ] = "native",
    json: Json = False,
) -> None:
    """Render a session's locked edit: exact frames, proved against the plan before it is called done."""
    with needed():
        from tirage.cli import video_render
    asked = video_render.Asked(
        session=session,
        formats=formats or (),
        edl=edl,
        out=out,
        codec=codec,
        crf=crf,
        preset=preset,
        bitrate=bitrate,
        size=size,
        captions=captions,
        smart=smart,
        renderer=renderer,
    )
    video_render.render(asked, json=json)


@video_app.command()
def ingest(
    session: SessionFile,
    *,
    light: Annotated[
        bool, typer.Option("--light", help="Mezzanines only for files that cannot be cut without.")
    ] = False,
    json: Json = False,
) -> None:
    """Look into a session's files, and make the mezzanines from which renders copy what stays as it is."""
    from tirage.video.ingest import Scope
    from tirage.video.ingest import ingest as run
    from tirage.video.opening import open_session

    with needed():
        opened = open_session(session)
        encode, coder = encoder(Settings.read())
    done = run(
        opened.session,
        opened.folder,
        scope=Scope.NEEDED if light else Scope.ALL,
        encode=encode,
        coder=coder,
        progress=lambda name, number, count: None if json or not name else _say(number, count, name),
    )
    mezzanines = sum(row.delivery is not None for row in done.rows)
    if json:
        errors = [{"file": path, **report.error_entry(error)} for path, error in done.errors]
        count = {"files": len(done.rows), "new": done.made, "mezzanines": mezzanines}
        report.show_json({**count, "folder": str(opened.folder), "errors": errors})
    else:
        typer.echo(f"{len(done.rows)} files, {done.made} of them new, {mezzanines} with mezzanines")
        for _, error in done.errors:
            report.error(error, json=False)
    raise typer.Exit(BadInput.exit_code if done.errors else 0)


@video_app.command()
def sync(
    session: SessionFile,
    *,
    write: Annotated[bool, typer.Option("--write", help="Put what is sure into the session's file.")] = False,
    json: Json = False,
) -> None:
    """Find each recorder's offset and drift from its sound; exit 2 where one is not sure."""
    from tirage.video.opening import open_session
    from tirage.video.syncing import sync_session

    with needed():
        opened = open_session(session)
        encode, _ = encoder(Settings.read())
    found = sync_session(opened.session, encode)
    if write:
        _write_sync(session, found)
    if json:
        report.show_json({"recorders": {camera: _sync_entry(one) for camera, one in found.items()}})
    else:
        for camera, one in found.items():
            typer.echo(_sync_line(camera, one))
    raise typer.Exit(0 if all(one.sure for one in found.values()) else BadInput.exit_code)


@video_app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help=".otio .edl .xml .fcpxml .drp .json")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help=".otio .edl .xml .json")],
    *,
    rate: RateOption = None,
    session: Annotated[
        Path | None,
        typer.Option("--session", metavar="SESSION.json", help="Whose clock and cameras are meant."),
    ] = None,
    json: Json = False,
) -> None:
    """Write an edit in another format; what does not fit is said."""
    from tirage.media.files import disk_errors
    from tirage.media.notes import Notes
    from tirage.video.conform import conform, to_sources
    from tirage.video.formats.registry import format_of
    from tirage.video.opening import open_session
    from tirage.video.timeline import Clock

    writer = format_of(target).write
    if writer is None:
        raise BadInput("INVALID_EDL_FORMAT", f"{format_of(target).title} can be read, but not written.")
    notes = Notes()
    with needed():
        edl = read_edit(source, rate, notes)
        if session is not None:
            recorded = open_session(session).session
            edl = conform(edl, recorded, notes)
            edl = to_sources(edl, recorded) if target.suffix.lower() != ".json" else edl
        elif edl.clock is Clock.SESSION and target.suffix.lower() != ".json":
            typer.echo("The session's clock is written as the sources' timecode.", err=True)
        data = writer(edl, notes)
    _refuse(notes, source)
    with disk_errors(target):
        target.write_bytes(data)
    raise typer.Exit(_told(notes.findings, json=json, quiet=True))


@video_app.command("diff")
def diff_edits(
    old: Annotated[Path, typer.Argument(metavar="OLD")],
    new: Annotated[Path, typer.Argument(metavar="NEW")],
    *,
    rate: RateOption = None,
    json: Json = False,
) -> None:
    """Say what one revision of an edit changes of another."""
    from tirage.media.notes import Notes
    from tirage.video.diff import diff

    with needed():
        found = diff(read_edit(old, rate, Notes()), read_edit(new, rate, Notes()))
    if json:
        report.show_json({"changes": [asdict(one) for one in found.changes], "frames": found.frames})
        return
    _tell_difference(found)


@video_app.command()
def lock(session: SessionFile, *, json: Json = False) -> None:
    """Lock a session's edit: from then on a render refuses when it, or a recording, is another."""
    from tirage.video.lock import lock_hash
    from tirage.video.opening import open_session, template_files
    from tirage.video.preflight import preflight

    with needed():
        opened = open_session(session)
    current = opened.session.current
    found = preflight(
        opened.session,
        current,
        rows=opened.rows,
        surroundings=surroundings(opened, Settings.read()),
        locked=False,
        notes=opened.notes,
    )
    if current is None or any(one.severity is Severity.ERROR for one in found):
        raise BadInput("INVALID_SESSION", "An edit with errors is not locked.", findings=found)
    digest = lock_hash(opened.session, current.edl, extras=template_files(current.edl))
    _rewrite(session, {"locked": digest})
    if json:
        report.show_json({"locked": digest, "revision": current.number})
    else:
        typer.echo(f"Revision {current.number} is locked: {digest}")


def read_edit(path: Path, rate: str | None, notes: Notes) -> Edl:
    """An edit of any format; BadInput: INVALID_EDL with all findings."""
    from tirage.video.session_file import read_edl

    found = read_edl(path, parsed_rate(rate), notes)
    _refuse(notes, path)
    if found is None:
        raise BadInput("INVALID_EDL", f"{path.name} holds no edit.")
    return found


def parsed_rate(rate: str | None) -> Rate | None:
    """A rate by name; UsageError INVALID_USAGE otherwise."""
    from tirage.media.rates import RATES, Rate

    try:
        return Rate.parse(rate) if rate else None
    except (ValueError, ZeroDivisionError):
        message = f"There is no rate {rate!r}; there are {', '.join(RATES)}."
        raise UsageError("INVALID_USAGE", message) from None


def _refuse(notes: Notes, path: Path) -> None:
    first = next((found for found in notes.findings if found.severity is Severity.ERROR), None)
    if first is not None:
        message = f"{path.name} cannot be used: {first.message}"
        raise BadInput("INVALID_EDL", message, findings=notes.findings)


def _told(found: Sequence[Finding], *, json: bool, quiet: bool = False) -> int:
    """Shows findings; the exit code."""
    errors = sum(one.severity is Severity.ERROR for one in found)
    if json:
        report.show_json({"ok": not errors, "findings": [asdict(one) for one in found]})
    else:
        report.findings(found)
        if not quiet:
            rest = len(found) - errors
            told = f"{errors} {'error' if errors == 1 else 'errors'}, {rest} other findings"
            typer.echo(told if found else "Nothing found.")
    return BadInput.exit_code if errors else 0


def _say(number: int, count: int, name: str) -> None:
    typer.echo(f"{number + 1} of {count}  {name}")


def _sync_line(camera: str, found: Found) -> str:
    if not found.sure:
        return f"{camera}  not sure (confidence {found.confidence:.2f}): say the offset by hand"
    offset, drift = float(found.sync.offset), float(found.sync.drift)
    return f"{camera}  {offset:+.6f} s  {drift:+.2f} ppm  confidence {found.confidence:.2f}"


def _sync_entry(found: Found) -> dict[str, object]:
    sync = {"offset": str(found.sync.offset), "drift": str(found.sync.drift)} if found.sure else None
    return {"sure": found.sure, "confidence": found.confidence, "places": found.places, "sync": sync}


def _write_sync(path: Path, found: Mapping[str, Found]) -> None:
    """Puts syncs into a session's file; the rest of it stays as it is, but for blanks."""
    value = json_words.loads(path.read_bytes())
    for asset in value["assets"]:
        one = found.get(asset["camera"])
        if one is not None and one.sure:
            asset["sync"] = {"offset": str(one.sync.offset), "drift": str(one.sync.drift)}
    _rewrite(path, value)


def _rewrite(path: Path, changes: Mapping[str, object]) -> None:
    from tirage.media.files import disk_errors

    value = json_words.loads(path.read_bytes()) | changes
    written = path.with_name(f".{path.name}")
    with disk_errors(path):
        written.write_text(json_words.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.replace(path)


def _tell_difference(found: Difference) -> None:
    for change in found.changes:
        typer.echo(f"{change.kind}  {change.what}")
    typer.echo(f"{found.frames} frames show something else." if found.changes else "The edits are the same.")
