"""Verbs of moderation: the only writers of its tables. Other features use the first five."""

from app.moderation.actions.appeals import add_words, appeal, decide_appeal
from app.moderation.actions.deciding import Decision, decide_reports
from app.moderation.actions.forgetting import forget
from app.moderation.actions.measures import (
    carry_out_lifting,
    carry_out_removal,
    close_removed,
    end_over,
    lift,
    take,
)
from app.moderation.actions.people import (
    PROPOSED_ROLES,
    break_glass,
    carry_out_reset,
    carry_out_role,
    look,
    open_reason,
    propose_lifting,
    propose_removal,
    propose_reset,
    propose_role,
    write_note,
)
from app.moderation.actions.proposals import (
    consent,
    decline,
    expire_proposals,
    is_proposed_by_another,
    propose,
    withdraw,
)
from app.moderation.actions.queue import choose_daily_limit, claim, close_item, leave_all, open_item, put_back
from app.moderation.actions.reports import answer_question, ask, close_reports, remove_words, report, withdraw_report

__all__ = [
    "PROPOSED_ROLES",
    "Decision",
    "add_words",
    "answer_question",
    "appeal",
    "ask",
    "break_glass",
    "carry_out_lifting",
    "carry_out_removal",
    "carry_out_reset",
    "carry_out_role",
    "choose_daily_limit",
    "claim",
    "close_item",
    "close_removed",
    "close_reports",
    "consent",
    "decide_appeal",
    "decide_reports",
    "decline",
    "end_over",
    "expire_proposals",
    "forget",
    "is_proposed_by_another",
    "leave_all",
    "lift",
    "look",
    "open_item",
    "open_reason",
    "propose",
    "propose_lifting",
    "propose_removal",
    "propose_reset",
    "propose_role",
    "put_back",
    "remove_words",
    "report",
    "take",
    "withdraw",
    "withdraw_report",
    "write_note",
]
