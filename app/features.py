"""The features of Sanad, in the order in which they may know each other: each may import only from those above it."""

from app.chat.feature import feature as chat
from app.home.feature import feature as home
from app.identity.feature import feature as identity
from app.kernel.feature import Feature
from app.membership.feature import feature as membership
from app.moderation.feature import feature as moderation
from app.notifications.feature import feature as notifications
from app.own_data.feature import feature as own_data
from app.profiles.feature import feature as profiles
from app.safety.feature import feature as safety

FEATURES: tuple[Feature, ...] = (
    identity,
    notifications,
    moderation,
    membership,
    profiles,
    safety,
    chat,
    own_data,
    home,
)
