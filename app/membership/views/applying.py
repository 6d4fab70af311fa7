"""Pages of whoever applies. This browser remembers which application is its own until it is closed or told to forget."""

from flask import flash, redirect, render_template, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import N_, Conflict, Invalid, NotFound, TooMany, Unavailable
from app.kernel.i18n import language
from app.kernel.web import present_actor, present_house
from app.kernel.web.network import network_tag
from app.membership import records
from app.membership.actions import applying as actions
from app.membership.forms import AnswerForm, EmptyForm, KnownByForm, NameForm, ReturnForm, SendForm, WhyForm
from app.membership.models import Application, ApplicationState
from app.membership.queries import applying as queries
from app.membership.views.entrance import door
from app.membership.wording import WHY, Why

#: Where the browser keeps the id of its application: in the signed cookie of forms, gone when it is closed.
KEPT = "applying"
STEPS = {
    2: "membership.apply_name",
    3: "membership.apply_people",
    4: "membership.apply_words",
    5: "membership.apply_send",
}
REFUSALS = (Invalid, Conflict, TooMany, Unavailable)


@door.page("/apply", access=Permission.OPEN, methods=("GET", "POST"))
def apply() -> ResponseReturnValue:
    _nobody_here_yet()
    form, mine = EmptyForm(), _mine()
    if form.validate_on_submit() and mine is None:
        try:
            made, code = actions.start(present_actor(), language=language(), network=network_tag(present_house()))
        except TooMany as refusal:
            form.refuse(refusal)
        else:
            browser[KEPT] = made.public_id
            # No redirect: the code is shown in this answer and never again.
            return render_template("membership/apply_code.html", code=code)
    going_on = url_for(_next(mine)) if mine is not None else None
    days = queries.usual_days() or queries.PROMISE_DAYS
    return form.answer(render_template("membership/apply.html", form=form, going_on=going_on, days=days))


@door.page("/apply/name", access=Permission.OPEN, methods=("GET", "POST"))
def apply_name() -> ResponseReturnValue:
    mine = _draft()
    if mine is None:
        return _elsewhere()
    form = NameForm(name=records.answers_of(mine).name)
    if form.validate_on_submit():
        try:
            actions.choose_name(present_actor(), mine, name=form.name.data or "")
            return _on(3)
        except Invalid as refusal:
            form.refuse(refusal, at=form.name)
    return form.answer(render_template("membership/apply_name.html", form=form, step=2))


@door.page("/apply/people", access=Permission.OPEN, methods=("GET", "POST"))
def apply_people() -> ResponseReturnValue:
    mine = _draft()
    if mine is None:
        return _elsewhere()
    lines = dict(zip(("first", "second", "third", "fourth"), records.answers_of(mine).known_by, strict=False))
    form = KnownByForm(**lines)
    if form.validate_on_submit():
        try:
            network = network_tag(present_house())
            present_house().budgets.spend(actions.CODE_BY_NETWORK, network)
            actions.say_who_knows(present_actor(), mine, known_by=form.people(), codes=form.given_codes())
            return _on(4)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.codes)
    given = queries.codes_given(mine)
    return form.answer(render_template("membership/apply_people.html", form=form, step=3, codes_given=given))


@door.page("/apply/words", access=Permission.OPEN, methods=("GET", "POST"))
def apply_words() -> ResponseReturnValue:
    mine = _draft()
    if mine is None:
        return _elsewhere()
    answers = records.answers_of(mine)
    form = WhyForm(country=answers.country, brings=answers.brings, offers=answers.offers)
    if form.validate_on_submit():
        actions.say_why(
            present_actor(),
            mine,
            country=form.country.data or "",
            brings=form.brings.data or "",
            offers=form.offers.data or "",
        )
        return _on(5)
    return form.answer(render_template("membership/apply_words.html", form=form, step=4))


