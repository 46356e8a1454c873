"""The command `tirage`: what it accepts, and the border where every error becomes a block and an exit code.
Exit 0 done, 1 failed, 2 bad input or usage, 3 try again; 128 + the signal's number when interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, cast

import typer

from tirage import __version__
from tirage.cli import batches, desk, keys, shops
from tirage.cli.job_commands import HELP, Json, register
from tirage.cli.products import products_app
from tirage.cli.video import register as register_video
from tirage.errors import Failed, TirageError, TryAgain, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="tirage",
    help="Turn a design into product photos and a turntable video of a real garment.",
    add_completion=False,
    context_settings=HELP,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
template_app = typer.Typer(
    help="List, show, check, install and make garment templates.", rich_markup_mode=None
)
app.add_typer(template_app, name="template", context_settings=HELP)
app.add_typer(products_app, name="products", context_settings=HELP)
register(app)
register_video(app)
batches.register(app)
keys.register(app)
shops.register(app)


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP: no Exception, so that everything cleans up and nothing keeps it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@app.callback(invoke_without_command=True)
def _tirage(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="For jobs, batch, keys and products: a server instead of this machine's data."
        ),
    ] = None,
) -> None:
    desk.choose(server)
    if version:
        typer.echo(f"tirage {__version__}")
        raise typer.Exit
    _help_without_command(context)


@template_app.callback(invoke_without_command=True)
def _template(context: typer.Context) -> None:
    _help_without_command(context)


def _help_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def mockup(
    designs: Annotated[
        list[Path], typer.Argument(metavar="DESIGN", help="PNG or JPEG files, or folders of them.")
    ],
    *,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where the design goes: chest-medium by default.")
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PANEL:X,Y,WIDTH[,ROTATION][=FILE]",
            help="A free place in centimetres and degrees, for the design or another file; repeatable.",
        ),
    ] = None,
    template: Annotated[str, typer.Option(metavar="ID", help="A template's id, or its folder.")] = "tee",
    color: Annotated[
        str | None, typer.Option(metavar="COLOR", help="Fabric: a name, #rgb or #rrggbb; white by default.")
    ] = None,
    background: Annotated[str, typer.Option(metavar="COLOR", help="A colour, or transparent.")] = "#f2f2f2",
    mode: Annotated[str, typer.Option(metavar="MODE", help="all, images-only or animation-only.")] = "all",
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of the pictures, 512 to 4096.")] = 2048,
    format: Annotated[str, typer.Option(metavar="KIND", help="png, jpeg or webp.")] = "png",  # noqa: A002
    renderer: Annotated[
        str,
        typer.Option(metavar="NAME", help="relight (seconds), or cycles (path-traced in Blender: minutes)."),
    ] = "relight",
    samples: Annotated[
        int | None, typer.Option(metavar="N", help="For cycles: samples a pixel, 1 to 4096; 128 by default.")
    ] = None,
    glb: Annotated[
        bool, typer.Option("--glb", help="The garment as model.glb for web viewers and AR, too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go: mockups/<design> by default.")
    ] = None,
    colors: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Many colours: a matrix of folders.")
    ] = None,
    presets: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Many presets: a matrix of folders.")
    ] = None,
    json: Json = False,
) -> None:
    """Make six pictures, a turntable, the flat picture and the print file of a design on a garment.

    With several designs, a folder, --colors or --presets it makes every combination, each in
    DIR/<design>/<preset>/<colour>/.
    """
    from tirage.cli import orders, run

    asked = orders.Asked(
        designs=designs,
        preset=preset,
        places=place or [],
        template=template,
        color=color,
        background=background,
        mode=mode,
        size=size,
        format=format,
        glb=glb,
        out=out,
        colors=colors,
        presets=presets,
    )
    order, tool = orders.order_of(asked), orders.tool_of(renderer, samples)
    raise typer.Exit(run.mockup(order, tool, json=json))


@template_app.command("list")
def template_list(*, json: Json = False) -> None:
    """List the templates there are."""
    from tirage.cli import templates

    templates.list_all(json=json)


@template_app.command("show")
def template_show(template: Annotated[str, typer.Argument(metavar="ID")], *, json: Json = False) -> None:
    """Show a template's panels, presets, colours and views."""
    from tirage.cli import templates

    templates.show(template, json=json)


