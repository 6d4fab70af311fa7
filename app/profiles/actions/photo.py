"""Verbs of one's photograph: to bring one, to decide who sees it, and to take it away."""

from collections.abc import Collection

from sqlalchemy import select

from app.kernel import files, work
from app.kernel.actor import Actor, ensure
from app.kernel.errors import N_, Invalid, NotFound
from app.kernel.limits import Budget
from app.kernel.work import action
from app.profiles import policy
from app.profiles.actions import editing
from app.profiles.models import Audience, Field, Profile
from app.profiles.queries import photo as queries

#: A small square, so that it costs a slow network little and shows no more than a face needs.
SHAPE = files.Shape(side=256, square=True, most_bytes=20 * 1024)
BRINGING = Budget("photo", "6 per hour; 20 per day")
#: A caseworker's look is shown once, in its own answer: nothing is left there from which a picture could be fetched.
NOT_FOR_CASEWORKERS = N_("A photograph cannot be shown to caseworkers alone.")


def bring_photo(actor: Actor, brought: bytes, *, audience: Audience, lists: Collection[str] = ()) -> None:
    """Make the actor's photograph anew from a picture that they brought, in the place of one that was there.

    Raises Forbidden, Invalid in words for what is no picture, damaged or too large, TooMany, Unavailable.
    """
    ensure(policy.can_change(actor))
    files.kind_of(brought)
    work.house().budgets.spend(BRINGING, actor.public_id)
    work.release()
    picture = files.cleaned(brought, SHAPE)
    _keep_photo(actor, files.write(picture.plain, files.FileKind.JPEG), audience, lists)


@action
def _keep_photo(actor: Actor, written: files.Written, audience: Audience, lists: Collection[str]) -> None:
    _hold_profile(actor)
    before = queries.my_reference(actor)
    files.keep(written)
    _set(actor, written.public_id, audience, lists)
    if before is not None:
        files.remove(before)


@action
def show_photo(actor: Actor, *, audience: Audience, lists: Collection[str] = ()) -> None:
    """Decide who sees the photograph from now on. Raises Forbidden, Invalid, NotFound where there is none."""
    ensure(policy.can_change(actor))
    _hold_profile(actor)
    reference = queries.my_reference(actor)
    if reference is None:
        raise NotFound
    _set(actor, reference, audience, lists)


@action
def remove_photo(actor: Actor) -> None:
    """Take the photograph away: its key is shredded once that is committed. Raises Forbidden, NotFound."""
    ensure(policy.can_change(actor))
    _hold_profile(actor)
    reference = queries.my_reference(actor)
    if reference is None:
        raise NotFound
    editing.set_field(actor, Field.PHOTO, value="", audience=Audience.ONLY_ME)
    files.remove(reference)


def _set(actor: Actor, reference: str, audience: Audience, lists: Collection[str]) -> None:
    if audience is Audience.CASEWORKERS:
        raise Invalid(NOT_FOR_CASEWORKERS)
    editing.set_field(actor, Field.PHOTO, value=reference, audience=audience, lists=lists)


def _hold_profile(actor: Actor) -> None:
    """Of two pictures brought at once the second replaces the first, whose file would otherwise stay for ever."""
    profile = editing.ensure_profile(actor.person_id)
    work.session().execute(select(Profile.id).where(Profile.id == profile.id).with_for_update())
