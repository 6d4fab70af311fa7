"""Which names may be chosen, in words: for people as for spaces."""

from app.kernel.errors import N_, Invalid
from app.kernel.text import NameCode, NameProblem, check_name

NAME_PROBLEMS = {
    NameCode.EMPTY: N_("Choose a name by which others here may call you."),
    NameCode.TOO_LONG: N_("Choose a name of at most 60 characters."),
    NameCode.CONTROLS: N_("This name has invisible characters in it. Type it again without copying."),
    NameCode.MIXED_SCRIPTS: N_("This name mixes alphabets within one word. Use one alphabet for each word."),
    NameCode.NO_LETTER: N_("A name needs at least one letter."),
    NameCode.CONFUSING: N_("This name has characters that look like others. Choose a plainer one."),
}
NAME_TAKEN = N_("This name, or one that looks like it, is already used here. Choose another.")


def proper_name(name: str) -> str:
    """The name, cleaned. Raises Invalid in words when it does not do; whether somebody has it is not asked."""
    try:
        return check_name(name)
    except NameProblem as problem:
        raise Invalid(NAME_PROBLEMS[problem.code]) from None
