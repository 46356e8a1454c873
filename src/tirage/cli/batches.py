"""`tirage batch …`: many orders from one file, and what comes of them in the catalogue."""

from __future__ import annotations

import json as json_words
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tirage.cli import report
from tirage.cli.desk import ask
from tirage.cli.job_commands import HELP, Json
from tirage.errors import UsageError

if TYPE_CHECKING:
    from tirage import wire
    from tirage.client import AsyncClient

MAX_BYTES = 10 << 20
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="A batch's id.")]

batch_app = typer.Typer(
    help="Order many mockups at once; show them, or take them back.", rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the program's."""
    app.add_typer(batch_app, name="batch", context_settings=HELP)


@batch_app.callback(invoke_without_command=True)
def _batch(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@batch_app.command()
def upload(
    designs: Annotated[list[Path], typer.Argument(metavar="DESIGN", help="PNG or JPEG files.")],
    *,
    json: Json = False,
) -> None:
    """Store designs and print their ids, for batches to name."""

    async def store(client: AsyncClient) -> list[wire.DesignAnswer]:
        return [await client.upload_design(_bytes(path), name=path.name) for path in designs]

    made = ask(store)
    if json:
        report.show_json({"designs": made})
        return
    for design in made:
        typer.echo(f"{design['id']}  {design['name']}")


@batch_app.command()
def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with an order a row, or JSON with a matrix.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would cost.")] = False,
    json: Json = False,
) -> None:
    """Order everything in a file, or nothing; what was rendered before is not rendered again."""
    data = _bytes(file)
    asked = _object(file, data) if file.suffix.lower() == ".json" else None

    async def price(client: AsyncClient) -> wire.EstimateAnswer:
        return await client.estimate_sheet(data) if asked is None else await client.estimate(asked)

    async def order(client: AsyncClient) -> wire.BatchAnswer:
        if asked is None:
            return await client.import_batch(data, name=file.stem)
        return await client.create_batch(asked)

    if dry_run:
        _price(ask(price), json=json)
    else:
        _one(ask(order), json=json)


@batch_app.command("list")
def list_batches(
    *,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many, 1 to 100.")] = 20,
    json: Json = False,
) -> None:
    """List batches, the newest first."""
    page = ask(lambda client: client.list_batches(limit=limit))
    if json:
        report.show_json({**page})
        return
    for batch in page["batches"]:
        typer.echo(_line(batch))


@batch_app.command()
def show(batch: BatchId, *, json: Json = False) -> None:
    """Show how far a batch is."""
    _one(ask(lambda client: client.get_batch(batch)), json=json)


@batch_app.command()
def cancel(batch: BatchId, *, json: Json = False) -> None:
    """Cancel what waits or runs of a batch."""
    _changed(ask(lambda client: client.cancel_batch(batch)), "jobs cancelled", json=json)


@batch_app.command()
def retry(batch: BatchId, *, json: Json = False) -> None:
    """Order again what failed of a batch."""
    _changed(ask(lambda client: client.retry_batch(batch)), "jobs ordered again", json=json)


@batch_app.command()
def diff(batch: BatchId, *, json: Json = False) -> None:
    """Show what applying a batch would change of the catalogue."""
    _differences(ask(lambda client: client.diff_batch(batch)), "would change", json=json)


@batch_app.command()
def apply(batch: BatchId, *, json: Json = False) -> None:
    """Show what a batch made with its products, as one change."""
    _differences(ask(lambda client: client.apply_batch(batch)), "changed", json=json)


@batch_app.command()
def rollback(batch: BatchId, *, json: Json = False) -> None:
    """Give products back what they showed before a batch was applied."""
    _changed(ask(lambda client: client.roll_back_batch(batch)), "products as before", json=json)


@batch_app.command()
def download(
    batch: BatchId, out: Annotated[Path, typer.Argument(metavar="FILE", help="The zip file to be.")]
) -> None:
    """Save all files of a batch's completed jobs as a zip file."""
    ask(lambda client: client.download_batch(batch, out))
    typer.echo(f"{out}  {report.size(out.stat().st_size)}")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise UsageError("UNREADABLE_FILE", message, hint="Give a file that you may read.") from None


def _object(path: Path, data: bytes) -> dict[str, object]:
    try:
        found: object = json_words.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("INVALID_USAGE", f"{path} is no JSON object.")
    return found


def _price(found: wire.EstimateAnswer, *, json: bool) -> None:
    if json:
        report.show_json({**found})
        return
    typer.echo(f"{found['total']} orders: {found['new']} to render, {found['rendered']} rendered before")
    if found["seconds"]:
        half, most = found["seconds"]["p50"], found["seconds"]["p90"]
        typer.echo(f"about {half:.0f} s, hardly more than {most:.0f} s, with {found['workers']} workers")
    else:
        typer.echo("how long it takes is not known yet: too few runs are recorded")
    for each in found["findings"]:
        typer.echo(f"{each['severity']}: {each['message']} [{each['code']}]", err=True)


def _one(batch: wire.BatchAnswer, *, json: bool) -> None:
    if json:
        report.show_json({**batch})
    else:
        typer.echo(_line(batch))


def _changed(changed: wire.Changed, words: str, *, json: bool) -> None:
    if json:
        report.show_json({**changed})
        return
    typer.echo(f"{changed['changed']} {words}")
    typer.echo(_line(changed["batch"]))


def _differences(found: wire.Differences, words: str, *, json: bool) -> None:
    if json:
        report.show_json({**found})
        return
    for each in found["products"]:
        thumbnail = ", another thumbnail" if each["thumbnail_before"] != each["thumbnail_after"] else ""
        typer.echo(f"{each['product_id']}  +{len(each['added'])} -{len(each['removed'])}{thumbnail}")
    typer.echo(f"{found['count']} products {words}")


def _line(batch: wire.BatchAnswer) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in batch["by_status"].items())
    return f"{batch['id']}  {batch['status']:11} {batch['progress']:3} %  {counts}  {batch['name']}"