@door.page("/apply/send", access=Permission.OPEN, methods=("GET", "POST"))
def apply_send() -> ResponseReturnValue:
    mine = _draft()
    if mine is None:
        return _elsewhere()
    form = SendForm()
    if form.validate_on_submit():
        try:
            if form.passphrase.data != form.again.data:
                raise Invalid(N_("The two passphrases are not the same."))
            actions.send(present_actor(), mine, passphrase=form.passphrase.data or "")
            flash(gettext("Your application is sent."))
            return redirect(url_for("membership.apply_status"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    answers, given = records.answers_of(mine), queries.codes_given(mine)
    return form.answer(
        render_template("membership/apply_send.html", form=form, step=5, answers=answers, codes_given=given)
    )


@door.page("/apply/return", access=Permission.OPEN, methods=("GET", "POST"))
def apply_return() -> ResponseReturnValue:
    _nobody_here_yet()
    form = ReturnForm()
    if form.validate_on_submit():
        try:
            found = actions.come_back(present_actor(), form.code.data or "", network=network_tag(present_house()))
            browser[KEPT] = found.public_id
            return redirect(url_for(_next(found)), 303)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("membership/apply_return.html", form=form))


@door.page("/apply/status", access=Permission.OPEN)
def apply_status() -> ResponseReturnValue:
    _nobody_here_yet()
    mine = _mine()
    if mine is None or mine.state is ApplicationState.DRAFT:
        return _elsewhere()
    return _status(mine, AnswerForm(), NameForm())


@door.page("/apply/answer", access=Permission.OPEN, methods=("POST",))
def apply_answer() -> ResponseReturnValue:
    mine, form = _mine_or_nothing(), AnswerForm()
    if form.validate_on_submit():
        actions.answer_question(present_actor(), mine, words=form.words.data or "")
        flash(gettext("Your answer is sent."))
        return redirect(url_for("membership.apply_status"), 303)
    return form.answer(_status(mine, form, NameForm()))


@door.page("/apply/another-name", access=Permission.OPEN, methods=("POST",))
def apply_another_name() -> ResponseReturnValue:
    mine, form = _mine_or_nothing(), NameForm()
    if form.validate_on_submit():
        try:
            actions.choose_another_name(present_actor(), mine, name=form.name.data or "")
            flash(gettext("Your name is changed."))
            return redirect(url_for("membership.apply_status"), 303)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal, at=form.name)
    return form.answer(_status(mine, AnswerForm(), form))


@door.page("/apply/withdraw", access=Permission.OPEN, methods=("GET", "POST"))
def apply_withdraw() -> ResponseReturnValue:
    _nobody_here_yet()
    mine, form = _mine(), EmptyForm()
    if mine is None:
        return _elsewhere()
    if form.validate_on_submit():
        actions.withdraw(present_actor(), mine)
        browser.pop(KEPT, None)
        flash(gettext("Your application is gone, and everything that you wrote with it."))
        return redirect(url_for("membership.apply"), 303)
    return form.answer(render_template("membership/apply_withdraw.html", form=form))


@door.page("/apply/leave", access=Permission.OPEN, methods=("POST",))
def apply_leave() -> ResponseReturnValue:
    browser.pop(KEPT, None)
    flash(gettext("This browser no longer knows your application. Come back with your code."))
    return redirect(url_for("membership.apply_return"), 303)


def _nobody_here_yet() -> None:
    if present_actor().is_authenticated:
        raise Conflict(N_("You are signed in already. Sign out first to look after an application."))


def _mine() -> Application | None:
    kept = browser.get(KEPT)
    if not isinstance(kept, str):
        return None
    try:
        return queries.get_mine(kept)
    except NotFound:
        browser.pop(KEPT, None)
        return None


def _mine_or_nothing() -> Application:
    _nobody_here_yet()
    mine = _mine()
    if mine is None:
        raise NotFound
    return mine


def _draft() -> Application | None:
    _nobody_here_yet()
    mine = _mine()
    return mine if mine is not None and mine.state is ApplicationState.DRAFT else None


def _elsewhere() -> ResponseReturnValue:
    """To wherever this browser can go on."""
    mine = _mine()
    return redirect(url_for("membership.apply_return" if mine is None else _next(mine)), 303)


def _next(application: Application) -> str:
    """The page on which an application goes on."""
    if application.state is ApplicationState.DRAFT:
        return STEPS[min(max(application.step, 2), 5)]
    return "membership.apply_status"


def _on(step: int) -> ResponseReturnValue:
    return redirect(url_for(STEPS[step]), 303)


def _status(mine: Application, answer: AnswerForm, another: NameForm) -> str:
    found = queries.status_of(mine)
    why = gettext(WHY[Why(found.outcome.why)]) if found.outcome else None
    return render_template(
        "membership/apply_status.html", status=found, why=why, answer=answer, another=another, state=found.state.value
    )
