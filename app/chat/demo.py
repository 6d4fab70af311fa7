"""Fictional rooms for `flask demo`."""

from app.chat import actions
from app.kernel.actor import system


def load_rooms() -> None:
    actions.open_room(system("demo"), name_ar="غرفة الاستقبال", name_en="Welcome room")