@template_app.command("check")
def template_check(template: Annotated[str, typer.Argument(metavar="ID")], *, json: Json = False) -> None:
    """Check a template package and compare its golden pictures; exit 2 when a finding is an error."""
    from tirage.cli import templates

    raise typer.Exit(templates.check(template, json=json))


@template_app.command("new")
def template_new(folder: Annotated[Path, typer.Argument(metavar="NAME")]) -> None:
    """Start a template of your own: a folder with a description to fill in."""
    from tirage.cli import authoring

    authoring.new(folder)


@template_app.command("preview")
def template_preview(source: Annotated[str, typer.Argument(metavar="FOLDER")]) -> None:
    """Render a template's source from six angles, before its light is baked; needs `make blender`."""
    from tirage.cli import authoring

    authoring.preview(source)


@template_app.command("bake")
def template_bake(
    source: Annotated[str, typer.Argument(metavar="FOLDER")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where the package goes, instead of FOLDER/build/package.")
    ] = None,
    quality: Annotated[
        float, typer.Option(min=0.01, max=16, help="Factor on all sample counts; 1 is what ships.")
    ] = 1.0,
    first: Annotated[
        str, typer.Option("--from", metavar="STEP", help="Begin here; what comes before was made already.")
    ] = "mesh",
) -> None:
    """Bake the light of a template's source and pack it; needs `make blender`."""
    from tirage.cli import authoring

    authoring.bake(source, out=out, quality=quality, first=first)


@template_app.command("pack")
def template_pack(
    template: Annotated[str, typer.Argument(metavar="ID")],
    *,
    out: Annotated[Path | None, typer.Option(help="The file, instead of ID-VERSION.tirage.zip here.")] = None,
) -> None:
    """Write a template package as one file; the same package gives the same bytes."""
    from tirage.cli import authoring

    authoring.pack(template, out=out)


@template_app.command("install")
def template_install(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="A packed file, or a package's folder.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Replace an older version without asking.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also replace a newer version, or the same.")
    ] = False,
    json: Json = False,
) -> None:
    """Install a template; of another version of one that is there, say first what it changes."""
    from tirage.cli import installs

    installs.install(package, yes=yes, force=force, json=json)


@template_app.command("remove")
def template_remove(template: Annotated[str, typer.Argument(metavar="ID")], *, json: Json = False) -> None:
    """Remove a template that was installed."""
    from tirage.cli import installs

    installs.remove(template, json=json)


@app.command()
def serve(
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; only on this machine without a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="0 takes a free one.")] = 8100,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Database and files; TIRAGE_DATA_DIR by default.")
    ] = None,
) -> None:
    """Serve the HTTP API, with a worker that renders, until Ctrl-C."""
    from tirage.cli.parts import needed
    from tirage.settings import Settings

    with needed():
        from tirage.web import serve as server
    server.serve(Settings.read(data_dir=data_dir), host=host, port=port, say=typer.echo)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command and leaves the process with its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(_exit_code(given, json="--json" in given))


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number)


def _exit_code(arguments: list[str], *, json: bool) -> int:
    try:
        return app(arguments, prog_name="tirage", standalone_mode=False) or 0
    except TirageError as error:
        return _told(error, json=json)
    except Interrupted as interrupted:
        _told(TryAgain("INTERRUPTED", "Interrupted."), json=json)
        return 128 + interrupted.number
    except typer.Abort:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 – else Python complains once more at its end
        return 1
    except Exception as error:  # noqa: BLE001 – the border: a defect is told like every other error
        return _unexpected(error, json=json)


def _unexpected(error: Exception, *, json: bool) -> int:
    if isinstance(
        error, typer.BadParameter.__mro__[2]
    ):  # typer's name for all errors of usage differs by version
        message = cast("typer.BadParameter", error).format_message()
        return _told(UsageError("INVALID_USAGE", message), json=json)
    import traceback

    traceback.print_exception(error)
    return _told(Failed("INTERNAL", f"Tirage failed: {type(error).__name__}: {error}"), json=json)


def _told(error: TirageError, *, json: bool) -> int:
    from tirage.cli import report

    report.error(error, json=json)
    return error.exit_code
