"""The `tirage products` commands: the built-in catalogue, of a server or of this machine."""

from __future__ import annotations

import json as json_words
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tirage.cli import report
from tirage.cli.desk import ask
from tirage.cli.job_commands import HELP, Json
from tirage.errors import UsageError

if TYPE_CHECKING:
    from tirage import wire
    from tirage.jobs.model import JsonObject

Id = Annotated[str, typer.Argument(metavar="ID", help="A product's id.")]
MediumId = Annotated[str, typer.Argument(metavar="MEDIUM", help="A picture's or video's id.")]
MAX_SHEET = 11 << 20

products_app = typer.Typer(help="The built-in catalogue: products, variants, media.", rich_markup_mode=None)
media_app = typer.Typer(help="A product's pictures and videos.", rich_markup_mode=None)
products_app.add_typer(media_app, name="media", context_settings=HELP)


@products_app.callback(invoke_without_command=True)
@media_app.callback(invoke_without_command=True)
def _group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@products_app.command("list")
def list_all(
    *,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many, 1 to 100.")] = 20,
    offset: Annotated[int, typer.Option(metavar="N", help="Leave out so many.")] = 0,
    json: Json = False,
) -> None:
    """List products, the newest first."""
    page = ask(lambda client: client.list_products(limit=limit, offset=offset))
    found, count = page["products"], page["count"]
    if json:
        report.show_json({"products": found, "count": count})
        return
    for product in found:
        parts = f"{len(product['variants'])} variants, {len(product['media'])} media"
        typer.echo(f"{product['id']}  {product['title']}  {parts}")
    if count > offset + len(found):
        typer.echo(f"{count} products in all.")


@products_app.command("show")
def show(product: Id, *, json: Json = False) -> None:
    """Show a product with its variants and media."""
    _show(ask(lambda client: client.get_product(product)), json=json)


@products_app.command("add")
def add(
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    *,
    name: Annotated[str | None, typer.Option("--id", metavar="ID", help="An id of your own.")] = None,
    variant: Annotated[list[str] | None, typer.Option(metavar="TITLE", help="A variant; repeatable.")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="A JSON object.")] = None,
    json: Json = False,
) -> None:
    """Add a product."""
    sold, known = [{"title": each} for each in variant or ()], _object(metadata)
    made = ask(lambda client: client.create_product(title, product_id=name, metadata=known, variants=sold))
    _show(made, json=json)


@products_app.command("import")
def import_sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with a column `title`.")],
    *,
    json: Json = False,
) -> None:
    """Add the products of a CSV file, all of them or none.

    The columns are id, title, variant_id, variant_title and metadata; only title has to be there.
    """
    try:
        with file.open("rb") as sheet:
            data = sheet.read(MAX_SHEET)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise UsageError("UNREADABLE_FILE", message, hint="Give a CSV file.") from None
    made = ask(lambda client: client.import_products(data))
    if json:
        report.show_json({**made})
    else:
        typer.echo(f"{made['count']} products added.")


@products_app.command("rename")
def rename(
    product: Id, title: Annotated[str, typer.Argument(metavar="TITLE")], *, json: Json = False
) -> None:
    """Give a product another title."""
    _show(ask(lambda client: client.update_product(product, title=title)), json=json)


@products_app.command("remove")
def remove(product: Id) -> None:
    """Remove a product with its variants and media; files stay with their jobs."""
    ask(lambda client: client.delete_product(product))
    typer.echo(f"{product} is removed.")


@media_app.command("list")
def list_media(product: Id, *, json: Json = False) -> None:
    """List a product's media in their order."""
    found = ask(lambda client: client.get_product(product))
    if json:
        report.show_json({"media": found["media"]})
        return
    for line in _media_lines(found):
        typer.echo(line)


@media_app.command("order")
def order_media(
    product: Id, media: Annotated[list[str], typer.Argument(metavar="MEDIUM...")], *, json: Json = False
) -> None:
    """Put all media of a product in this order."""
    _show(ask(lambda client: client.order_media(product, media)), json=json)


@media_app.command("thumbnail")
def set_thumbnail(product: Id, medium: MediumId, *, json: Json = False) -> None:
    """Make one of a product's pictures its thumbnail."""
    _show(ask(lambda client: client.set_thumbnail(product, medium)), json=json)


@media_app.command("remove")
def remove_medium(product: Id, medium: MediumId, *, json: Json = False) -> None:
    """Take a picture or video off a product; its file stays with its job."""
    _show(ask(lambda client: client.remove_medium(product, medium)), json=json)


def _show(product: wire.ProductAnswer, *, json: bool) -> None:
    if json:
        report.show_json({**product})
        return
    typer.echo(f"{product['id']}  {product['title']}")
    for name, value in product["metadata"].items():
        typer.echo(f"  {name}: {json_words.dumps(value, ensure_ascii=False)}")
    for variant in product["variants"]:
        typer.echo(f"  variant {variant['id']}  {variant['title']}")
    for line in _media_lines(product):
        typer.echo(f"  {line}")


def _media_lines(product: wire.ProductAnswer) -> Iterator[str]:
    for medium in product["media"]:
        mark = " (thumbnail)" if medium["url"] == product["thumbnail"] else ""
        yield f"{medium['media_type']} {medium['id']}  {medium['role'] or '-'}  {medium['url']}{mark}"


def _object(text: str | None) -> JsonObject:
    """An option's JSON; the catalogue says what is wrong with the value."""
    try:
        found: object = {} if text is None else json_words.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("INVALID_USAGE", "--metadata is no JSON object.")
    return found
