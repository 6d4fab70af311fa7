"""Sanad: create_app puts settings, house, features and doors together. It opens no connection and touches no database."""

from pathlib import Path

from flask import Flask
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.features import FEATURES
from app.kernel import cli, i18n, migrations
from app.kernel.actor import STRANGER, Actor
from app.kernel.feature import Feature
from app.kernel.house import House, Offload, run_here
from app.kernel.jobs import Queue, kernel_tasks
from app.kernel.live import Gateway
from app.kernel.sessions import session_cookie
from app.kernel.web import compression, context, door, errors, headers, routes, scope
from app.kernel.web.identify import identify
from config import Settings, check_key_file

ROOT = Path(__file__).resolve().parent.parent


def create_app(
    settings: Settings, *, features: tuple[Feature, ...] = FEATURES, offload: Offload = run_here, needs_key: bool = True
) -> Flask:
    """The application. Raises Unsafe when the key file is missing or open, Undeclared when a door declares no access."""
    if needs_key:
        check_key_file(settings.master_key_file)
    house = House.build(settings, offload)
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance))
    app.config.update(_flask_settings(house))
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.extensions["house"] = house

    keeper = next(feature.sessions for feature in features if feature.sessions)
    queue = Queue(house)
    for name, task in {**kernel_tasks(house), **{n: t for f in features for n, t in f.tasks.items()}}.items():
        queue.register(name, task)
    gateway = Gateway(house, keeper, [feature.events for feature in features if feature.events])
    house.attach(queue=queue, live=gateway, features=features)

    scope.attach(app, house)
    login = LoginManager(app)
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


def _flask_settings(house: House) -> dict[str, object]:
    settings = house.settings
    return {
        "SECRET_KEY": _form_secret(house),
        "SESSION_COOKIE_NAME": "__Host-form" if settings.tls else "form",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": settings.form_bytes,
        "MAX_FORM_MEMORY_SIZE": settings.form_bytes,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "TEMPLATES_AUTO_RELOAD": False,
        "ALEMBIC": {"script_location": str(ROOT / "migrations")},
    }


def _form_secret(house: House) -> str | None:
    return house.keyring.secret("forms").hex() if house.settings.master_key_file.exists() else None
