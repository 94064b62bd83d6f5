"""What the standard's own tools say about our packages: libcoveocds finds nothing wrong, ocdskit merges the same."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from core import clock
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Attachment, Content
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication, publish_chain

libcoveocds_api = pytest.importorskip("libcoveocds.api")
ocdskit_combine = pytest.importorskip("ocdskit.combine")


@pytest.fixture
async def packages(client: httpx.AsyncClient, database: Database) -> list[dict[str, Any]]:
    """A record package and every release package of one process."""
    codes: Sequence[str] = await publish_chain(database)
    ocid = (await client.get(f"/api/v1/notices/{codes[0]}")).json()["ocid"]
    addresses = [f"/api/v1/processes/{ocid}", *(f"/api/v1/notices/{code}/release" for code in codes)]
    return [(await client.get(address)).json() for address in addresses]


async def test_libcoveocds_accepts_every_release_package(
    packages: list[dict[str, Any]], shared: Path, tmp_path: Path
) -> None:
    from libcoveocds.config import LibCoveOCDSConfig

    config = LibCoveOCDSConfig()
    config.config |= {
        "context": "api",
        "standard_zip": (shared / "ocds/standard-1__1__5.zip").resolve().as_uri(),
    }
    for package in packages[1:]:  # of record packages the tool fetches a schema; test_notices.py has them
        local = {key: value for key, value in package.items() if key != "extensions"}  # they would be fetched
        report = libcoveocds_api.ocds_json_output(
            str(tmp_path), json_data=local, lib_cove_ocds_config=config, record_pkg="records" in package
        )
        said = {name: report[name] for name in ("validation_errors", "additional_closed_codelist_values")}

        assert said == {"validation_errors": [], "additional_closed_codelist_values": {}}
        assert report["version_used"] == "1.1"


async def test_ocdskit_merges_to_our_compiled_release(packages: list[dict[str, Any]], shared: Path) -> None:
    record, *releases = packages
    schema = json.loads((shared / "ocds/schema/release-schema.json").read_text())
    (merged,) = ocdskit_combine.merge(releases, schema=schema)
    ours = record["records"][0]["compiledRelease"]

    assert {**merged, "id": ""} == {**ours, "id": ""}  # the tool names a compiled release its own way


async def test_every_line_of_a_month_is_a_valid_release(
    client: httpx.AsyncClient, packages: list[dict[str, Any]], shared: Path
) -> None:
    months = (await client.get("/api/v1/bulk")).json()["months"]
    lines = list[dict[str, Any]]()
    for month in months:
        body = (await client.get(f"/api/v1/bulk/{month['month']}/releases.jsonl.gz")).content
        lines += [json.loads(line) for line in gzip.decompress(body).splitlines()]
    schema = json.loads((shared / "ocds/schema/release-schema.json").read_text())
    validator = jsonschema.Draft4Validator(schema)

    assert sorted(line["id"] for line in lines) == sorted(each["releases"][0]["id"] for each in packages[1:])
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []


async def test_file_in_a_months_release_has_its_public_address(
    client: httpx.AsyncClient, database: Database, settings: Settings, shared: Path
) -> None:
    drawing = Attachment("图纸.pdf", "a" * 64, 10)
    tender = publication(2, NoticeKind.TENDER, Content(attachments=(drawing,)))
    async with database.transaction() as session:
        (published,) = await publish_notices(session, [tender], now=NOW, by="system")
    month = f"{tender.published_at.astimezone(clock.LOCAL):%Y-%m}"
    body = (await client.get(f"/api/v1/bulk/{month}/releases.jsonl.gz")).content
    (line,) = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    schema = json.loads((shared / "ocds/schema/release-schema.json").read_text())

    assert [file["url"] for file in line["tender"]["documents"]] == [
        f"{settings.base_url}/notices/{published.code}/attachments/{drawing.sha256}"
    ]
    assert list(jsonschema.Draft4Validator(schema).iter_errors(line)) == []
