"""Kinds and states of rooms, being asked into one, topics, pauses, and what hangs on a message

Revision 202611210008, after 202611210007.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210008"
down_revision = "202611210007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    with op.batch_alter_table("room") as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(32), server_default="open", nullable=False))
        batch_op.add_column(sa.Column("space", sa.String(32), server_default="rooms", nullable=True))
        batch_op.add_column(sa.Column("key_id", sa.String(16), nullable=True))
        batch_op.add_column(sa.Column("title", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("pair", sa.LargeBinary(32), nullable=True))
        batch_op.add_column(sa.Column("first_seq", sa.BigInteger(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("indexed_seq", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("slow_seconds", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("begins_at", UTC, nullable=True))
        batch_op.add_column(sa.Column("ends_at", UTC, nullable=True))
        batch_op.add_column(sa.Column("attended_at", UTC, nullable=True))
        batch_op.create_unique_constraint(op.f("uq_room_pair"), ["pair"])
    with op.batch_alter_table("room_member") as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(32), server_default="in", nullable=False))
        batch_op.add_column(sa.Column("role", sa.String(32), server_default="member", nullable=False))
        batch_op.add_column(sa.Column("asked_by_id", ROW_ID, nullable=True))
        batch_op.add_column(sa.Column("muted_until", UTC, nullable=True))
        batch_op.add_column(sa.Column("favourite", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("wrote_at", UTC, nullable=True))
        batch_op.add_column(sa.Column("paused_until", UTC, nullable=True))
        batch_op.add_column(sa.Column("own_unread", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_room_member_asked_by_id_person"), "person", ["asked_by_id"], ["id"], ondelete="SET NULL"
        )
    with op.batch_alter_table("room_epoch") as batch_op:
        batch_op.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("reply_to", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("topic_id", ROW_ID, nullable=True))
        batch_op.add_column(sa.Column("edits", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("expires_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("terms", sa.LargeBinary(), server_default=sa.text("''"), nullable=False))
        for columns, some in ((["room_id", "topic_id", "seq"], "topic_id"), (["expires_on"], "expires_on")):
            only = sa.text(f"{some} IS NOT NULL")
            batch_op.create_index(f"ix_message_{'_'.join(columns)}", columns, sqlite_where=only, postgresql_where=only)
        gone = sa.text("state <> 'shown'")
        batch_op.create_index(
            "ix_message_room_id_seq_state", ["room_id", "seq"], sqlite_where=gone, postgresql_where=gone
        )
    op.create_table(
        "room_pause",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person_id", ROW_ID, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("until", UTC, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("room_id", "person_id"),
    )
    op.create_index("ix_room_pause_person_id", "room_pause", ["person_id"])
    op.create_table(
        "room_topic",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("public_id", sa.String(16), nullable=False, unique=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_room_topic_room_id", "room_topic", ["room_id"])
    op.create_table(
        "message_version",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("message_id", ROW_ID, sa.ForeignKey("message.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("message_id", "number"),
    )
    op.create_table(
        "message_reaction",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("person_id", ROW_ID, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.UniqueConstraint("room_id", "seq", "person_id", "kind"),
    )
    op.create_index("ix_message_reaction_person_id", "message_reaction", ["person_id"])
    op.create_table(
        "message_mention",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("person_id", ROW_ID, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("person_id", "room_id", "seq"),
    )
    op.create_index("ix_message_mention_room_id_seq", "message_mention", ["room_id", "seq"])
    op.create_table(
        "message_pin",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("pinned_on", sa.Date(), nullable=False),
        sa.UniqueConstraint("room_id", "seq"),
    )
    op.create_table(
        "message_attachment",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("public_id", sa.String(16), nullable=False, unique=True),
        sa.Column("room_id", ROW_ID, sa.ForeignKey("room.id", ondelete="CASCADE"), nullable=False),
        sa.Column("author_id", ROW_ID, sa.ForeignKey("person.id", ondelete="SET NULL"), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("file", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("described", sa.LargeBinary(), nullable=True),
        sa.Column("brought_at", UTC, nullable=False),
    )
    op.create_index("ix_message_attachment_room_id_seq", "message_attachment", ["room_id", "seq"])
    op.create_index("ix_message_attachment_author_id", "message_attachment", ["author_id"])
    op.create_table(
        "message_term",
        sa.Column("epoch_id", ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("term", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "private_names",
        sa.Column("person_id", ROW_ID, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def downgrade_data() -> None:
    for table in (
        "private_names",
        "message_term",
        "message_attachment",
        "message_pin",
        "message_mention",
        "message_reaction",
        "message_version",
        "room_topic",
        "room_pause",
    ):
        op.drop_table(table)
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index("ix_message_room_id_seq_state")
        batch_op.drop_index("ix_message_expires_on")
        batch_op.drop_index("ix_message_room_id_topic_id_seq")
        for column in ("terms", "expires_on", "edits", "topic_id", "reply_to"):
            batch_op.drop_column(column)
    with op.batch_alter_table("room_epoch") as batch_op:
        batch_op.drop_column("keep_days")
    with op.batch_alter_table("room_member") as batch_op:
        batch_op.drop_constraint(op.f("fk_room_member_asked_by_id_person"), type_="foreignkey")
        for column in (
            "own_unread",
            "paused_until",
            "wrote_at",
            "keep_days",
            "favourite",
            "muted_until",
            "asked_by_id",
            "role",
            "state",
        ):
            batch_op.drop_column(column)
    with op.batch_alter_table("room") as batch_op:
        batch_op.drop_constraint(op.f("uq_room_pair"), type_="unique")
        for column in (
            "attended_at",
            "ends_at",
            "begins_at",
            "slow_seconds",
            "indexed_seq",
            "first_seq",
            "pair",
            "title",
            "key_id",
            "space",
            "state",
        ):
            batch_op.drop_column(column)


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
