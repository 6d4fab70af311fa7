"""The one place for people's text: cleaning, rendering, search, names, and what gives someone away."""

from app.kernel.text.cleaning import clean_line, clean_text
from app.kernel.text.exposure import Finding, Kind, bare_name, confirmation, gives_away, private_in
from app.kernel.text.folding import fold
from app.kernel.text.links import Address, read_address
from app.kernel.text.lookalikes import skeleton
from app.kernel.text.names import LONGEST_NAME, NameCode, NameProblem, check_name
from app.kernel.text.render import has_link, plain, render

__all__ = [
    "LONGEST_NAME",
    "Address",
    "Finding",
    "Kind",
    "NameCode",
    "NameProblem",
    "bare_name",
    "check_name",
    "clean_line",
    "clean_text",
    "confirmation",
    "fold",
    "gives_away",
    "has_link",
    "plain",
    "private_in",
    "read_address",
    "render",
    "skeleton",
]
