"""`flask profiles honey`: invented profiles, for whoever reads the directory from end to end."""

import json
import random
from pathlib import Path

import click
from flask.cli import AppGroup

from app.kernel.actor import system
from app.kernel.cli import in_scope
from app.profiles import honey as stock
from app.profiles.actions import honey
from app.profiles.honey import Invented

profiles_group = AppGroup("profiles", help="Profiles and the directory.")


@profiles_group.command("honey")
@click.argument("count", type=click.IntRange(1))
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your own invented people: a JSON list with name, language and fields. Those that come with Sanad are public.",
)
@in_scope
def make_honey(count: int, source: Path | None) -> None:
    """Make COUNT invented profiles. Nobody sees them but whoever reads far more profiles than people do."""
    made = honey.invent_people(system("honey"), _invented(source), count=count)
    click.echo(f"{made} invented profiles were made")
    if made < count:
        click.echo(f"for more write your own: --from FILE (there are {stock.MOST} names to draw from here)")


def _invented(source: Path | None) -> list[Invented]:
    if source is None:
        return stock.invent(random.SystemRandom())
    try:
        return stock.read(json.loads(source.read_text()))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise click.ClickException(f"this file cannot be read: {problem}") from None
