"""What is valid, for pages and events alike."""

from app.chat.forms.messages import LONGEST, ChangeForm, PostForm, ReactionForm, ReasonForm, SwitchForm
from app.chat.forms.own import OwnTimeForm, PrivateNamesForm

__all__ = [
    "LONGEST",
    "ChangeForm",
    "OwnTimeForm",
    "PostForm",
    "PrivateNamesForm",
    "ReactionForm",
    "ReasonForm",
    "SwitchForm",
]
