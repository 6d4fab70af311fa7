"""Where a request comes from, as a keyed tag that serves limits only and means nothing tomorrow."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from flask import request

from app.kernel.house import House
from app.kernel.vault.box import keyed_hash

#: Whoever comes without an address (a Unix socket) shares one tag.
NOWHERE = "::"


def network_tag(house: House) -> str:
    """A tag for the requester's network (/24 or, for IPv6, /56), hashed with a key and today's date. Never logged."""
    try:
        address = ip_address(request.remote_addr or NOWHERE)
    except ValueError:
        address = ip_address(NOWHERE)
    network = ip_network((address, 24 if address.version == 4 else 56), strict=False)
    today = datetime.now(UTC).date().isoformat()
    return keyed_hash(house.keyring.secret("network-tag"), today.encode(), str(network).encode()).hex()[:16]
