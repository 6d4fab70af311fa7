"""What Flask and its extensions are told."""

from app.kernel.house import House
from config import ROOT


def flask_settings(house: House) -> dict[str, object]:
    """The values of `app.config`. Without a key file, as before `flask init`, no form can be signed."""
    settings = house.settings
    return {
        "SECRET_KEY": _form_secret(house),
        "SESSION_COOKIE_NAME": "__Host-form" if settings.tls else "form",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": settings.form_bytes,
        "MAX_FORM_MEMORY_SIZE": settings.form_bytes,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "TEMPLATES_AUTO_RELOAD": False,
        "ALEMBIC": {"script_location": str(ROOT / "migrations")},
    }


def _form_secret(house: House) -> str | None:
    return house.keyring.secret("forms").hex() if house.settings.master_key_file.exists() else None
