"""What became of a message

Revision 202611210006, after 202611210005.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210006"
down_revision = "202611210005"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(32), server_default="shown", nullable=False))


def downgrade_data() -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_column("state")


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
