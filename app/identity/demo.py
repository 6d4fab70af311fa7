"""Fictional people for `flask demo`."""

from app.identity import actions, passphrases
from app.kernel import work
from app.kernel.access import Role

PASSPHRASE = "amber walnut quiet bridge"


def load_people() -> None:
    hashed = passphrases.hash_passphrase(work.house(), PASSPHRASE)
    for name, role, language in (("Samar", Role.ADMINISTRATOR, "en"), ("نور", Role.MEMBER, "ar"), ("Lina", Role.MEMBER, "en")):
        actions.add_person(name, hashed, roles=(role,), language=language, demo=True)


def about_demo() -> list[str]:
    from app.identity import queries

    return [f"{queries.name_of(p)} / {PASSPHRASE}" for p in queries.demo_people()]
