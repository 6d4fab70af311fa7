"""Notifications

Revision 202611210002, after 202611210001.
"""

revision = "202611210002"
down_revision = "202611210001"
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
