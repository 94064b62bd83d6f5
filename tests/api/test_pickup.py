import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from api.pickup_cli import pick_up
from core.db import Database
from core.errors import NotFound
from core.settings import Settings
from tendering.models import Notice
from tests.api.v1.test_exchange import ITEM


async def titles(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(sa.select(col(Notice.title)).order_by(col(Notice.id))))


async def test_dropped_files_are_taken_in_once_and_kept_with_their_answers(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "1.json").write_text(json.dumps([ITEM]), encoding="gbk")
    (folder / "2.json").write_bytes(b"{ not json")
    (folder / "3.json.part").write_bytes(b"still being written")
    first = await pick_up(settings, folder, source="construction")
    # A copy after a crash between the answer and the move: the same file is there again.
    (folder / "1.json").write_text(json.dumps([ITEM]), encoding="gbk")
    again = await pick_up(settings, folder, source="construction")
    answer = json.loads((folder / "done" / "1.json.answer.json").read_bytes())

    assert (first, again) == (1, 0)
    assert await titles(database) == [ITEM["title"]]
    assert answer["items"][0]["status"] == "published"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "3.json.part",
        "done/1.json",
        "done/1.json.answer.json",
        "refused/2.json",
        "refused/2.json.answer.json",
    ]


async def test_unknown_source_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await pick_up(settings, tmp_path, source="nobody")
