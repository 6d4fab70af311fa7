"""Moderation, as it is listed in app/features.py."""

from datetime import timedelta

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import (
    Feature,
    LookKind,
    MeEntry,
    NavEntry,
    Need,
    NoticeKind,
    QueueKind,
    Reportable,
    TwoPersonAct,
)
from app.moderation import actions, jobs, policy, queries
from app.moderation.demo import load_moderation
from app.moderation.own_parts import part as own_part
from app.moderation.views import door


def needs(actor: Actor) -> list[Need]:
    """What waits for this person: the queue, proposals, and questions about their reports."""
    found = []
    if actor.holds(Permission.QUEUE_WORK):
        count, safety = queries.waiting(actor)
        if safety:
            found.append(
                Need(gettext("Concerns somebody's safety"), url_for("moderation.queue", priority="safety"), safety)
            )
        if count:
            found.append(Need(gettext("Waits in the queue"), url_for("moderation.queue"), count))
    if actor.holds(Permission.PEOPLE_SEE) and (proposed := queries.waiting_proposals(actor)):
        found.append(Need(gettext("Waits for a second person"), url_for("moderation.proposals"), proposed))
    if left := policy.appeals_left_to(actor):
        found.append(
            Need(gettext("An appeal that is left to you"), url_for("moderation.appeal", id=left[0]), len(left))
        )
    if actor.holds(Permission.REPORT) and (asked := queries.questions_waiting(actor)):
        found.append(Need(gettext("A question about your report"), url_for("moderation.my_reports"), asked))
    return found


feature = Feature(
    name="moderation",
    own_data=(own_part,),
    door=door,
    me=(
        MeEntry(
            "moderation.standing",
            N_("My standing"),
            N_("What moderators decided about you, why, and how to appeal."),
            Permission.STANDING_SEE,
            order=60,
        ),
        MeEntry(
            "moderation.my_reports",
            N_("My reports"),
            N_("What you reported, and what came of it."),
            Permission.REPORT,
            order=65,
        ),
    ),
    needs=needs,
    demo=load_moderation,
    tasks={
        "moderation.end-measures": jobs.end_measures,
        "moderation.close-removed": jobs.close_removed,
        "moderation.expire-proposals": jobs.expire_proposals,
        "moderation.forget": jobs.forget,
    },
    hourly=(
        "moderation.end-measures",
        "moderation.close-removed",
        "moderation.expire-proposals",
        "moderation.forget",
    ),
    navigation=(
        NavEntry("moderation.queue", N_("Queue"), Permission.QUEUE_WORK, order=40),
        NavEntry("moderation.people", N_("People"), Permission.PEOPLE_SEE, order=45),
        NavEntry("moderation.proposals", N_("Two persons"), Permission.PEOPLE_SEE, order=50),
        NavEntry("moderation.record", N_("Record"), Permission.RECORD_READ, order=55),
    ),
    queue=(
        QueueKind(
            policy.REPORTS,
            N_("Report"),
            Permission.MEASURES_TAKE,
            timedelta(hours=48),
            lambda _ref: url_for("moderation.queue", kind=policy.REPORTS),
            policy.may_take_report,
        ),
        QueueKind(
            policy.APPEALS,
            N_("Appeal"),
            Permission.MEASURES_TAKE,
            timedelta(hours=48),
            lambda ref: url_for("moderation.appeal", id=ref),
            policy.may_take_appeal,
        ),
        QueueKind(
            policy.PROPOSALS,
            N_("Act of two persons"),
            Permission.PEOPLE_SEE,
            timedelta(hours=48),
            lambda ref: url_for("moderation.proposal", id=ref),
            policy.may_take_proposal,
        ),
    ),
    two_person_acts=(
        TwoPersonAct(
            "member.remove",
            N_("Remove a member"),
            Permission.MEASURES_TAKE,
            actions.carry_out_removal,
            policy.may_decide_on_person,
        ),
        TwoPersonAct(
            "measure.lift-removal",
            N_("Let a removed member back in"),
            Permission.MEASURES_TAKE,
            actions.carry_out_lifting,
            policy.may_decide_on_measure,
        ),
        TwoPersonAct(
            "role.change", N_("Change a role"), Permission.PEOPLE_SEE, actions.carry_out_role, policy.may_decide_on_role
        ),
        TwoPersonAct(
            "passphrase.reset",
            N_("A way back in for somebody without a passphrase"),
            Permission.MEASURES_TAKE,
            actions.carry_out_reset,
            policy.may_decide_on_person,
        ),
    ),
    looks=(LookKind(queries.HISTORY, N_("Your history here, with notes of moderators"), Permission.PEOPLE_SEE),),
    reportable=(Reportable("person", N_("A person"), find=queries.find_reported, context=lambda _ref: ()),),
    notices=(
        NoticeKind(
            "report.closed",
            N_("Your report has an answer."),
            lambda ref: url_for("moderation.my_report", id=ref),
            access=Permission.HIDDEN_SEE,
        ),
        NoticeKind(
            "report.question",
            N_("There is a question about your report."),
            lambda ref: url_for("moderation.my_report", id=ref),
            access=Permission.HIDDEN_SEE,
        ),
        NoticeKind(
            "report.answer",
            N_("Whoever reported something has answered you."),
            lambda ref: url_for("moderation.item", id=ref),
            access=Permission.QUEUE_WORK,
        ),
        NoticeKind(
            "measure.taken",
            N_("A moderator has written to you."),
            lambda _ref: url_for("moderation.standing"),
            urgent=True,
        ),
        NoticeKind(
            "measure.lifted",
            N_("A measure was lifted."),
            lambda _ref: url_for("moderation.standing"),
            urgent=True,
        ),
        NoticeKind(
            "appeal.words",
            N_("There is an answer in your appeal."),
            lambda ref: url_for("moderation.my_appeal", id=ref),
            urgent=True,
        ),
        NoticeKind(
            "appeal.answer",
            N_("There are new words in an appeal that you work on."),
            lambda ref: url_for("moderation.appeal", id=ref),
            access=Permission.PEOPLE_SEE,
        ),
        NoticeKind(
            "appeal.left",
            N_("An appeal is left to you: every moderator had a hand in it."),
            lambda ref: url_for("moderation.appeal", id=ref),
            access=Permission.PEOPLE_SEE,
        ),
        NoticeKind(
            "appeal.decided",
            N_("Your appeal is decided."),
            lambda ref: url_for("moderation.my_appeal", id=ref),
            urgent=True,
        ),
        NoticeKind(
            "proposal.done",
            N_("What you proposed is done."),
            lambda ref: url_for("moderation.proposal", id=ref),
            access=Permission.PEOPLE_SEE,
        ),
        NoticeKind(
            "proposal.declined",
            N_("What you proposed was declined."),
            lambda ref: url_for("moderation.proposal", id=ref),
            access=Permission.PEOPLE_SEE,
        ),
        NoticeKind(
            "proposal.expired",
            N_("Nobody answered what you proposed."),
            lambda ref: url_for("moderation.proposal", id=ref),
            access=Permission.PEOPLE_SEE,
        ),
        NoticeKind("role.changed", N_("Your role here has changed."), lambda _ref: url_for("home.index")),
        NoticeKind(
            "item.safety",
            N_("Something concerns somebody's safety."),
            lambda ref: url_for("moderation.item", id=ref),
            urgent=True,
            access=Permission.QUEUE_WORK,
        ),
        NoticeKind(
            "emergency.begun",
            N_("An administrator has declared an emergency."),
            lambda _ref: url_for("moderation.log"),
            urgent=True,
        ),
    ),
)
