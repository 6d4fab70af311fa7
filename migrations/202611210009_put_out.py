"""Who was put out of a room

Revision 202611210009, after 202611210008.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210009"
down_revision = "202611210008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    op.create_table(
        "room_put_out",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person_id", ROW_ID, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("put_out_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("room_id", "person_id"),
    )
    op.create_index("ix_room_put_out_person_id", "room_put_out", ["person_id"])


def downgrade_data() -> None:
    op.drop_index("ix_room_put_out_person_id", table_name="room_put_out")
    op.drop_table("room_put_out")


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
