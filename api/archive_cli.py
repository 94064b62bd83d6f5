"""`yichuang archive verify FILE`: the script that strangers run, run here."""

import runpy
from pathlib import Path

import click

SCRIPT = Path(__file__).parent.parent / "docs" / "verify_case.py"


@click.group()
def archive() -> None:
    """Archive packages of cases, and proofs of deemed consents."""


@archive.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--ledger", type=click.Path(exists=True, dir_okay=False), help="An export of the whole ledger.")
def verify(file: str, ledger: str | None) -> None:
    """Name every file that is missing, added or changed, and every ledger entry that does not hold."""
    raise SystemExit(runpy.run_path(str(SCRIPT))["main"](file, ledger))
