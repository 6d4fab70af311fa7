"""All encryption: sealing, keys, rotation, shredding. No other part of the program imports `cryptography`."""

from app.kernel.vault.box import Place, Tampered
from app.kernel.vault.keyring import Keyring
from app.kernel.vault.models import Purpose
from app.kernel.vault.vault import Shredded, Vault

__all__ = ["Keyring", "Place", "Purpose", "Shredded", "Tampered", "Vault"]
