"""Commands of the house itself: instance, demo, doctor, audit, keys, worker. As thin as views."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import audit, heads, migrations, work
from app.kernel import backup as backups
from app.kernel.actor import system
from app.kernel.doctor import examine
from app.kernel.erasures import check_not_restoring
from app.kernel.errors import Refusal
from app.kernel.house import House
from app.kernel.jobs import retry_set_aside
from app.kernel.vault import Keyring
from app.kernel.web import present_house
from app.kernel.worker import run_worker
from config import Unsafe, check_key_file

audit_group = AppGroup("audit", help="The record of who did what.")
jobs_group = AppGroup("jobs", help="What the worker does.")
keys_group = AppGroup("keys", help="The keys that seal everything.")


def attach(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (instance, demo, doctor, worker, backup, restore, audit_group, jobs_group, keys_group):
        app.cli.add_command(command)


def in_scope(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its unit of work, and turn a refusal, or a database that is away or not made, into one line."""

    @click.pass_context
    def run(context: click.Context, *args: Any, **options: Any) -> Any:
        try:
            with work.scope(present_house()):
                return context.invoke(command, *args, **options)
        except (Refusal, Unsafe) as refusal:
            raise click.ClickException(str(refusal)) from None
        except SQLAlchemyError as error:
            raise click.ClickException(f"the database fails ({type(error).__name__}): see `flask doctor`") from error

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def make_instance(app: Flask) -> list[str]:
    """Make whatever of the instance is missing. Returns what was done, in words; nothing when all was there."""
    house: House = app.extensions["house"]
    settings, done = house.settings, []
    if not settings.master_key_file.exists():
        if house.vault.holds_keys():
            raise Unsafe(f"there are keys that {settings.master_key_file} opened, and it is gone: restore that file")
        Keyring.create(settings.master_key_file)
        done.append(f"master key at {settings.master_key_file}")
    check_key_file(settings.master_key_file)
    if migrations.upgrade(app):
        done.append("databases brought up to date")
    house.vault.prepare()
    with work.scope(house):
        audit.prepare()
    for feature in house.features:
        if feature.before_serving is not None:
            done += feature.before_serving(house)
    return done


@click.command()
def instance() -> None:
    """Make the key file and the databases, or bring them up to date."""
    try:
        check_not_restoring(present_house().settings)
        done = make_instance(current_app._get_current_object())  # type: ignore[attr-defined]  # Flask's proxy
    except Unsafe as problem:
        raise click.ClickException(str(problem)) from None
    click.echo("\n".join(done) or "nothing to do")


@click.command()
@click.option("--sign-ins", is_flag=True, help="Print how to sign in as the people of the demo.")
@click.option("--code", is_flag=True, help="Print the present one-time code of the demo's staff.")
@in_scope
def demo(sign_ins: bool, code: bool) -> None:
    """Load fictional people, rooms and messages. Refused in production."""
    house = present_house()
    if house.settings.production:
        raise click.ClickException("the demo is fiction and is refused when APP_ENV=production")
    loaders = [feature.demo for feature in house.features if feature.demo]
    about = next(feature.about_demo for feature in house.features if feature.about_demo)
    if code:
        for line in (line for feature in house.features if feature.demo_codes for line in feature.demo_codes()):
            click.echo(line)
        return
    if not sign_ins:
        if about():
            click.echo("already loaded")
            return
        with work.current().writing():
            for load in loaders:
                load()
    for line in about():
        click.echo(line)


@click.command()
def doctor() -> None:
    """Say what is wrong with this instance and how to mend it."""
    findings = examine(current_app._get_current_object())  # type: ignore[attr-defined]  # Flask's proxy
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.part}: {finding.words}")
    if not all(finding.well for finding in findings):
        sys.exit(1)


@click.command()
def worker() -> None:
    """Run jobs until told to stop."""
    try:
        check_not_restoring(present_house().settings)
    except Unsafe as problem:
        raise click.ClickException(str(problem)) from None
    run_worker(present_house())


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--recipient", help="In place of BACKUP_RECIPIENT: age1...")
def backup(folder: Path, recipient: str | None) -> None:
    """Write data and keys into two sealed files in FOLDER, while people write on. Never the master key."""
    house = present_house()
    try:
        wanted = recipient or house.settings.backup_recipient or ""
        with click.progressbar(length=2, label="backup") as bar:
            taken = backups.take(house, folder, wanted, lambda _step: bar.update(1))
    except (Unsafe, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    for path in (taken.data, taken.keys):
        click.echo(f"written: {path}")
    for path in taken.destroyed:
        click.echo(f"destroyed, since it is older than seven days: {path}")


@click.command("restore")
@click.argument("data", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("keys", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--identity",
    required=True,
    type=click.File(),
    help="The file with the secret half of the recipient: AGE-SECRET-KEY-1...",
)
@click.option(
    "--erasures",
    "ledgers",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A newer erasures.txt, such as that of the instance that was lost.",
)
def restore(data: Path, keys: Path, identity: TextIO, ledgers: tuple[Path, ...]) -> None:
    """Put a backup into an empty instance, and erase again whoever was erased since, before anybody is served."""
    house, app = present_house(), current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's proxy
    secret = next((line.strip() for line in identity if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        with click.progressbar(length=3, label="restore") as bar:
            done = backups.restore(
                house,
                backups.Backup(data, keys, secret, ledgers),
                lambda: make_instance(app),
                lambda _step: bar.update(1),
            )
    except (Unsafe, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database fails ({type(error).__name__})") from error
    for line in done:
        click.echo(line)
    click.echo("restored, and well. Sessions come back as they were; start web and worker when you are ready")


@jobs_group.command("retry")
@in_scope
def jobs_retry() -> None:
    """Let jobs that were set aside run again, once what they failed at is mended."""
    waiting = retry_set_aside(system("jobs"))
    click.echo(f"{waiting} jobs wait again")


@audit_group.command("verify")
@click.option("--kept", type=click.File(), help="A copy of audit-heads.txt that was kept elsewhere.")
@in_scope
def audit_verify(kept: TextIO | None) -> None:
    """Walk the whole record and name every place where it was changed."""
    problems = audit.verify(work.session(), present_house().vault)
    problems += heads.verify_kept(kept) if kept else []
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo("the record is whole")


@audit_group.command("head")
@in_scope
def audit_head() -> None:
    """Print the head of the record, to be kept elsewhere: number, hash, proof."""
    click.echo(heads.head_line())


@keys_group.command("verify")
@in_scope
def keys_verify() -> None:
    """Try every key."""
    problems = present_house().vault.verify()
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo(f"{present_house().vault.count_keys()} keys open")


@keys_group.command("rotate")
@in_scope
def keys_rotate() -> None:
    """Wrap every key with a new master key. Killed halfway, it goes on when started again."""
    with click.progressbar(length=max(1, present_house().vault.count_keys()), label="keys") as bar:
        done = present_house().vault.rotate(lambda done, total: bar.update(done - bar.pos))
    click.echo(f"{done} keys wrapped anew; back up the new key file now")
