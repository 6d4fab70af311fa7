"""Flask-Alembic over the two databases: `flask db ...`. Revisions live in migrations/ and never import app code."""

import logging
from datetime import UTC, datetime
from typing import Any, Literal

from flask import Flask
from flask_alembic import Alembic

from app.kernel.db import Base, Databases, KeysBase, State, UtcTime

NAMES = ("data", "keys")


def attach(app: Flask, databases: Databases) -> Alembic:
    """Add the `db` commands to the app."""
    alembic = Alembic(
        run_mkdir=False,
        metadatas={"data": Base.metadata, "keys": KeysBase.metadata},
        engines=databases.for_migrations(),
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # after the extension, which asks for more
    alembic.rev_id = staticmethod(_next_number)  # type: ignore[method-assign]  # as its documentation says
    app.config["ALEMBIC_CONTEXT"] = {"render_as_batch": True, "compare_type": True, "render_item": _plain_type}
    alembic.init_app(app)
    return alembic


def upgrade(app: Flask) -> bool:
    """Bring both databases to the newest revision. Returns whether anything had to be done."""
    alembic: Alembic = app.extensions["alembic"]
    with app.app_context():
        before = {name: tuple(context.get_current_heads()) for name, context in alembic.migration_contexts.items()}
        heads = tuple(sorted(script.revision for script in alembic.heads()))
        if all(tuple(sorted(current)) == heads for current in before.values()):
            return False
        alembic.upgrade()
    return True


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types into a revision as what they are to a database, since revisions import no app code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, State):
        return "sa.String(32)"
    return False


def _next_number() -> str:
    return datetime.now(UTC).strftime("%Y%m%d%H%M")
