"""`wsgi.py`, with writers that wait for SQLite's lock for as long as GATE_SECONDS in the environment says."""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import eventlet

eventlet.monkey_patch()

import runpy

from app.kernel.db import engines

if __name__ == "__main__":
    engines.GATE_SECONDS = float(os.environ["GATE_SECONDS"])
    runpy.run_path("wsgi.py", run_name="__main__")
