"""Words to begin from, for reasons and for answers: in the language of whoever reads them, to be changed before sending."""

from dataclasses import dataclass

from app.kernel.errors import N_


@dataclass(frozen=True, slots=True)
class Template:
    """Message ids: what it is for, the reason for the person, and the answer for whoever reported."""

    label: str
    reason: str
    answer: str


TEMPLATES = {
    "threat": Template(
        N_("A threat"),
        N_(
            "What you wrote was understood as a threat. Here everybody must be able to feel safe, so we have acted. If "
            "it was meant otherwise, tell us in an appeal; somebody else will read it."
        ),
        N_(
            "Thank you for telling us. We take what you described seriously and have acted. We cannot say what we did, "
            "since that is between us and the other person. If anything of the kind happens again, report it at once."
        ),
    ),
    "harassment": Template(
        N_("Harassment"),
        N_(
            "Several of your messages were hurtful to another member. We ask you to leave them alone. You can appeal, "
            "and somebody else will look at it again."
        ),
        N_(
            "Thank you for telling us. You should not have to read such words here. We have acted, and we will keep an "
            "eye on it. Report it again if it does not stop."
        ),
    ),
    "scam": Template(
        N_("A false offer"),
        N_(
            "An offer that you made here looks like fraud: it asks for money or papers in advance. If it is honest, "
            "show us how in an appeal."
        ),
        N_(
            "Thank you for warning us. The offer is being kept away from members. If you sent money or papers already, "
            "write to us: we will see together what can still be done."
        ),
    ),
    "unclear": Template(
        N_("Not enough to act on"),
        N_(
            "Somebody was troubled by what you wrote. No measure was taken. We tell you so that you know how it was "
            "read."
        ),
        N_(
            "Thank you for telling us. We have read everything around it and found too little to act on. That does not "
            "mean that you were wrong to report it. We remember it, and if something is added, report it again."
        ),
    ),
}
