"""Identity, as it is listed in app/features.py."""

from app.identity import jobs
from app.identity.actions import remember_preferences
from app.identity.cli import init
from app.identity.demo import about_demo, load_people
from app.identity.keeper import Sessions
from app.identity.views import door
from app.kernel.access import Permission
from app.kernel.errors import N_
from app.kernel.feature import Feature, NavEntry
from app.kernel.signals import preferences_chosen

preferences_chosen.connect(remember_preferences)

feature = Feature(
    name="identity",
    door=door,
    sessions=Sessions(),
    tasks={"identity.forget": jobs.forget},
    hourly=("identity.forget",),
    commands=(init,),
    demo=load_people,
    about_demo=about_demo,
    navigation=(
        NavEntry("identity.invitations", N_("Invitations"), Permission.INVITATIONS_MAKE, order=70),
        NavEntry("identity.me", N_("Me"), Permission.SIGNED_IN, order=90),
        NavEntry("identity.sign_in", N_("Sign in"), Permission.OPEN, order=95, strangers_only=True),
    ),
)
