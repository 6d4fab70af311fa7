"""Profiles, as it is listed in app/features.py."""

from datetime import timedelta

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, LookKind, MeEntry, NavEntry, Need, NoticeKind, QueueKind, Reportable
from app.profiles import jobs, reporting
from app.profiles.actions import sweeps
from app.profiles.actions.looking import LOOK
from app.profiles.cli import profiles_group
from app.profiles.demo import load_profiles
from app.profiles.own_parts import part as own_part
from app.profiles.queries.people import waiting
from app.profiles.queries.sweeps import is_invented, may_take
from app.profiles.views import door


def about_person(_actor: Actor, person: str) -> list[Need]:
    """Staff see that somebody is nobody: an invented profile."""
    return [Need(gettext("An invented profile: nobody can sign in as them"), "")] if is_invented(person) else []


def needs(actor: Actor) -> list[Need]:
    """Requests that wait for this person's answer."""
    asked = waiting(actor)
    return [Need(gettext("Requests that wait for you"), url_for("profiles.people"), asked)] if asked else []


def _to_people(_ref: str) -> str:
    return url_for("profiles.people")


#: While somebody travels their people look like nobody's: no notice says otherwise.
_PEOPLE = Permission.HIDDEN_SEE

feature = Feature(
    name="profiles",
    needs=needs,
    notices=(
        NoticeKind("profiles.asked", N_("Somebody would like to be connected with you."), _to_people, access=_PEOPLE),
        NoticeKind("profiles.accepted", N_("Somebody accepted your request."), _to_people, access=_PEOPLE),
        NoticeKind("profiles.companion-asked", N_("Somebody asks you about mentoring."), _to_people, access=_PEOPLE),
        NoticeKind(
            "profiles.companion-accepted",
            N_("Somebody agreed to what you asked about mentoring."),
            _to_people,
            access=_PEOPLE,
        ),
    ),
    commands=(profiles_group,),
    tasks={"profiles.forget-sweeps": jobs.forget_sweeps, "profiles.forget-requests": jobs.forget_requests},
    hourly=("profiles.forget-sweeps", "profiles.forget-requests"),
    about_person=about_person,
    queue=(
        QueueKind(
            sweeps.KIND,
            N_("Many profiles read"),
            Permission.MEASURES_TAKE,
            timedelta(hours=24),
            lambda ref: url_for("profiles.sweep", id=ref),
            may_take,
        ),
    ),
    own_data=(own_part,),
    demo=load_profiles,
    door=door,
    navigation=(NavEntry("profiles.directory", N_("Directory"), Permission.DIRECTORY_USE, order=30),),
    me=(
        MeEntry(
            "profiles.mine",
            N_("My profile"),
            N_("What others may know of me, and who sees each part."),
            Permission.PROFILE_KEEP,
            order=1,
        ),
        MeEntry(
            "profiles.people",
            N_("My people"),
            N_("Whom I know here, requests, lists, and whom I keep away."),
            Permission.PROFILE_KEEP,
            order=2,
        ),
    ),
    reportable=(Reportable("profile", N_("A profile"), find=reporting.find_reported, context=lambda _ref: ()),),
    looks=(LookKind(LOOK, N_("What your profile shows to caseworkers"), Permission.CASES_WORK),),
)
