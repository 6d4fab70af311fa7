"""Personal safety, as it is listed in app/features.py."""

from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, Need, NoticeKind, QueueKind, TwoPersonAct
from app.kernel.signals import parted, typed_in_vain
from app.notifications.policy import left_out
from app.safety import jobs, policy
from app.safety.actions import trust as trust_actions
from app.safety.actions.drafts import keep_typed
from app.safety.demo import load_safety
from app.safety.own_parts import part as own_part
from app.safety.queries import drafts, travel, trust
from app.safety.views import door


def needs(actor: Actor) -> list[Need]:
    """A journey that the actor may end, and words that they have not sent."""
    found = []
    if actor.holds(Permission.SETTINGS_CHANGE) and (journeys := travel.journeys(actor)):
        to = url_for("safety.journey", id=journeys[0].public_id)
        found.append(Need(gettext("Somebody travels, and you can say when it is over"), to, len(journeys)))
    if kept := drafts.count(actor):
        found.append(Need(gettext("Words that you have not sent"), url_for("safety.drafts"), kept))
    return found


def standing(actor: Actor) -> list[Need]:
    """That the account is frozen, without saying by whom."""
    if trust.find_own_freeze(actor) is None:
        return []
    return [Need(gettext("Your account is paused for your safety"), url_for("safety.frozen"))]


def about_person(actor: Actor, person: str) -> list[Need]:
    """From a person to the freeze that waits for a decision."""
    frozen = trust.frozen_person(actor, person)
    return [Need(gettext("Their account is frozen"), url_for("safety.review_freeze", id=frozen))] if frozen else []


def hold_back(person_id: int) -> Any:
    """What notices of a person are about something that they hide."""
    return policy.hidden_notices(person_id)


def keep(actor: Actor, **what: Any) -> bool:
    """Words that met a locked screen or an ended session."""
    return keep_typed(actor, **what)


def take_off(_sender: object, *, people: tuple[int, int]) -> None:
    """Who is not among one's people any more freezes nothing either."""
    trust_actions.part(system("trust"), *people)


left_out.connect(hold_back)
parted.connect(take_off)
typed_in_vain.connect(keep)


def _to_trusted(_ref: str) -> str:
    return url_for("safety.trusted")


feature = Feature(
    name="safety",
    own_data=(own_part,),
    demo=load_safety,
    door=door,
    me=(
        MeEntry(
            "safety.lock",
            N_("Screen lock"),
            N_("A short code, for when somebody may reach for your phone."),
            Permission.SETTINGS_CHANGE,
            order=42,
        ),
        MeEntry(
            "safety.travel",
            N_("Travel mode"),
            N_("Before a border or a checkpoint: hide what should not be found."),
            Permission.SETTINGS_CHANGE,
            order=44,
        ),
        MeEntry(
            "safety.trusted",
            N_("Trusted people"),
            N_("Who may freeze your account when you cannot, and whose you may."),
            Permission.SETTINGS_CHANGE,
            order=46,
        ),
        MeEntry(
            "safety.drafts",
            N_("Drafts"),
            N_("What you typed and have not sent."),
            Permission.SIGNED_IN,
            order=48,
        ),
    ),
    tasks={"safety.end-journeys": jobs.end_journeys, "safety.forget": jobs.forget},
    hourly=("safety.end-journeys", "safety.forget"),
    needs=needs,
    standing=standing,
    about_person=about_person,
    queue=(
        QueueKind(
            trust_actions.QUEUE,
            N_("Frozen account"),
            Permission.MEASURES_TAKE,
            timedelta(hours=24),
            lambda ref: url_for("safety.review_freeze", id=ref),
            trust.may_decide,
        ),
    ),
    two_person_acts=(
        TwoPersonAct(
            trust.GIVE_BACK,
            N_("Give a frozen account back"),
            Permission.MEASURES_TAKE,
            trust_actions.carry_out,
            trust.may_decide,
        ),
    ),
    notices=(
        NoticeKind(
            "journey.peer",
            N_("Somebody who travels has chosen you to say when it is over."),
            lambda ref: url_for("safety.journey", id=ref),
            access=Permission.SETTINGS_CHANGE,
        ),
        NoticeKind(
            "journey.over",
            N_("Your journey is over. What you had hidden is there again."),
            lambda _ref: url_for("safety.travel"),
            access=Permission.SETTINGS_CHANGE,
        ),
        NoticeKind(
            "trusted.named",
            N_("Somebody trusts you: you can freeze their account if they lose it."),
            _to_trusted,
            access=Permission.SETTINGS_CHANGE,
        ),
        NoticeKind(
            "freeze.over",
            N_("Your account was frozen for your safety. Two moderators have given it back to you."),
            lambda _ref: url_for("identity.sessions"),
        ),
        NoticeKind(
            "freeze.answered",
            N_("An account that you froze was given back."),
            _to_trusted,
            access=Permission.SETTINGS_CHANGE,
        ),
        NoticeKind(
            "freeze.words",
            N_("There are new words about a frozen account."),
            lambda ref: url_for("safety.review_freeze", id=ref),
            access=Permission.MEASURES_TAKE,
        ),
    ),
)
