"""${message}

Revision ${up_revision}, after ${down_revision or "nothing"}.
"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision).replace("'", '"')}
down_revision = ${repr(down_revision).replace("'", '"')}
branch_labels = ${repr(branch_labels).replace("'", '"')}
depends_on = ${repr(depends_on)}


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()

% for name in ("data", "keys"):

def upgrade_${name}() -> None:
    ${context.get("%s_upgrades" % name, "pass")}


def downgrade_${name}() -> None:
    ${context.get("%s_downgrades" % name, "pass")}

% endfor
