"""HTTP: doors with declared access, headers, errors, page context, and the kernel's own few routes."""

from app.kernel.web.context import present_actor, present_house
from app.kernel.web.door import Door
from app.kernel.web.forms import Form
from app.kernel.web.local import local_path

__all__ = ["Door", "Form", "local_path", "present_actor", "present_house"]
