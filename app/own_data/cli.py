"""What happens before anything is served: whoever is in the ledger of erasures is erased again."""

from collections.abc import Sequence

from app.kernel import work
from app.kernel.actor import system
from app.kernel.house import House
from app.own_data import actions

#: What has to have run before somebody is erased for good.
FOR_GOOD = ("own_data.finish", "own_data.remove-files")


def erase_again(house: House) -> Sequence[str]:
    """Erase again whom a restored backup brought back, keys and all. Returns what was done, in words.

    Raises Unsafe for a ledger that was tampered with: then nothing is served until somebody has looked.
    """
    with work.scope(house):
        erased = actions.erase_again(system("own_data.replay"))
    house.queue.sweep(only=FOR_GOOD)
    return [f"{len(erased)} erased again: a backup had brought them back"] if erased else []
