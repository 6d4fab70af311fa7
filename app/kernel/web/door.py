"""A blueprint whose every route says who may enter. There is no other way to add one."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.kernel.access import Permission, check_declared
from app.kernel.errors import NotFound, SignedOut
from app.kernel.web.context import present_actor

View = TypeVar("View", bound=Callable[..., Any])


class Door(Blueprint):
    """Routes of one feature. `declared` maps `METHOD endpoint` to the permission that it asks for."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.declared: dict[str, Permission] = {}

    def page(self, rule: str, *, access: Permission, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
        """Declare a view together with who may enter."""

        def declare(view: View) -> View:
            for method in methods:
                self.declared[f"{method} {self.name}.{view.__name__}"] = access
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
    declared = {
        name: access
        for blueprint in app.blueprints.values()
        if isinstance(blueprint, Door)
        for name, access in blueprint.declared.items()
    }
    check_declared("route", all_doors(app), declared)
    app.extensions["declared_access"] = declared

    @app.before_request
    def enter() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        if "\0" in request.path:  # names nothing here, and PostgreSQL refuses it as text
            raise NotFound
        method = "GET" if request.method == "HEAD" else request.method
        access = declared[f"{method} {request.endpoint}"]
        if access is Permission.OPEN:
            return None
        actor = present_actor()
        if actor.holds(access):
            return None
        if actor.is_authenticated:
            raise NotFound
        if method == "GET":
            return redirect(url_for("identity.sign_in", next=request.full_path.rstrip("?")))
        raise SignedOut
