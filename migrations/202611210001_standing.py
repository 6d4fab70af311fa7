"""What is withheld from people

Revision 202611210001, after 202611200001.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611210001"
down_revision = "202611200001"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    op.create_table(
        "restriction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("withheld", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_restriction_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_person_id"), "restriction", ["person_id"])
    op.create_index(op.f("ix_restriction_ref"), "restriction", ["ref"])


def downgrade_data() -> None:
    op.drop_table("restriction")


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
