"""The `yichuang` command."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from api.archive_cli import archive
from core.access import KEY_ACTIONS, Action, Role
from core.settings import Settings
from documents.cli import check
from scheduling.cli import schedule


@click.group()
def main() -> None:
    """一窗: one service for public resource trading and joint completion inspections."""


@contextmanager
def reachable() -> Iterator[Settings]:
    """Settings whose database answers: the one of DATABASE_URL, else the embedded one, running or not."""
    from api import database_setup
    from api.embedded import Embedded

    given = Settings()
    with Embedded(given, queue=False) as settings:
        if not given.database_url:
            database_setup.migrate(settings)
        yield settings


@main.command()
def run() -> None:
    """Start everything on this machine, from nothing, until Ctrl-C."""
    from api.run import run_everything

    sys.exit(run_everything(Settings()))


@main.command()
@click.option("--workers", default=1, show_default=True, help="API processes.")
def serve(workers: int) -> None:
    """Serve pages and API with granian; DATABASE_URL and REDIS_URL must be set."""
    settings = Settings()
    granian = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"),
        *("--host", settings.host, "--port", str(settings.port), "--workers", str(workers)),
        # Open event streams would hold a worker for ever.
        *("--workers-kill-timeout", "5", "--no-ws", "--log-level", "warning"),
    ]
    os.execv(sys.executable, granian)  # noqa: S606 - our own interpreter; signals then reach granian itself


@main.command()
@click.option("--queue", type=click.Choice(["jobs", "scheduling"]), default="jobs", show_default=True)
def worker(queue: str) -> None:
    """Run jobs from a queue and relay the outbox to it; plans are solved by the workers of `scheduling`."""
    from api.worker import serve_jobs

    asyncio.run(serve_jobs(Settings(), queue))


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema and seed its reference data."""
    from api import database_setup

    with reachable() as settings:
        database_setup.migrate(settings)


@main.command()
@click.option("--size", type=click.Choice(["A", "B", "x10", "x50"]), default="A", show_default=True)
def demo(size: str) -> None:
    """Load the demo city into an empty database."""
    from api import database_setup

    with reachable() as settings:
        click.echo(database_setup.load_demo(settings, size=size))


@main.command()
def accounts() -> None:
    """Print the demo city's logins, one for each role."""
    from demo.loading import accounts_table

    click.echo(accounts_table())


@main.command("open-account")
@click.argument("login")
@click.argument("name")
@click.option(
    "--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True
)
@click.option("--department", help="The department's code, where the role needs one.")
def open_account(login: str, name: str, roles: tuple[str, ...], department: str | None) -> None:
    """Open an account and print the link by which its person sets the password, once and within three days."""
    from api import accounts_cli
    from core.errors import InvalidInput

    chosen = [Role(role) for role in roles]
    with reachable() as settings:
        try:
            link = asyncio.run(
                accounts_cli.open_account(
                    settings, login=login, name=name, roles=chosen, department=department
                )
            )
        except InvalidInput as refusal:
            raise click.ClickException(
                " ".join(problem.message % problem.params for problem in refusal.problems)
            ) from None
    click.echo(link)


@main.command("issue-key")
@click.argument("label")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(sorted(action.value for action in KEY_ACTIONS)),
    multiple=True,
    required=True,
)
@click.option("--must-sign", is_flag=True, help="Refuse deliveries that are not signed.")
def issue_key(label: str, scopes: tuple[str, ...], *, must_sign: bool) -> None:
    """Make a key for a machine and print it: this is the only time that it can be read.

    A key that delivers notices is labelled with its source: construction, procurement, land or property.
    """
    from api.keys_cli import issue
    from api.v1.signatures import signing_secret

    actions = [Action(scope) for scope in scopes]
    with reachable() as settings:
        key = asyncio.run(issue(settings, label=label, scopes=actions, must_sign=must_sign))
    click.echo(f"key      {key}\nsigning  {signing_secret(key)}")


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--source", required=True, help="construction, procurement, land or property.")
def pickup(folder: Path, source: str) -> None:
    """Take in the files that a source system has dropped into a folder; for cron or a systemd timer.

    Each goes to done/ beside its answer, or to refused/ beside the reason. A file still being written is left alone
    when its name begins with a dot or ends in .part.
    """
    from api.pickup_cli import pick_up

    with reachable() as settings:
        refused = asyncio.run(pick_up(settings, folder, source=source))
    sys.exit(1 if refused else 0)


@main.command("revoke-key")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End a machine's key, named by the part after `yc_`."""
    from api.keys_cli import revoke

    with reachable() as settings:
        found = asyncio.run(revoke(settings, prefix))
    sys.exit(0 if found else f"no such key: {prefix}")


@main.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def openapi(target: Path) -> None:
    """Write the OpenAPI document to a file."""
    from api.openapi import write_document

    write_document(target)


@main.command("seal-notices")
def seal_notices() -> None:
    """Put every notice not yet sealed into today's signed tree; the worker does so after midnight by itself."""
    from api.notice_sealing import seal_now

    with reachable() as settings:
        click.echo(asyncio.run(seal_now(settings)))


@main.command("import-notices")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--ocds", "publisher", help="FILE holds Open Contracting packages, of this publisher.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of Open Contracting packages.")
def import_notices(file: Path, publisher: str | None, encoding: str) -> None:
    """Bring in candidate notices from a JSON file; faults are listed by notice and field."""
    from core import clock
    from core.db import Database
    from tendering.importing import import_candidates, import_releases

    with reachable() as settings:
        database, body, now = Database(settings), file.read_bytes(), clock.now()
        report = asyncio.run(
            import_releases(database, body, source=f"ocds:{publisher}", encoding=encoding, now=now)
            if publisher
            else import_candidates(database, body, now=now)
        )
    for problem in report.problems:
        click.echo(f"{problem.item}  {problem.field}  {problem.text}")
    click.echo(
        f"{report.read} read, {report.published} published, {report.known} already known,"
        f" {report.refused} refused, {len(report.problems)} problems"
    )


@main.group()
def draw() -> None:
    """Double random draws (双随机)."""


@draw.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_draw(file: Path) -> None:
    """Draw again from a public draw FILE: exit 0 when seed, commitment and result belong together."""
    import msgspec

    from inspection.draw import record_of
    from scheduling.draw import DrawError, repeats

    try:
        drawn = record_of(msgspec.json.decode(file.read_bytes(), type=dict))
        true = repeats(drawn)
    except (msgspec.DecodeError, DrawError) as error:
        raise click.ClickException(str(error)) from None
    seats = drawn.ballot.groups[0] if drawn.ballot.groups else None
    shown = f"{seats.seats} / {len(seats.eligible)}" if seats else "0"
    click.echo(f"{shown} {'✓' if true else '✗'}")
    sys.exit(not true)


@main.command("verify-ledger")
def verify_ledger() -> None:
    """Walk the audit ledger and name every changed, missing or reordered entry."""
    from api.ledger_cli import verify

    with reachable() as settings:
        code = asyncio.run(verify(settings))
    sys.exit(code)


@main.command("export-ledger")
@click.argument("target", type=click.File("w", encoding="utf-8"))
def export_ledger(target: TextIO) -> None:
    """Write the whole ledger as JSON lines that docs/verify_ledger.py checks offline."""
    from api.ledger_cli import export

    with reachable() as settings:
        asyncio.run(export(settings, target))


main.add_command(archive)
main.add_command(check)
main.add_command(schedule)

if __name__ == "__main__":
    main()
