"""Home, as it is listed in app/features.py: last, since it shows what the others registered."""

from app.home.views import door
from app.kernel.access import Permission
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, NavEntry

feature = Feature(
    name="home",
    door=door,
    me=(
        MeEntry(
            "home.safety",
            N_("How we protect you"),
            N_("And what we cannot protect you from."),
            Permission.SIGNED_IN,
            order=90,
        ),
    ),
    navigation=(
        NavEntry("home.index", N_("Home"), Permission.SIGNED_IN, order=0),
        NavEntry("home.about", N_("About"), Permission.OPEN, order=80, strangers_only=True),
        NavEntry("home.safety", N_("How we protect you"), Permission.OPEN, order=81, strangers_only=True),
    ),
)
