"""Profiles, personal safety, own data

Revision 202611210007, after 202611210006.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210007"
down_revision = "202611210006"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    op.create_table(
        "erasure",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_public_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasure_public_id")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_person_id"), ["person_id"], unique=False)

    op.create_table(
        "archive",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_archive_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sa.UniqueConstraint("public_id", name=op.f("uq_archive_public_id")),
    )
    with op.batch_alter_table("archive", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_person_id"), ["person_id"], unique=False)

    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("blocked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("space", sa.String(32), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["person.id"], name=op.f("fk_block_blocked_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_block_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint("person_id", "blocked_id", "space", name=op.f("uq_block_person_id_blocked_id_space")),
        sa.UniqueConstraint("public_id", name=op.f("uq_block_public_id")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_block_blocked_id"), ["blocked_id"], unique=False)
        batch_op.create_index(
            "uq_block_usual",
            ["person_id", "blocked_id"],
            unique=True,
            sqlite_where=sa.text("space IS NULL"),
            postgresql_where=sa.text("space IS NULL"),
        )

    op.create_table(
        "companionship",
        sa.Column("pair", sa.String(length=48), nullable=True),
        sa.Column("mentor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mentee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("waits_until", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_companionship_asked_by_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mentee_id"], ["person.id"], name=op.f("fk_companionship_mentee_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["person.id"], name=op.f("fk_companionship_mentor_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companionship")),
        sa.UniqueConstraint("pair", name=op.f("uq_companionship_pair")),
        sa.UniqueConstraint("public_id", name=op.f("uq_companionship_public_id")),
    )
    with op.batch_alter_table("companionship", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_companionship_mentee_id"), ["mentee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_companionship_mentor_id"), ["mentor_id"], unique=False)

    op.create_table(
        "connection",
        sa.Column("pair", sa.String(length=48), nullable=True),
        sa.Column("asker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("waits_until", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_id"], ["person.id"], name=op.f("fk_connection_asked_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asker_id"], ["person.id"], name=op.f("fk_connection_asker_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("pair", name=op.f("uq_connection_pair")),
        sa.UniqueConstraint("public_id", name=op.f("uq_connection_public_id")),
    )
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connection_asked_id"), ["asked_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_connection_asker_id"), ["asker_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.String(length=48), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_draft_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("person_id", "place", name=op.f("uq_draft_person_id_place")),
    )
    op.create_table(
        "exclusion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("country_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_exclusion_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
        sa.UniqueConstraint("person_id", "country_index", name=op.f("uq_exclusion_person_id_country_index")),
    )
    op.create_table(
        "freeze",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_freeze_by_id_person"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_freeze_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze")),
        sa.UniqueConstraint("public_id", name=op.f("uq_freeze_public_id")),
    )
    with op.batch_alter_table("freeze", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_freeze_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hidden",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_hidden_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden")),
        sa.UniqueConstraint("person_id", "kind", "ref", name=op.f("uq_hidden_person_id_kind_ref")),
    )
    op.create_table(
        "journey",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_journey_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey")),
        sa.UniqueConstraint("public_id", name=op.f("uq_journey_public_id")),
    )
    with op.batch_alter_table("journey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journey_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lock_code",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_lock_code_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_lock_code")),
    )
    op.create_table(
        "look",
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_look_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["person.id"], name=op.f("fk_look_reader_id_person"), ondelete="SET NULL"
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_look_public_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    with op.batch_alter_table("look", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_look_person_id"), ["person_id"], unique=False)

    op.create_table(
        "people_list",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_people_list_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_list")),
        sa.UniqueConstraint("public_id", name=op.f("uq_people_list_public_id")),
    )
    with op.batch_alter_table("people_list", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_list_person_id"), ["person_id"], unique=False)

    op.create_table(
        "profile",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("honey", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_profile_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_profile_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_profile_public_id")),
    )
    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.create_index("ix_profile_listed_honey_position", ["listed", "honey", "position"], unique=False)

    op.create_table(
        "profile_field",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_profile_field_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_field")),
        sa.UniqueConstraint("person_id", "field", name=op.f("uq_profile_field_person_id_field")),
    )
    op.create_table(
        "profile_term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("term", sa.LargeBinary(length=16), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_profile_term_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_term")),
        sa.UniqueConstraint("person_id", "field", "term", name=op.f("uq_profile_term_person_id_field_term")),
    )
    with op.batch_alter_table("profile_term", schema=None) as batch_op:
        batch_op.create_index("ix_profile_term_term_shown_position", ["term", "shown", "position"], unique=False)

    op.create_table(
        "sweep",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.LargeBinary(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alarmed", sa.Boolean(), nullable=False),
        sa.Column("honey", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sweep_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_sweep_person_id_day")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sweep_public_id")),
    )
    op.create_table(
        "space_name",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("space", sa.String(32), nullable=False),
        sa.Column("name_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("chosen_on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_space_name_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space_name")),
        sa.UniqueConstraint("name_index", name=op.f("uq_space_name_name_index")),
        sa.UniqueConstraint("person_id", "space", name=op.f("uq_space_name_person_id_space")),
        sa.UniqueConstraint("public_id", name=op.f("uq_space_name_public_id")),
    )
    op.create_table(
        "spent_name",
        sa.Column("name_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name_index", name=op.f("pk_spent_name")),
    )
    op.create_table(
        "kept_file",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_kept_file_public_id")),
    )
    op.create_table(
        "trusted_person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trusted_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_trusted_person_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["trusted_id"], ["person.id"], name=op.f("fk_trusted_person_trusted_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_person")),
        sa.UniqueConstraint("person_id", "trusted_id", name=op.f("uq_trusted_person_person_id_trusted_id")),
    )
    with op.batch_alter_table("trusted_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trusted_person_trusted_id"), ["trusted_id"], unique=False)

    op.create_table(
        "field_list",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("list_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["profile_field.id"], name=op.f("fk_field_list_field_id_profile_field"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["people_list.id"], name=op.f("fk_field_list_list_id_people_list"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_list")),
        sa.UniqueConstraint("field_id", "list_id", name=op.f("uq_field_list_field_id_list_id")),
    )
    with op.batch_alter_table("field_list", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_field_list_list_id"), ["list_id"], unique=False)

    op.create_table(
        "journey_peer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("journey_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journey.id"], name=op.f("fk_journey_peer_journey_id_journey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_journey_peer_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_peer")),
        sa.UniqueConstraint("journey_id", "person_id", name=op.f("uq_journey_peer_journey_id_person_id")),
    )
    with op.batch_alter_table("journey_peer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journey_peer_person_id"), ["person_id"], unique=False)

    op.create_table(
        "list_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("list_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["people_list.id"], name=op.f("fk_list_entry_list_id_people_list"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_list_entry_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entry")),
        sa.UniqueConstraint("list_id", "person_id", name=op.f("uq_list_entry_list_id_person_id")),
    )
    with op.batch_alter_table("list_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_entry_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locks_after", sa.Integer(), nullable=True))


def downgrade_data() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("locks_after")

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("wrong_codes")
        batch_op.drop_column("locked_at")

    with op.batch_alter_table("list_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_entry_person_id"))

    op.drop_table("list_entry")
    with op.batch_alter_table("journey_peer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journey_peer_person_id"))

    op.drop_table("journey_peer")
    with op.batch_alter_table("field_list", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_field_list_list_id"))

    op.drop_table("field_list")
    with op.batch_alter_table("trusted_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trusted_person_trusted_id"))

    op.drop_table("trusted_person")
    op.drop_table("kept_file")
    op.drop_table("spent_name")
    op.drop_table("space_name")
    op.drop_table("sweep")
    with op.batch_alter_table("profile_term", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_term_term_shown_position")

    op.drop_table("profile_term")
    op.drop_table("profile_field")
    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_listed_honey_position")

    op.drop_table("profile")
    with op.batch_alter_table("people_list", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_list_person_id"))

    op.drop_table("people_list")
    with op.batch_alter_table("look", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_look_person_id"))

    op.drop_table("look")
    op.drop_table("lock_code")
    with op.batch_alter_table("journey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journey_person_id"))

    op.drop_table("journey")
    op.drop_table("hidden")
    with op.batch_alter_table("freeze", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_freeze_person_id"))

    op.drop_table("freeze")
    op.drop_table("exclusion")
    op.drop_table("draft")
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connection_asker_id"))
        batch_op.drop_index(batch_op.f("ix_connection_asked_id"))

    op.drop_table("connection")
    with op.batch_alter_table("companionship", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_companionship_mentor_id"))
        batch_op.drop_index(batch_op.f("ix_companionship_mentee_id"))

    op.drop_table("companionship")
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.drop_index("uq_block_usual")
        batch_op.drop_index(batch_op.f("ix_block_blocked_id"))

    op.drop_table("block")
    with op.batch_alter_table("archive", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_person_id"))

    op.drop_table("archive")
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_erasure_person_id"))

    op.drop_table("erasure")


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
