"""Verbs of the way back in. What is asked is what one has, a code; never what one knows about oneself."""

from sqlalchemy import delete

from app.identity import actions as identity
from app.identity import passphrases
from app.identity import queries as people
from app.identity.factors import actions as factors
from app.identity.factors import queries
from app.identity.factors.models import ResetCode
from app.kernel import work
from app.kernel.actor import Actor, Kind
from app.kernel.db import now
from app.kernel.errors import N_, Invalid
from app.kernel.limits import Budget
from app.kernel.signals import Security
from app.kernel.work import action

BY_NETWORK = Budget("lost-network", "6 per minute; 30 per hour")
BY_NAME_AND_NETWORK = Budget("lost-name-network", "4 per minute; 12 per hour")
BY_NAME = Budget("lost-name", "60 per hour")
NO_MATCH = N_("That name and code do not go together, or the code was used already. Check both letter by letter.")
SECOND_STEP_STAYS = N_(
    "Work like yours asks for a second step, and this code cannot stand in for it. Two persons take the role first; "
    "then the code works."
)
#: In whose place a name is looked up that nobody has: the same work, and a code that nobody was given.
NOBODY = Actor(Kind.PERSON, "nobody")


def reset(name: str, code: str, wished: str, *, forget: bool, network: str) -> None:
    """Set a new passphrase with a recovery code, or a code that moderators made; every session of the person ends.

    With `forget` their passkeys and one-time codes go too. Raises Invalid with one text, after the same work, whether
    the name or the code was wrong; TooMany. Staff whose code is right and who would come in without a second step are
    told so. The new passphrase is judged and hashed before anything is looked up, so that neither words nor time tell
    who is here.
    """
    house = work.house()
    house.budgets.spend(BY_NETWORK, network)
    looks = people.name_index(name).hex()
    house.budgets.spend(BY_NAME_AND_NETWORK, looks, network)
    house.budgets.spend(BY_NAME, looks)
    passphrases.check(wished, name=name)
    work.release()
    hashed = passphrases.hash_passphrase(house, wished)
    _reset(name, code, hashed, forget=forget)


@action
def _reset(name: str, code: str, hashed: str, *, forget: bool) -> None:
    person = people.find_by_name(name)
    claimant = people.as_actor(person) if person else NOBODY
    if not factors.cross_out(claimant, code):
        if not _take_reset_code(claimant, code):
            raise Invalid(NO_MATCH)
        _insist_on_second_step(claimant, forget=forget)
    if forget:
        factors.forget_factors(claimant)
    identity.store_passphrase(claimant, hashed, act="passphrase.reset", what=Security.RESET)


def _insist_on_second_step(claimant: Actor, *, forget: bool) -> None:
    """Two moderators help somebody back in; they do not take over the rights of an administrator, or of each other.

    So their code opens nothing of staff by itself. Raises Invalid, and the code stays good.
    """
    person_id = claimant.person_id
    if queries.is_staff(person_id) and (forget or not queries.ways_of(person_id).count):
        raise Invalid(SECOND_STEP_STAYS)


def _take_reset_code(claimant: Actor, code: str) -> bool:
    """Use a moderators' code up. Returns whether it was one of this person that is still good."""
    index = queries.reset_index(claimant.public_id, code)
    taken = delete(ResetCode).where(ResetCode.code_index == index, ResetCode.expires_at > now())
    return work.session().execute(taken.returning(ResetCode.id)).one_or_none() is not None
