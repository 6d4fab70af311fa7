"""Documents that people bring: a PDF is written anew from what its pages show, and from nothing else in it."""

from app.kernel.errors import N_
from app.kernel.files import making

TOO_LARGE = N_("This document is too large: at most 5 MB, 200 pages, and no picture of more than 50 million dots.")
BROKEN = N_(
    "This document is damaged or not whole. Open it on your device, save or print it as a new PDF, and bring that."
)
LOCKED = N_("This document is locked with a password. Save it without one first.")
STRANGE = N_(
    "This document holds pictures in a form that is not taken here (JPEG 2000 or JBIG2)."
    " Print it as a new PDF, and bring that."
)

DOCUMENT = making.Program(
    "document",
    384,
    20,
    {
        making.TOO_LARGE: TOO_LARGE,
        making.BROKEN: BROKEN,
        making.LOCKED: LOCKED,
        making.STRANGE: STRANGE,
    },
)
