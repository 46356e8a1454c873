"""`tirage keys …`: who may use the API, and for what."""

from __future__ import annotations

from typing import Annotated

import typer

from tirage.cli import report
from tirage.cli.desk import ask
from tirage.cli.job_commands import HELP, Json
from tirage.errors import UsageError

keys_app = typer.Typer(help="Make, list and revoke keys of the API.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Adds the commands to the program's."""
    app.add_typer(keys_app, name="keys", context_settings=HELP)


@keys_app.callback(invoke_without_command=True)
def _keys(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@keys_app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, for people.")],
    *,
    scopes: Annotated[
        str, typer.Option(metavar="A,B,...", help="Of read, order, catalogue, operate, keys.")
    ] = "read",
    days: Annotated[int | None, typer.Option(metavar="N", help="How long it is good for.")] = None,
    json: Json = False,
) -> None:
    """Make a key and print it: it is shown this once."""
    chosen = [scope.strip() for scope in scopes.split(",")]
    made = ask(lambda client: client.create_key(name, chosen, days=days))
    if json:
        report.show_json({**made})
    else:
        typer.echo(f"{made['id']}  {', '.join(made['scopes'])}")
        typer.echo(made["secret"])


@keys_app.command("list")
def list_keys(*, json: Json = False) -> None:
    """List keys, also those that are no longer good."""
    found = ask(lambda client: client.list_keys())
    if json:
        report.show_json({**found})
        return
    for key in found["keys"]:
        state = (
            "  revoked" if key["revoked_at"] else f"  until {key['expires_at']}" if key["expires_at"] else ""
        )
        typer.echo(f"{key['id']}  {key['beginning']}…  {', '.join(key['scopes'])}  {key['name']}{state}")


@keys_app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key's id.")], *, json: Json = False
) -> None:
    """Make a key good for nothing from now on."""
    gone = ask(lambda client: client.revoke_key(key))
    if json:
        report.show_json({**gone})
    else:
        typer.echo(f"{gone['id']}  revoked")
