"""`tirage shops …`: the shops that show what is made here, connected on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tirage.cli import report
from tirage.cli.job_commands import HELP, Json
from tirage.cli.parts import opened
from tirage.errors import UsageError

if TYPE_CHECKING:
    from tirage.shops.connections import Standing

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that the shop was added with.")]
STDIN = "-"

shops_app = typer.Typer(help="Connect shops that show the finished media.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Adds the commands to the program's."""
    app.add_typer(shops_app, name="shops", context_settings=HELP)


@shops_app.callback(invoke_without_command=True)
def _shops(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@shops_app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name of your own: a–z, 0–9, hyphens.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of the shop's server.")],
    *,
    kind: Annotated[str, typer.Option(metavar="KIND", help="What kind of shop it is.")] = "medusa",
    key_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Where the shop's secret API key stands; - is the standard input. Else asks."
        ),
    ] = None,
    link: Annotated[
        bool,
        typer.Option(
            "--link", help="Show files by their addresses here instead of copying them to the shop."
        ),
    ] = False,
    colour_option: Annotated[
        str, typer.Option(metavar="TITLE", help="The products' option that is a colour, if it is unusual.")
    ] = "",
    json: Json = False,
) -> None:
    """Connect a shop that answers; again with the name of one, to change its key or address."""
    from tirage.shops.connections import NewShop

    new = NewShop(
        name=name, kind=kind, url=url, secret=_secret(key_file), copies=not link, colour_option=colour_option
    )
    with opened() as app:
        app.shops.add(new)
        _show(app.shops.get(name), json=json)


@shops_app.command()
def check(name: Name, *, json: Json = False) -> None:
    """Ask a shop whether it lets us read products and store files."""
    with opened() as app:
        answer = app.shops.check(name)
    if json:
        report.show_json({"name": name, "answer": answer})
    else:
        typer.echo(answer)


@shops_app.command()
def sync(name: Name, *, json: Json = False) -> None:
    """Bring the catalogue's products up to what a shop sells, and tell shops what waits."""
    from tirage.web import shapes

    with opened() as app:
        found = shapes.synced(app.shops.sync(name))
        told = 0
        while done := app.pushing.push_due():
            told += done
    if json:
        report.show_json({**found, "told": told})
        return
    typer.echo(
        f"{found['added']} products added, {found['changed']} changed, {found['unchanged']} unchanged, "
        f"{found['gone']} gone; the shops were told of {told}."
    )
    for each in found["findings"]:
        typer.echo(f"  {each['message']}")


@shops_app.command("list")
def list_all(*, json: Json = False) -> None:
    """List the connected shops."""
    from tirage.web import shapes

    with opened() as app:
        found = app.shops.list()
    if json:
        report.show_json({"shops": [shapes.shop(each) for each in found]})
        return
    for each in found:
        typer.echo(_line(each))


@shops_app.command()
def remove(name: Name) -> None:
    """Forget a shop: its products stay in the catalogue, and it shows what it shows."""
    with opened() as app:
        app.shops.remove(name)
    typer.echo(f"{name} is removed.")


def _secret(file: str | None) -> str:
    """The shop's key: never a word of the command, which others on this machine can read."""
    if file is None:
        return str(typer.prompt("Key", hide_input=True))
    if file == STDIN:
        return sys.stdin.readline().strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        message = f"{file} cannot be read."
        raise UsageError("UNREADABLE_FILE", message, hint="Give a file with the key in it.") from None


def _show(standing: Standing, *, json: bool) -> None:
    from tirage.web import shapes

    if json:
        report.show_json({**shapes.shop(standing)})
    else:
        typer.echo(_line(standing))


def _line(each: Standing) -> str:
    shop = each.shop
    how = "copies" if shop.copies else "links"
    state = shop.problem or f"{each.products} products, {each.waiting} to be told of"
    return f"{shop.name}  {shop.kind}  {shop.url}  {how}  {state}"
