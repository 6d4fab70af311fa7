"""Applications, vouches, vetting, probation

Revision 202611210005, after 202611210004.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210005"
down_revision = "202611210004"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    op.create_table(
        "application",
        sa.Column("code_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ask_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("passphrase", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("touched_on", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("again_on", sa.Date(), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_application_person_id_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("ask_index", name=op.f("uq_application_ask_index")),
        sa.UniqueConstraint("code_index", name=op.f("uq_application_code_index")),
        sa.UniqueConstraint("public_id", name=op.f("uq_application_public_id")),
    )
    op.create_index(op.f("ix_application_person_id"), "application", ["person_id"])
    op.create_index(op.f("ix_application_state"), "application", ["state"])
    op.create_table(
        "application_fingerprint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trait", sa.String(32), nullable=False),
        sa.Column("value", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_fingerprint_application_id_application"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_fingerprint")),
    )
    op.create_index(op.f("ix_application_fingerprint_application_id"), "application_fingerprint", ["application_id"])
    op.create_index(op.f("ix_application_fingerprint_value"), "application_fingerprint", ["value"])
    op.create_table(
        "application_question",
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_question_application_id_application"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_question")),
        sa.UniqueConstraint("public_id", name=op.f("uq_application_question_public_id")),
    )
    op.create_index(op.f("ix_application_question_application_id"), "application_question", ["application_id"])
    op.create_table(
        "vouch",
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_vouch_application_id_application"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouch")),
        sa.UniqueConstraint("application_id", "tag", name=op.f("uq_vouch_application_id_tag")),
        sa.UniqueConstraint("public_id", name=op.f("uq_vouch_public_id")),
    )
    op.create_table(
        "vetting_part",
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vetter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.String(32), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_vetting_part_application_id_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["vetter_id"], ["person.id"], name=op.f("fk_vetting_part_vetter_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vetting_part")),
        sa.UniqueConstraint("application_id", "vetter_id", name=op.f("uq_vetting_part_application_id_vetter_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_vetting_part_public_id")),
    )
    op.create_index(op.f("ix_vetting_part_vetter_id"), "vetting_part", ["vetter_id"])
    op.create_table(
        "file_opening",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_file_opening_application_id_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_file_opening_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_opening")),
    )
    op.create_index(op.f("ix_file_opening_application_id"), "file_opening", ["application_id"])
    op.create_index(op.f("ix_file_opening_person_id"), "file_opening", ["person_id"])
    op.create_table(
        "vouch_code",
        sa.Column("code_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_hint", sa.String(length=4), nullable=False),
        sa.Column("maker_tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouch_code")),
        sa.UniqueConstraint("code_index", name=op.f("uq_vouch_code_code_index")),
        sa.UniqueConstraint("public_id", name=op.f("uq_vouch_code_public_id")),
    )
    op.create_index(op.f("ix_vouch_code_maker_tag"), "vouch_code", ["maker_tag"])
    op.create_table(
        "lineage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lineage")),
        sa.UniqueConstraint("tag", name=op.f("uq_lineage_tag")),
    )
    op.create_table(
        "probation",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_probation_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probation")),
        sa.UniqueConstraint("person_id", name=op.f("uq_probation_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_probation_public_id")),
    )
    op.create_table(
        "branch_review",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_branch_review_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_review")),
        sa.UniqueConstraint("public_id", name=op.f("uq_branch_review_public_id")),
    )
    op.create_index(op.f("ix_branch_review_person_id"), "branch_review", ["person_id"])
    # Who let in whom: a disk must not say so.
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.drop_constraint(op.f("fk_invitation_made_by_id_person"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_invitation_used_by_id_person"), type_="foreignkey")
        batch_op.drop_column("made_by_id")
        batch_op.drop_column("used_by_id")


def downgrade_data() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("invitation") as batch_op:
        for column in ("made_by_id", "used_by_id"):
            batch_op.add_column(sa.Column(column, number, nullable=True))
            name = op.f(f"fk_invitation_{column}_person")
            batch_op.create_foreign_key(name, "person", [column], ["id"], ondelete="SET NULL")
    op.drop_table("branch_review")
    op.drop_table("probation")
    op.drop_table("lineage")
    op.drop_table("vouch_code")
    op.drop_table("file_opening")
    op.drop_table("vetting_part")
    op.drop_table("vouch")
    op.drop_table("application_question")
    op.drop_table("application_fingerprint")
    op.drop_table("application")


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
