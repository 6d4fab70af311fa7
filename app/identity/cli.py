"""`flask init`: the first administrator, without any mail server."""

import click
from flask import current_app

from app.identity import actions, queries
from app.kernel.access import Role
from app.kernel.actor import system
from app.kernel.cli import in_scope, make_instance
from app.kernel.web import present_house
from config import Unsafe


@click.command()
@click.option("--again", is_flag=True, help="Print a link for one more administrator, when the first one is lost.")
def init(again: bool) -> None:
    """Make the instance and print a one-time link for its first administrator."""
    try:
        for line in make_instance(current_app._get_current_object()):  # type: ignore[attr-defined]  # Flask's proxy
            click.echo(line)
    except Unsafe as problem:
        raise click.ClickException(str(problem)) from None
    invite_administrator(again)


@in_scope
def invite_administrator(again: bool) -> None:
    if queries.count_people() and not again:
        raise click.ClickException("people are here already; for one more administrator use: flask init --again")
    code = actions.invite(system("init"), role=Role.ADMINISTRATOR, days=1)
    address = present_house().settings.address
    click.echo(f"open this once, within a day, and choose your name and passphrase:\n{address}/join?code={code}")
