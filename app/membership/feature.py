"""Membership, as it is listed in app/features.py."""

from datetime import timedelta

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, NavEntry, Need, NoticeKind, QueueKind, TwoPersonAct
from app.kernel.signals import person_closed
from app.membership import jobs
from app.membership.actions import branches as branch_actions
from app.membership.actions import vetting as vetting_actions
from app.membership.actions.vouching import forget_vouches_of
from app.membership.demo import load_membership
from app.membership.own_parts import part as own_part
from app.membership.queries import branches, doors, vetting, vouching
from app.membership.views import door
from app.moderation import registry

person_closed.connect(forget_vouches_of)
registry.brought_in.connect(doors.did_bring_in)


def needs(actor: Actor) -> list[Need]:
    """Members who are asked to vouch, and a door that has just opened."""
    found = []
    if actor.holds(Permission.VOUCH) and (asked := vouching.open_asks(actor)):
        found.append(Need(gettext("Somebody asks you to vouch"), url_for("membership.vouching"), asked))
    if doors.just_opened(actor):
        found.append(Need(gettext("A door has opened for you"), url_for("membership.my_doors")))
    return found


def about_person(actor: Actor, person: str) -> list[Need]:
    """From a person to the branch that they stand in."""
    if not actor.holds(Permission.MEASURES_TAKE):
        return []
    return [Need(gettext("Their branch"), url_for("membership.branch", id=person))]


def standing(actor: Actor) -> list[Need]:
    """Doors that are closed for a while: in probation, or while a branch is looked at."""
    found = doors.my_doors(actor)
    if found is None or (found.ended and not found.paused):
        return []
    paused = gettext("A few things are paused for you")
    return [Need(paused if found.paused else gettext("Your doors open one by one"), url_for("membership.my_doors"))]


def _to_doors(_ref: str) -> str:
    return url_for("membership.my_doors")


feature = Feature(
    name="membership",
    own_data=(own_part,),
    door=door,
    me=(
        MeEntry(
            "membership.vouching",
            N_("Vouching"),
            N_("Codes for people you know, and what you were asked."),
            Permission.VOUCH,
            order=70,
        ),
        MeEntry(
            "membership.my_doors",
            N_("Your doors"),
            N_("What is open to you, and what opens when."),
            Permission.ROOMS_USE,
            order=75,
        ),
    ),
    tasks={
        "membership.forget": jobs.forget,
        "membership.ask-about-probations": jobs.ask_about_probations,
    },
    hourly=("membership.forget", "membership.ask-about-probations"),
    needs=needs,
    standing=standing,
    about_person=about_person,
    demo=load_membership,
    navigation=(NavEntry("membership.apply", N_("Apply"), Permission.OPEN, order=82, strangers_only=True),),
    notices=(
        NoticeKind(
            "vouch.asked",
            N_("Somebody asks you to vouch for them."),
            lambda ref: url_for("membership.vouch", id=ref),
            access=Permission.HIDDEN_SEE,
        ),
        NoticeKind(
            "vouch.accepted",
            N_("Somebody you vouched for was admitted."),
            lambda _ref: url_for("membership.vouching"),
            access=Permission.HIDDEN_SEE,
        ),
        NoticeKind("membership.welcome", N_("Welcome. See which doors are open, and when the others open."), _to_doors),
        NoticeKind("probation.ended", N_("All doors are open to you now."), _to_doors),
        NoticeKind("probation.extended", N_("Some doors stay closed for a while. Read why."), _to_doors),
        NoticeKind(
            "branch.paused",
            N_("A few things are paused while we look into something. Read which, and why."),
            _to_doors,
        ),
        NoticeKind("branch.lifted", N_("What was paused is open to you again."), _to_doors),
        NoticeKind("application.file-opened", N_("Your application was opened again by two persons."), _to_doors),
    ),
    queue=(
        QueueKind(
            "application",
            N_("Application"),
            Permission.VET,
            timedelta(days=7),
            lambda ref: url_for("membership.application", id=ref),
            vetting.may_take,
        ),
        QueueKind(
            "application-asks",
            N_("Application that waits for vouches"),
            Permission.VET,
            timedelta(days=3),
            lambda ref: url_for("membership.application", id=ref),
            vetting.may_judge,
        ),
        QueueKind(
            "probation",
            N_("End of a probation"),
            Permission.MEASURES_TAKE,
            timedelta(days=7),
            lambda ref: url_for("membership.probation", id=ref),
            doors.may_end_probation,
        ),
        QueueKind(
            "branch-review",
            N_("Paused together with others"),
            Permission.MEASURES_TAKE,
            timedelta(days=7),
            lambda ref: url_for("membership.branch_review", id=ref),
            doors.may_lift,
        ),
        QueueKind(
            "vouch-review",
            N_("Vouch taken back"),
            Permission.MEASURES_TAKE,
            timedelta(days=3),
            lambda ref: url_for("membership.vouch_review", id=ref),
            branches.may_review_vouch,
        ),
    ),
    two_person_acts=(
        TwoPersonAct(
            "application.open-file",
            N_("Open a decided application"),
            Permission.VET,
            vetting_actions.open_file,
            vetting.may_open_file,
        ),
        TwoPersonAct(
            "branch.freeze",
            N_("Freeze a branch"),
            Permission.MEASURES_TAKE,
            branch_actions.freeze,
            branches.may_freeze,
        ),
    ),
)
