"""Home with what needs me, and the pages about the place itself."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.home.styleguide import specimens
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.web import Door, present_actor, present_house

door = Door("home", __name__)


@door.page("/", access=Permission.OPEN)
def index() -> ResponseReturnValue:
    actor = present_actor()
    if not actor.is_authenticated:
        return render_template("home/welcome.html")
    if actor.is_locked:
        return redirect(url_for("safety.unlock"))
    if not actor.holds(Permission.SIGNED_IN):  # suspended: why, until when, and how to appeal
        return redirect(url_for("moderation.standing"))
    waiting = [need for f in present_house().features if f.needs for need in f.needs(actor)]
    return render_template("home/index.html", needs=waiting)


@door.page("/about", access=Permission.OPEN)
def about() -> ResponseReturnValue:
    return render_template("home/about.html")


@door.page("/safety", access=Permission.OPEN)
def safety() -> ResponseReturnValue:
    return render_template("home/safety.html")


@door.page("/help", access=Permission.OPEN)
def help() -> ResponseReturnValue:
    return render_template("home/help.html")


@door.page("/styleguide", access=Permission.OPEN)
def styleguide() -> ResponseReturnValue:
    """Every component in both directions, by day and by night: for those who build, never in production."""
    settings = present_house().settings
    if settings.production:
        raise NotFound
    return render_template("home/styleguide.html", specimens=specimens(settings.languages))
