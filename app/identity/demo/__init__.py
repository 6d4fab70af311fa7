"""Fictional people for `flask demo`, and how to sign in as them."""

from datetime import timedelta

from app.identity import actions, passphrases, queries
from app.identity.demo.people import NAMES_IN_SPACES, PEOPLE, Inhabitant
from app.identity.factors import actions as factors
from app.identity.factors.codes import STEP_SECONDS, present_code
from app.identity.spaces import actions as names
from app.kernel import work
from app.kernel.access import STAFF
from app.kernel.actor import system
from app.kernel.db import now

__all__ = [
    "PASSPHRASE",
    "PEOPLE",
    "SECRET",
    "SETTLED",
    "Inhabitant",
    "about_demo",
    "demo_codes",
    "inhabitants",
    "load_people",
]

#: The one passphrase of everybody in the demo. Public: it opens nothing but fiction.
PASSPHRASE = "amber walnut quiet bridge"  # noqa: S105  # printed for everybody
#: The secret of their one-time codes, for those who look after the place. As public as the passphrase.
SECRET = "SANADDEMOSANADDEMOSANADDEMOSANAD"  # noqa: S105
#: For how long everybody has been here: longer than the rooms' conversations go back.
SETTLED = timedelta(days=70)
#: Whom to sign in as, and what for.
SIGN_INS = {
    "Samar": "administrator",
    "هالة": "moderator",
    "Dima": "vetter",
    "Mirna": "coordinator",
    "Rami": "caseworker",
    "نور": "member, in Arabic, with unread messages",
    "أبو الورد": "member, in Arabic",
    "Lina": "member, in English, with a screen lock (7305)",
    "Karim": "member, who travels and has hidden something",
    "وداد": "member, whose account a trusted person has frozen",
    "ليث": "member, suspended, who sees only why and appeals",
    "Tilia Street Printworks": "employer",
}


def load_people() -> None:
    """Add everyone of the demo. One hash serves all, since they share their passphrase."""
    hashed = passphrases.hash_passphrase(work.house(), PASSPHRASE)
    joined_on = (now() - SETTLED).date()
    for one in PEOPLE:
        person = actions.add_person(
            one.name, hashed, roles=(one.role,), language=one.language, joined_on=joined_on, demo=True
        )
        if one.role in STAFF:
            factors.furnish_one_time_code(system("demo"), person, SECRET)
    by_name = {one.name: number for number, one in inhabitants().items()}
    for name, space, there in NAMES_IN_SPACES:
        names.furnish_name(system("demo"), by_name[name], space, there)


def about_demo() -> list[str]:
    """How to sign in, line by line; nothing while the demo is not loaded."""
    loaded = {one.name: one for one in inhabitants().values()}
    if not loaded:
        return []
    lines = [f"{name} · {purpose}" for name, purpose in SIGN_INS.items() if name in loaded]
    return [
        *lines,
        f"passphrase of all of them: {PASSPHRASE}",
        "staff also need a one-time code, which this prints: .venv/bin/python -m flask demo --code",
    ]


def demo_codes() -> list[str]:
    """The code that the staff of the demo give at this moment; nothing while it is not loaded."""
    if not queries.demo_people():
        return []
    moment = now()
    left = STEP_SECONDS - int(moment.timestamp()) % STEP_SECONDS
    return [
        f"one-time code of the demo's staff: {present_code(SECRET, moment)} (for {left} seconds, once for each of them)"
    ]


def inhabitants() -> dict[int, Inhabitant]:
    """Everyone of the demo who is loaded, by row number."""
    names = queries.names_of([person.id for person in queries.demo_people()])
    by_name = {one.name: one for one in PEOPLE}
    return {number: by_name[name] for number, (_public_id, name) in names.items() if name in by_name}
