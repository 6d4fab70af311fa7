"""When an application goes to the vetters, and when it waits again."""

from sqlalchemy import delete

from app.kernel import work
from app.kernel.states import move
from app.membership.models import Application, ApplicationState, Part, VettingPart
from app.membership.queries import vetting
from app.moderation import actions as moderation


def review_when_vouched(application: Application) -> None:
    """Give an application to the vetters once two of different lineage vouch. To be called inside an action."""
    if application.state is ApplicationState.SENT and vetting.has_independent_pair(application):
        move(work.session(), application, ApplicationState.IN_REVIEW)
        moderation.close_item("application-asks", application.public_id)
        moderation.open_item("application", application.public_id)


def wait_again(application: Application) -> None:
    """Let an application wait for vouches again when two of different lineage are no longer there.

    What vetters answered was about other vouches and is gone; who stood aside still does.
    """
    if application.state is ApplicationState.SENT or vetting.has_independent_pair(application):
        return
    session = work.session()
    session.execute(
        delete(VettingPart).where(VettingPart.application_id == application.id, VettingPart.part == Part.ANSWER)
    )
    move(session, application, ApplicationState.SENT)
    moderation.close_item("application", application.public_id)
    moderation.open_item("application-asks", application.public_id)
