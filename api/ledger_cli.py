"""The ledger's two commands: verify it here, export it for verifying elsewhere."""

from typing import TextIO

import click

from core import ledger
from core.db import Database
from core.settings import Settings

KINDS = {
    "missing": "缺失 missing",
    "changed": "被改动 changed",
    "reordered": "次序不符 reordered",
    "columns": "检索列与原文不符 columns differ from the hashed text",
}


async def verify(settings: Settings) -> int:
    """Print the outcome; 0 when the chain is whole, 1 otherwise."""
    database = Database(settings)
    try:
        async with database.transaction() as session:
            count, head, faults = await ledger.verify(session)
    finally:
        await database.close()
    for fault in faults:
        click.echo(f"#{fault.seq}: {KINDS[fault.kind]}")
    click.echo(f"{count} 条 entries, head {head}" + ("" if faults else " ✓"))
    return 1 if faults else 0


async def export(settings: Settings, target: TextIO) -> None:
    database = Database(settings)
    try:
        async with database.transaction() as session:
            async for entry in ledger.entries(session):
                target.write(ledger.export_line(entry) + "\n")
    finally:
        await database.close()
