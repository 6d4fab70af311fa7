"""What is valid, for pages and events alike."""

from app.chat.forms.messages import LONGEST, PostForm

__all__ = ["LONGEST", "PostForm"]
