"""The `tirage products` commands: the built-in catalogue."""

from __future__ import annotations

import json as json_words
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tirage.cli import report
from tirage.cli.job_commands import HELP, Json
from tirage.cli.parts import opened
from tirage.errors import UsageError

if TYPE_CHECKING:
    from tirage.app import App
    from tirage.jobs.model import JsonObject
    from tirage.shops.model import Product

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
    from tirage.jobs.model import Page

    with opened() as app:
        found, count = app.catalogue.list_with_count(Page(limit=limit, offset=offset))
        if json:
            report.show_json({"products": [_shape(app, product) for product in found], "count": count})
            return
    for product in found:
        typer.echo(f"{product.id}  {product.title}  {_parts(product)}")
    if count > offset + len(found):
        typer.echo(f"{count} products in all.")


@products_app.command("show")
def show(product: Id, *, json: Json = False) -> None:
    """Show a product with its variants and media."""
    with opened() as app:
        _show(app, app.catalogue.get(product), json=json)


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
    from tirage.shops.model import NewProduct, NewVariant

    sold = tuple(NewVariant(title=each) for each in variant or ())
    new = NewProduct(title=title, id=name, metadata=_object(metadata), variants=sold)
    with opened() as app:
        _show(app, app.catalogue.create(new), json=json)


@products_app.command("import")
def import_sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with a column `title`.")],
    *,
    json: Json = False,
) -> None:
    """Add the products of a CSV file, all of them or none.

    The columns are id, title, variant_id, variant_title and metadata; only title has to be there.
    """
    from tirage.shops.sheet import read_products

    try:
        with file.open("rb") as sheet:
            data = sheet.read(MAX_SHEET)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise UsageError("UNREADABLE_FILE", message, hint="Give a CSV file.") from None
    new = read_products(data)
    with opened() as app:
        made = app.catalogue.create_many(new)
    if json:
        report.show_json({"count": len(made), "ids": [product.id for product in made]})
    else:
        typer.echo(f"{len(made)} products added.")


@products_app.command("rename")
def rename(
    product: Id, title: Annotated[str, typer.Argument(metavar="TITLE")], *, json: Json = False
) -> None:
    """Give a product another title."""
    with opened() as app:
        _show(app, app.catalogue.update(product, {"title": title}), json=json)


@products_app.command("remove")
def remove(product: Id) -> None:
    """Remove a product with its variants and media; files stay with their jobs."""
    with opened() as app:
        app.catalogue.delete(product)
    typer.echo(f"{product} is removed.")


@media_app.command("list")
def list_media(product: Id, *, json: Json = False) -> None:
    """List a product's media in their order."""
    with opened() as app:
        found = app.catalogue.get(product)
        if json:
            report.show_json({"media": _shape(app, found)["media"]})
            return
        for line in _media_lines(app, found):
            typer.echo(line)


@media_app.command("order")
def order_media(
    product: Id, media: Annotated[list[str], typer.Argument(metavar="MEDIUM...")], *, json: Json = False
) -> None:
    """Put all media of a product in this order."""
    with opened() as app:
        _show(app, app.catalogue.order_media(product, media), json=json)


@media_app.command("thumbnail")
def set_thumbnail(product: Id, medium: MediumId, *, json: Json = False) -> None:
    """Make one of a product's pictures its thumbnail."""
    with opened() as app:
        _show(app, app.catalogue.set_thumbnail(product, medium), json=json)


@media_app.command("remove")
def remove_medium(product: Id, medium: MediumId, *, json: Json = False) -> None:
    """Take a picture or video off a product; its file stays with its job."""
    with opened() as app:
        _show(app, app.catalogue.remove_medium(product, medium), json=json)


def _show(app: App, product: Product, *, json: bool) -> None:
    if json:
        report.show_json(_shape(app, product))
        return
    typer.echo(f"{product.id}  {product.title}")
    for name, value in product.metadata.items():
        typer.echo(f"  {name}: {json_words.dumps(value, ensure_ascii=False)}")
    for variant in product.variants:
        typer.echo(f"  variant {variant.id}  {variant.title}")
    for line in _media_lines(app, product):
        typer.echo(f"  {line}")


def _media_lines(app: App, product: Product) -> Iterator[str]:
    for medium in product.media:
        mark = " (thumbnail)" if medium.key == product.thumbnail else ""
        yield f"{medium.media_type} {medium.id}  {medium.role or '-'}  {app.addresses.url(medium.key)}{mark}"


def _parts(product: Product) -> str:
    return f"{len(product.variants)} variants, {len(product.media)} media"


def _shape(app: App, product: Product) -> dict[str, object]:
    from tirage.web import shapes

    return {**shapes.product(product, app.addresses)}


def _object(text: str | None) -> JsonObject:
    """An option's JSON; the catalogue says what is wrong with the value."""
    try:
        found: object = {} if text is None else json_words.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("INVALID_USAGE", "--metadata is no JSON object.")
    return found
