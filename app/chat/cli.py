"""`flask bench-seed`: many signed-in people in one room, for measuring. Not there in production."""

import click
import orjson

from app.chat import actions
from app.identity import actions as identity
from app.identity.models import Device
from app.kernel.access import Role, granted
from app.kernel.actor import Actor, Kind, system
from app.kernel.cli import in_scope
from app.kernel.db import now
from app.kernel.sessions import session_cookie
from app.kernel.vault import Purpose
from app.kernel.web import present_house
from app.kernel.work import current


@click.command("bench-seed", hidden=True)
@click.option("--people", type=int, default=100, help="How many people are in the room.")
@click.option("--messages", type=int, default=0, help="How many messages are in it already.")
@in_scope
def bench_seed(people: int, messages: int) -> None:
    """Print, as JSON, the address, a room and a session cookie for each of its members."""
    settings = present_house().settings
    if settings.production:
        raise click.ClickException("measuring is refused when APP_ENV=production")
    tokens = []
    with current().writing():
        room = actions.open_room(system("bench"), name_ar="قياس", name_en="Measuring")
        author = 0
        present_house().vault.reserve_keys(Purpose.PERSON, people)
        for number in range(people):
            # Nobody signs in with these: the hash is of nothing, so that seeding does not take minutes.
            person = identity.add_person(measuring_name(number), "!", roles=(Role.MEMBER,), demo=True)
            author = author or person.id
            actor = Actor(Kind.PERSON, person.public_id, id=person.id, permissions=granted([Role.MEMBER]))
            actions.join_room(actor, room)
            tokens.append(identity.begin_session(person.id, device=Device.OTHER))
        actions.import_messages(system("bench"), room, [(author, f"Message {n}", now()) for n in range(messages)])
    cookie = session_cookie(settings.tls)
    seeded = {
        "address": settings.address,
        "room": room.public_id,
        "cookies": [f"{cookie}={token}" for token in tokens],
    }
    click.echo(orjson.dumps(seeded).decode())


def measuring_name(number: int) -> str:
    """Names of three letters that do not look like one another."""
    letters = "abdefghkpstxyz"
    return "Measure " + "".join(letters[number // 14**place % 14] for place in (2, 1, 0))
