"""Identity, as it is listed in app/features.py."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext

from app.identity import jobs, views
from app.identity.actions import end_what_a_backup_brought, remember_preferences
from app.identity.cli import init
from app.identity.demo import about_demo, demo_codes, load_people
from app.identity.door import door
from app.identity.entry import views as entry
from app.identity.factors import views as second_steps
from app.identity.keeper import Sessions
from app.identity.looked import queries as looks
from app.identity.looked import views as looked
from app.identity.lost import views as lost
from app.identity.own_parts import part as own_part
from app.identity.spaces import jobs as names
from app.identity.spaces import views as spaces
from app.kernel import erasures, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, NavEntry, Need, NoticeKind, Reportable
from app.kernel.house import House
from app.kernel.signals import Security, preferences_chosen

#: Each puts its pages on the one door.
PAGES = (views, entry, second_steps, lost, looked, spaces)


def needs(actor: Actor) -> list[Need]:
    """A second step, for whoever has work here that is closed without it."""
    if not (actor.lacks_factor and actor.holds(Permission.SETTINGS_CHANGE)):
        return []
    label = gettext("Set up a second step: until then your work here is closed")
    return [Need(label, url_for("identity.second_steps"))]


def end_old_sessions(house: House) -> Sequence[str]:
    """While a backup is being restored: nobody comes back with a session that was ended since it was taken."""
    if not erasures.is_being_restored(house.settings.instance):
        return []
    with work.scope(house):
        ended = end_what_a_backup_brought(system("restore"))
    return [f"{ended} sessions of the backup ended"] if ended else []


preferences_chosen.connect(remember_preferences)

#: What somebody is told when the way in which they sign in was changed, by them or by somebody else.
SECURITY = {
    Security.PASSPHRASE: N_("Your passphrase was changed."),
    Security.PASSKEY_ADDED: N_("A passkey was added to your account."),
    Security.PASSKEY_REMOVED: N_("A passkey was removed from your account."),
    Security.PASSKEY_COPIED: N_("A copy of one of your passkeys was used. It was refused; remove that passkey."),
    Security.ONE_TIME_CODES_ADDED: N_("One-time codes were switched on for your account."),
    Security.ONE_TIME_CODES_REMOVED: N_("One-time codes were switched off for your account."),
    Security.RECOVERY_CODES_MADE: N_("New recovery codes were made; the old ones no longer work."),
    Security.RECOVERY_CODE_USED: N_("One of your recovery codes was used."),
    Security.RESET_CODE_MADE: N_("Two moderators made a code with which a new passphrase can be set for you."),
    Security.RESET: N_("A new passphrase was set for you with a code."),
}

feature = Feature(
    name="identity",
    before_serving=end_old_sessions,
    own_data=(own_part,),
    door=door,
    notices=[
        NoticeKind(f"security.{what}", words, lambda _ref: url_for("identity.sessions"), urgent=True)
        for what, words in SECURITY.items()
    ],
    me=(
        MeEntry(
            "identity.sessions",
            N_("Sessions"),
            N_("Where you are signed in, and how to end it."),
            Permission.SIGNED_IN,
            order=10,
        ),
        MeEntry(
            "identity.passphrase",
            N_("Passphrase"),
            N_("Change it whenever you like."),
            Permission.SETTINGS_CHANGE,
            order=20,
        ),
        MeEntry(
            "identity.second_steps",
            N_("Second step"),
            N_("A passkey or a code, besides your passphrase."),
            Permission.SETTINGS_CHANGE,
            order=30,
        ),
        MeEntry(
            "identity.recovery_codes",
            N_("Recovery codes"),
            N_("For the day on which something is lost."),
            Permission.SETTINGS_CHANGE,
            order=40,
        ),
        MeEntry(
            "identity.names",
            N_("Names"),
            N_("Another name in rooms, with opportunities, with testimonies."),
            Permission.SETTINGS_CHANGE,
            order=60,
        ),
        MeEntry(
            "identity.looked",
            N_("Who looked"),
            N_("When staff opened what is yours, and what for."),
            Permission.HIDDEN_SEE,
            order=70,
        ),
    ),
    sessions=Sessions(),
    reportable=(Reportable("look", N_("A look at what is yours"), find=looks.find_reported, context=lambda _ref: ()),),
    tasks={"identity.forget": jobs.forget, "identity.forget-names": names.forget},
    hourly=("identity.forget", "identity.forget-names"),
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
