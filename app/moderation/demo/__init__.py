"""Fictional work for moderators in `flask demo`: each state that a report, a measure, an appeal and a proposal can have."""

from datetime import timedelta

from app.identity import queries as identity
from app.identity.demo import SECRET, inhabitants
from app.identity.factors import actions as factors
from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role, granted
from app.kernel.actor import Actor, Kind, system
from app.kernel.db import now
from app.kernel.signals import Words
from app.moderation import actions, queries
from app.moderation.models import Category, MeasureKind, Outcome, QueueItem, Report


def load_moderation() -> None:
    """A second moderator, and a few days of work for both."""
    people = {one.name: number for number, one in inhabitants().items()}
    if not {"Samar", "هالة", "دانة", "Lina", "نور", "Adam", "Elias", "Karim", "أيهم", "Maya", "Yara"} <= set(people):
        return
    samar, hala = _as(people["Samar"]), _as(people["هالة"])
    dana_row = people["دانة"]
    helps = actions.propose_role(
        samar, _row(dana_row), Role.MODERATOR, give=True, reason="She has greeted newcomers for a year and stays calm."
    )
    actions.consent(hala, helps)
    factors.furnish_one_time_code(system("demo"), _row(dana_row), SECRET)
    dana = _as(dana_row)
    _reports(people, hala, dana)
    _measures(people, hala, dana)
    actions.propose_role(
        samar, _row(people["Yara"]), Role.VETTER, give=True, reason="She knows many of those who apply from Lyon."
    )
    declined = actions.propose_removal(
        dana,
        _row(people["Karim"]),
        category=Category.SCAM,
        reason="An offer that asks for a deposit.",
        words=Words.KEEP,
    )
    actions.decline(hala, declined, reason="One offer is too little to remove somebody. Let us talk to him first.")
    actions.take(
        dana,
        people["ليث"],
        MeasureKind.SUSPEND,
        category=Category.HARASSMENT,
        reason="كتبت إلى ثلاثة أعضاء بعد أن طلبوا منك التوقف. علّقنا عضويتك عشرة أيام، ويمكنك الاعتراض.",
        days=10,
    )
    actions.break_glass(samar, reason="Both moderators were travelling, and somebody was being threatened.")


def _reports(people: dict[str, int], hala: Actor, dana: Actor) -> None:
    lina, nour, maya = _as(people["Lina"]), _as(people["نور"]), _as(people["Maya"])
    closed = _report(
        lina, people["Karim"], Category.SCAM, "He offers work and wants a deposit first.", "A warning", hours=70
    )
    actions.close_reports(
        hala,
        [_item(closed)],
        outcome=Outcome.ACTED,
        answer="Thank you. We have talked to him, and the offer is gone.",
    )
    asked = _report(lina, people["Adam"], Category.HARASSMENT, "He writes to me again and again.", "Quiet", hours=30)
    item = _item(asked)
    actions.claim(dana, item)
    actions.ask(dana, item, asked, body="Thank you for telling us. Was it in a room, or elsewhere?")
    taken = _report(nour, people["Elias"], Category.OTHER, "يتحدث باسم غيره من دون إذن.", "أن يتوقف", hours=9)
    actions.claim(hala, _item(taken))
    _report(nour, people["أيهم"], Category.SAFETY, "يسأل أين أسكن، ومن يعرف أهلي.", "ألا يعرف أنني أبلغت", hours=1)
    _report(maya, people["أيهم"], Category.SAFETY, "He asked me for names of people inside.", "", hours=0)
    gone = _report(maya, people["Karim"], Category.OTHER, "A misunderstanding.", "", hours=3)
    actions.withdraw_report(maya, gone)


def _measures(people: dict[str, int], hala: Actor, dana: Actor) -> None:
    paused = actions.take(
        hala,
        people["Adam"],
        MeasureKind.PAUSE_POSTING,
        category=Category.HARASSMENT,
        reason="You wrote to another member again after they had asked you to stop.",
        days=7,
    )
    adam = _as(people["Adam"])
    appeal = actions.appeal(adam, paused, body="I did not see that they had asked me. I would have stopped.")
    actions.add_words(dana, appeal, body="I have read the room. When did you see their last message?")
    actions.add_words(adam, appeal, body="Only this morning. I am sorry about it.")
    suspended = actions.take(
        dana,
        people["Elias"],
        MeasureKind.SUSPEND,
        category=Category.OTHER,
        reason="You shared the photograph of a member.",
        days=14,
        words=Words.HIDE,
    )
    actions.lift(hala, suspended, reason="The photograph was his own. We are sorry.")
    actions.take(
        dana,
        people["Karim"],
        MeasureKind.NOTICE,
        category=Category.SCAM,
        reason="Offers that ask for money in advance do not belong here.",
    )
    actions.write_note(hala, _row(people["Karim"]), note="Spoke with him. He believed the offer himself.")


def _report(by: Actor, about: int, category: Category, says: str, hopes: str, *, hours: int) -> Report:
    at = now() - timedelta(hours=hours)
    return actions.report(by, "person", _row(about).public_id, category=category, says=says, hopes=hopes, at=at)


def _item(report: Report) -> QueueItem:
    return queries.item_by_row(report.item_id)


def _row(number: int) -> Person:
    return work.session().get_one(Person, number)


def _as(number: int) -> Actor:
    """Somebody of the demo, with what their roles grant."""
    person = _row(number)
    held = [one.role for one in person.roles]
    return Actor(Kind.PERSON, person.public_id, id=person.id, name=identity.name_of(person), permissions=granted(held))
