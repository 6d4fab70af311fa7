"""The features of Sanad, in the order in which they may know each other: each may import only from those above it."""

from app.chat.feature import feature as chat
from app.home.feature import feature as home
from app.identity.feature import feature as identity
from app.kernel.feature import Feature

FEATURES: tuple[Feature, ...] = (
    identity,
    chat,
    home,
)
