import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from core import ledger
from core.db import Database
from core.ledger import Fault
from tests.conftest import NOW

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_ledger.py"


async def write(database: Database, *subjects: str) -> None:
    async with database.transaction() as session:
        for subject in subjects:
            ledger.record(session, action="test", subject=subject, now=NOW, data={"文": "字"})


async def faults(database: Database) -> list[Fault]:
    async with database.transaction() as session:
        return (await ledger.verify(session))[2]


async def tamper(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
        await connection.execute(sa.text(statement))


async def test_chain_written_by_many_at_once_is_whole(database: Database) -> None:
    await asyncio.gather(*(write(database, f"a:{n}", f"b:{n}") for n in range(12)))
    async with database.transaction() as session:
        count, _, found = await ledger.verify(session)
    assert (count, found) == (24, [])


async def test_rolled_back_transaction_leaves_no_entry(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            ledger.record(session, action="test", subject="lost", now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.transaction() as session:
        assert (await ledger.verify(session))[0] == 0


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE ledger_entry SET body = replace(body, '字', '宇') WHERE seq = 2", [Fault(2, "changed")]),
        ("UPDATE ledger_entry SET subject = 'x' WHERE seq = 2", [Fault(2, "columns")]),
        ("DELETE FROM ledger_entry WHERE seq = 2", [Fault(2, "missing")]),
        (
            """UPDATE ledger_entry a SET body = b.body, hash = b.hash FROM ledger_entry b
            WHERE a.seq + b.seq = 5 AND a.seq IN (2, 3)""",
            [Fault(2, "reordered"), Fault(3, "reordered"), Fault(4, "reordered")],
        ),
    ],
    ids=["changed", "columns", "missing", "reordered"],
)
async def test_tampering_is_named(database: Database, statement: str, expected: list[Fault]) -> None:
    await write(database, "a", "b", "c", "d")
    await tamper(database, statement)
    assert await faults(database) == expected


@pytest.mark.parametrize("statement", ["UPDATE ledger_entry SET actor = 'x'", "DELETE FROM ledger_entry"])
async def test_ledger_refuses_change(database: Database, statement: str) -> None:
    await write(database, "a")
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.engine.begin() as connection:
            await connection.execute(sa.text(statement))


async def test_stranger_verifies_an_export_offline(database: Database, tmp_path: Path) -> None:
    await write(database, "a", "b", "c")
    async with database.transaction() as session:
        lines = [ledger.export_line(entry) async for entry in ledger.entries(session)]
    export = tmp_path / "ledger.jsonl"

    def run(content: list[str]) -> tuple[int, str]:
        export.write_text("\n".join(content) + "\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(export)], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    assert run(lines)[0] == 0
    assert run([lines[0], lines[2]]) == (1, "entry 2 is missing\n")
    changed = json.dumps({**json.loads(lines[1]), "hash": "0" * 64})
    assert run([lines[0], changed, lines[2]])[0] == 1
