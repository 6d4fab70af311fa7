"""A blueprint whose every route says who may enter. There is no other way to add one."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.kernel import work
from app.kernel.access import Permission, check_declared
from app.kernel.errors import Locked, NotFound, SignedOut, Unproved
from app.kernel.web.context import present_actor

View = TypeVar("View", bound=Callable[..., Any])


class Door(Blueprint):
    """Routes of one feature. `declared` maps `METHOD endpoint` to the permission that it asks for.

    `step_up` names those that ask besides that the person has given their passphrase or a second factor in the last
    minutes (PROVED_MINUTES).
    """

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.declared: dict[str, Permission] = {}
        self.step_up: set[str] = set()
        self.uploads: dict[str, int] = {}

    def page(
        self,
        rule: str,
        *,
        access: Permission,
        methods: tuple[str, ...] = ("GET",),
        step_up: bool = False,
        uploads: int = 0,
    ) -> Callable[[View], View]:
        """Declare a view together with who may enter. `uploads` is how many bytes a file may have that is posted there.

        With `step_up` whoever has not proved lately that it is them is led to do so before the page is shown. When a
        form is sent too late nothing is written: a `Form` is refused and drawn again with what was typed, and an action
        without a form raises Unproved.
        """

        def declare(view: View) -> View:
            for method in methods:
                self.declared[f"{method} {self.name}.{view.__name__}"] = access
                if step_up:
                    self.step_up.add(f"{method} {self.name}.{view.__name__}")
                if uploads and method == "POST":
                    self.uploads[f"{method} {self.name}.{view.__name__}"] = uploads
            self.add_url_rule(rule, view.__name__, view, methods=methods, provide_automatic_options=False)
            return view

        return declare


def all_doors(app: Flask) -> dict[str, str]:
    """Every `METHOD endpoint` that the app answers, with its address. HEAD follows GET and needs no line of its own."""
    return {
        f"{method} {rule.endpoint}": str(rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }


def guard(app: Flask) -> None:
    """Refuse to go on when a route declares no access, then check the declared one before every view."""
    doors = [blueprint for blueprint in app.blueprints.values() if isinstance(blueprint, Door)]
    declared = {name: access for door in doors for name, access in door.declared.items()}
    step_up = {name for door in doors for name in door.step_up}
    check_declared("route", all_doors(app), declared)
    app.extensions["declared_access"] = declared
    app.extensions["uploads"] = {name: most for door in doors for name, most in door.uploads.items()}

    @app.before_request
    def enter() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        if "\0" in request.path:  # names nothing here, and PostgreSQL refuses it as text
            raise NotFound
        method = "GET" if request.method == "HEAD" else request.method
        asked = f"{method} {request.endpoint}"
        access = declared[asked]
        if access is Permission.OPEN:
            return None
        actor = present_actor()
        if actor.holds(access):
            return _prove_first(method) if asked in step_up and not actor.proved_within() else None
        if actor.is_locked:
            return _unlock_first(method)
        if actor.is_authenticated:
            raise NotFound
        if method == "GET":
            return redirect(url_for("identity.sign_in", next=request.full_path.rstrip("?")))
        raise SignedOut


def _unlock_first(method: str) -> ResponseReturnValue:
    """Lead to the page on which the screen is opened. What was sent is kept and not shown (errors.py)."""
    if method == "GET":
        return redirect(url_for("safety.unlock", next=request.full_path.rstrip("?")))
    raise Locked


def _prove_first(method: str) -> ResponseReturnValue | None:
    """Lead to the page on which one proves that it is oneself. What was sent already is kept, and writes nothing."""
    if method == "GET":
        return redirect(url_for("identity.prove", next=request.full_path.rstrip("?")))
    g.unproved = Unproved()
    work.current().refuse_writing(g.unproved)
    return None
