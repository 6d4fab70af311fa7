"""Sanad: create_app puts settings, house, features and doors together. It opens no connection to any database."""

from flask import Flask
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.features import FEATURES
from app.kernel import cli, files, i18n, migrations
from app.kernel.actor import STRANGER, Actor
from app.kernel.db import Offload, run_here
from app.kernel.erasures import check_not_restoring
from app.kernel.feature import Feature
from app.kernel.house import House
from app.kernel.jobs import Queue, kernel_tasks
from app.kernel.live import Gateway
from app.kernel.sessions import session_cookie
from app.kernel.web import compression, context, door, errors, headers, routes, scope
from app.kernel.web.flask_settings import flask_settings
from app.kernel.web.identify import identify
from app.kernel.web.uploads import UploadingRequest
from config import Settings, check_key_file


def create_app(
    settings: Settings, *, features: tuple[Feature, ...] = FEATURES, offload: Offload = run_here, needs_key: bool = True
) -> Flask:
    """The application, where it may serve.

    Raises Unsafe for a key file that is missing or open and while a backup is restored, Undeclared for a door without
    access.
    """
    if needs_key:
        check_key_file(settings.master_key_file)
        check_not_restoring(settings)
    house = House.build(settings, offload)
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance))
    app.config.update(flask_settings(house))
    app.request_class = UploadingRequest
    if settings.proxies:
        behind = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask means it
    app.extensions["house"] = house

    keeper = next(feature.sessions for feature in features if feature.sessions)
    queue = Queue(house)
    for tasks in (kernel_tasks(house), files.TASKS, *(feature.tasks for feature in features)):
        for name, task in tasks.items():
            queue.register(name, task)
    gateway = Gateway(house, keeper, [feature.events for feature in features if feature.events])
    house.attach(queue=queue, live=gateway, features=features)
    app.extensions["sessions"] = keeper

    scope.attach(app, house)
    login = LoginManager()
    # Not init_app, whose remember-me cookie we do not want: to look for it makes every answer, assets too, vary by
    # cookie.
    app.login_manager = login  # type: ignore[attr-defined]  # where Flask-Login looks for it
    login.session_protection = None  # it would look at address and user agent
    login.anonymous_user = lambda: STRANGER
    cookie = session_cookie(settings.tls)
    login.request_loader(lambda request: _known(identify(request, keeper, cookie)))
    # The exit must work from the oldest page; no other site can send the cookie along that it ends (SameSite).
    CSRFProtect(app).exempt("app.identity.views.exit")
    compression.attach(app)
    errors.attach(app)
    i18n.attach(app, settings.languages)
    context.attach(app, house)
    app.register_blueprint(routes.door)
    for feature in features:
        if feature.door:
            app.register_blueprint(feature.door)
        for command in feature.commands:
            app.cli.add_command(command)
    door.guard(app)
    cli.attach(app)
    migrations.attach(app, house.databases)
    gateway.attach(app)
    headers.attach(app, settings)
    return app


def _known(actor: Actor) -> Actor | None:
    return actor if actor.is_authenticated else None
