"""Queue, reports, measures, appeals

Revision 202611210004, after 202611210003.
"""

revision = "202611210004"
down_revision = "202611210003"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"data": upgrade_data, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"data": downgrade_data, "keys": downgrade_keys}[engine_name]()


def upgrade_data() -> None:
    pass


def downgrade_data() -> None:
    pass


def upgrade_keys() -> None:
    pass


def downgrade_keys() -> None:
    pass
