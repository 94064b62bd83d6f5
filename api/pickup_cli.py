"""Files dropped by systems that can do no better: each is one delivery, once, and is kept with its answer."""

import mimetypes
from pathlib import Path

import click
import msgspec

from api.problems import problem_of
from core import clock
from core.db import Database
from core.errors import Refusal
from core.settings import Settings
from tendering.exchange.commands import DeliveryAnswer, receive_delivery, source_of

UNFINISHED = ".part"


async def pick_up(settings: Settings, folder: Path, *, source: str) -> int:
    """Take in every finished file in order of name; returns how many were refused. Raises NotFound (no such source)."""
    known = source_of(source)
    database, refused = Database(settings), 0
    try:
        for path in _finished(folder):
            content = path.read_bytes()
            try:
                async with database.transaction() as session:
                    answer = await receive_delivery(
                        session,
                        known,
                        content,
                        media_type=mimetypes.guess_type(path.name)[0] or "",
                        idempotency_key=f"file:{path.name}"[:100],
                        now=clock.now(),
                        by="system",
                    )
            except Refusal as refusal:
                refused += 1
                _keep(path, "refused", msgspec.json.encode(problem_of(refusal)))
                click.echo(f"{path.name}  refused  {refusal.code}")
            else:
                _keep(path, "done", msgspec.json.encode(answer))
                click.echo(f"{path.name}  {_counts(answer)}")
    finally:
        await database.close()
    return refused


def _finished(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix != UNFINISHED
    )


def _keep(path: Path, where: str, answer: bytes) -> None:
    """The answer is written before the file moves: a crash in between only asks again, and is answered alike."""
    target = path.parent / where
    target.mkdir(exist_ok=True)
    (target / f"{path.name}.answer.json").write_bytes(answer)
    path.replace(target / path.name)


def _counts(answer: DeliveryAnswer) -> str:
    return f"{answer.published} published, {answer.known} known, {answer.quarantined} quarantined"
