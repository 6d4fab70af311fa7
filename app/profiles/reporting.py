"""A profile as something that members may report: its words as the reporter sees them."""

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.feature import Reported
from app.profiles.actions import sweeps
from app.profiles.queries import viewing
from app.profiles.views import wording


def find_reported(actor: Actor, ref: str) -> Reported:
    """The profile whose words a member wants to report: no more of it than they see, and counted as its page is.

    Raises NotFound for one's own; TooMany, and Wait for one that was not opened before by whoever opens very many.
    """
    shown = viewing.get_member(viewing.viewer_of(actor), ref)
    if shown.mine:
        raise NotFound
    sweeps.read_profile(actor, shown.person_id, shown.public_id)
    said = (f"{line.label}: {' · '.join(line.words)}" for line in wording.lines(shown.fields))
    return Reported(shown.person_id, "\n".join([shown.name, *said]))
