"""Identity, as it is listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.identity import jobs, views
from app.identity.actions import remember_preferences
from app.identity.cli import init
from app.identity.demo import about_demo, demo_codes, load_people
from app.identity.door import door
from app.identity.entry import views as entry
from app.identity.factors import views as second_steps
from app.identity.keeper import Sessions
from app.identity.lost import views as lost
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, NavEntry, Need
from app.kernel.signals import preferences_chosen

#: Each puts its pages on the one door.
PAGES = (views, entry, second_steps, lost)


def needs(actor: Actor) -> list[Need]:
    """A second step, for whoever has work here that is closed without it."""
    if not actor.lacks_factor:
        return []
    label = gettext("Set up a second step: until then your work here is closed")
    return [Need(label, url_for("identity.second_steps"))]


preferences_chosen.connect(remember_preferences)

feature = Feature(
    name="identity",
    door=door,
    sessions=Sessions(),
    tasks={"identity.forget": jobs.forget},
    hourly=("identity.forget",),
    commands=(init,),
    needs=needs,
    demo=load_people,
    about_demo=about_demo,
    demo_codes=demo_codes,
    navigation=(
        NavEntry("identity.invitations", N_("Invitations"), Permission.INVITATIONS_MAKE, order=70),
        NavEntry("identity.me", N_("Me"), Permission.SIGNED_IN, order=90),
        NavEntry("identity.sign_in", N_("Sign in"), Permission.OPEN, order=95, strangers_only=True),
    ),
)
