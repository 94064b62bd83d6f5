import base64
import csv
import gzip
import hashlib
import io
import json
from datetime import datetime

import httpx
import pytest
import python_calamine

from core import clock
from core.db import Database
from core.settings import Settings
from tendering.bulk import csv_table
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.records import NoticeDetail
from tendering.rules import Category, Nature, NoticeKind, Stage
from tests.api.conftest import Portal
from tests.conftest import NOW
from tests.tendering.factories import publication, publish_chain


async def test_months_list_their_files(portal: Portal) -> None:
    months = (await portal.client.get("/api/v1/bulk")).json()["months"]

    assert [(month["month"], month["notices"]) for month in months] == [("2026-03", 4), ("2026-02", 1)]


async def test_files_of_a_month_hold_the_same_notices(portal: Portal) -> None:
    base = "/api/v1/bulk/2026-03/"
    lines = gzip.decompress((await portal.client.get(f"{base}releases.jsonl.gz")).content).splitlines()
    table = (await portal.client.get(f"{base}notices.csv")).content.decode("utf-8-sig")
    sheet = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO((await portal.client.get(f"{base}notices.xlsx")).content)
    )

    ids = [json.loads(line)["id"] for line in lines]
    assert set(ids) == set(portal.codes[1:])
    assert [row["id"] for row in csv.DictReader(io.StringIO(table))] == ids
    assert [row[0] for row in sheet.get_sheet_by_index(0).to_python()[1:]] == ids


@pytest.mark.parametrize("name", ["releases.jsonl.gz", "notices.csv", "notices.xlsx"])
async def test_file_is_the_same_bytes_each_time(portal: Portal, name: str) -> None:
    first = await portal.client.get(f"/api/v1/bulk/2026-03/{name}")
    again = await portal.client.get(
        f"/api/v1/bulk/2026-03/{name}", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (first.status_code, again.status_code) == (200, 304)


async def test_checksums_are_listed_and_sent(portal: Portal) -> None:
    base = "/api/v1/bulk/2026-03/"
    listed = (await portal.client.get(f"{base}SHA256SUMS")).text.splitlines()
    names = [line.split()[1] for line in listed]
    files = [await portal.client.get(base + name) for name in names]

    assert names == ["releases.jsonl.gz", "notices.csv", "notices.xlsx"]
    assert [line.split()[0] for line in listed] == [
        hashlib.sha256(file.content).hexdigest() for file in files
    ]
    assert [file.headers["repr-digest"] for file in files] == [
        f"sha-256=:{base64.b64encode(hashlib.sha256(file.content).digest()).decode()}:" for file in files
    ]


async def test_month_that_grows_has_other_files(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await publish_chain(database)
    before = (await client.get("/api/v1/bulk/2026-02/notices.csv")).content
    async with database.transaction() as session:
        late = publication(2, NoticeKind.TENDER, Content(), process="p2")
        await publish_notices(session, [late], now=NOW, by="system")
    after = (await client.get("/api/v1/bulk/2026-02/notices.csv")).content

    assert (before.count(b"\r\n"), after.count(b"\r\n")) == (2, 3)
    assert sorted(path.name for path in (settings.data_dir / "bulk" / "2026-02").glob("*/*")) == sorted(
        ["SHA256SUMS", "releases.jsonl.gz", "notices.csv", "notices.xlsx"]
    )


@pytest.mark.parametrize("path", ["2026-01/notices.csv", "2026-03/notices.pdf"])
async def test_unknown_file_is_404(portal: Portal, path: str) -> None:
    assert (await portal.client.get(f"/api/v1/bulk/{path}")).status_code == 404


def test_csv_defuses_cells_that_a_spreadsheet_would_run() -> None:
    moment = datetime(2026, 3, 4, tzinfo=clock.LOCAL)
    notice = NoticeDetail(
        id="G1-01",
        ocid="ocds-linlan-G1",
        title="=HYPERLINK(1)",
        category=Category.WORKS,
        kind=NoticeKind.TENDER,
        stage=Stage.TENDER,
        nature=Nature.NORMAL,
        about=None,
        district=None,
        project_code=None,
        buyer=None,
        amount=None,
        published_at=moment,
        closes_at=None,
        source="test",
        digest="0" * 64,
        content=Content(),
        chain=[],
    )

    assert "'=HYPERLINK(1)" in csv_table([notice]).decode("utf-8-sig")
