"""The features of Sanad, in the order in which they may know each other: each may import only from those above it."""

from app.chat.feature import feature as chat
from app.home.feature import feature as home
from app.identity.feature import feature as identity
from app.kernel.feature import Feature
from app.membership.feature import feature as membership
from app.moderation.feature import feature as moderation
from app.notifications.feature import feature as notifications

FEATURES: tuple[Feature, ...] = (
    identity,
    notifications,
    moderation,
    membership,
    chat,
    home,
)
