"""Every request gets one unit of work, closed when it is over."""

from flask import Flask, g

from app.kernel import work
from app.kernel.house import House


def attach(app: Flask, house: House) -> None:
    """Open the work of a request before anything else asks for it, and close it at the very end."""

    @app.before_request
    def begin() -> None:
        g.work = work.scope(house)
        g.work.__enter__()

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        opened = g.pop("work", None)
        if opened is not None:
            opened.__exit__(None, None, None)
