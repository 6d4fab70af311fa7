"""What somebody asked for, sealed into an address: the browser remembers addresses, and this one tells nobody what it was.

It opens in the session in which it was made and in no other, and not once its person travels: whoever finds it in a
history afterwards finds an empty form.
"""

import base64
import binascii
from typing import Any

import orjson

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.house import House
from app.kernel.vault.box import Seal, Tampered

#: Letters of such a part of an address at most.
LONGEST = 2000


def into_address(house: House, actor: Actor, what: str, asked: Any) -> str:
    """Anything that JSON can hold, as a part of an address."""
    sealed = _seal(house, what).close(orjson.dumps([_whose(actor), asked]))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def from_address(house: House, actor: Actor, what: str, part: str) -> Any:
    """What was put into an address in this session; None for everything else."""
    if not part or len(part) > LONGEST:
        return None
    try:
        sealed = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        whose, asked = orjson.loads(_seal(house, what).open(sealed))
    except (Tampered, binascii.Error, ValueError):
        return None
    return asked if whose == _whose(actor) else None


def _seal(house: House, what: str) -> Seal:
    return Seal(lambda: house.keyring.secret("addresses"), f"address-{what}")


def _whose(actor: Actor) -> list[Any]:
    return [actor.session_id, actor.holds(Permission.HIDDEN_SEE)]
