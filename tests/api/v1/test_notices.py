import json
from collections.abc import Sequence
from pathlib import Path

import httpx
import jsonschema
import pytest
from jsonschema.protocols import Validator
from litestar import Litestar

from core.db import Database
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.rules import NoticeKind
from tests.api.conftest import Portal
from tests.conftest import NOW
from tests.tendering.factories import publication


@pytest.fixture
def client(portal: Portal) -> httpx.AsyncClient:
    return portal.client


@pytest.fixture
def published(portal: Portal) -> Sequence[str]:
    return portal.codes


async def test_list_is_newest_first_and_a_cursor_walks_all_both_ways(
    app: Litestar, database: Database
) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    async with database.transaction() as session:
        items = [
            publication(day, NoticeKind.TENDER, Content(), process=f"p{day}{twin}")
            for day in range(5)
            for twin in "ab"
        ]
        await publish_notices(session, items, now=NOW, by="system")

    seen, cursor, pages = list[str](), None, list[list[str]]()
    while True:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        body = (await client.get("/api/v1/notices", params=query)).json()
        pages.append([item["id"] for item in body["items"]])
        seen += pages[-1]
        cursor = body["older"]
        if cursor is None:
            break
    back = (await client.get("/api/v1/notices", params={"limit": "3", "cursor": body["newer"]})).json()

    assert len(seen) == len(set(seen)) == 10
    assert [item["id"] for item in back["items"]] == pages[-2]
    first = (await client.get("/api/v1/notices", params={"limit": "100"})).json()
    moments = [item["publishedAt"] for item in first["items"]]
    assert moments == sorted(moments, reverse=True)
    assert (first["older"], first["newer"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "10kv 电力"}, 5),
        ({"q": "乙设计院"}, 3),
        ({"q": "路"}, 5),
        ({"q": "百分之百%_"}, 0),
        ({"stage": "tender"}, 2),
        ({"category": "land"}, 0),
        ({"district": "990102", "kind": "result"}, 1),
        ({"from": "2026-02-09", "to": "2026-02-09"}, 1),
        ({"project": "2603-990102-04-01-118842"}, 5),
    ],
)
@pytest.mark.usefixtures("published")
async def test_list_with_a_filter_finds_exactly_those(
    client: httpx.AsyncClient, query: dict[str, str], count: int
) -> None:
    answer = await client.get("/api/v1/notices", params=query)

    assert answer.status_code == 200
    assert len(answer.json()["items"]) == count


async def test_notice_shows_its_chain_and_answers_304_to_its_etag(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    answer = await client.get(f"/api/v1/notices/{published[0]}")
    again = await client.get(
        f"/api/v1/notices/{published[0]}", headers={"If-None-Match": answer.headers["etag"]}
    )

    body = answer.json()
    assert {entry["id"] for entry in body["chain"]} == set(published)
    assert body["content"]["lots"] == [{"id": "1", "title": "一标段", "ceiling": "2000000"}]
    assert [entry["about"] for entry in body["chain"] if entry["id"] == published[4]] == [published[0]]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/notices/NONE-01", 404, "not_found"),
        ("/api/v1/processes/ocds-linlan-NONE", 404, "not_found"),
        ("/api/v1/notices?cursor=oAAAA", 422, "bad_cursor"),
        ("/api/v1/notices?cursor=%00", 422, "bad_cursor"),
        ("/api/v1/notices?limit=0", 422, "invalid_input"),
        ("/api/v1/notices?category=fish", 422, "invalid_input"),
        ("/api/v1/notices?from=2026-02-30", 422, "invalid_input"),
    ],
)
async def test_refusal_is_a_problem_with_a_stable_code(
    client: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await client.get(path)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def schema(shared: Path, name: str) -> Validator:
    folder = shared / "ocds/schema"
    release = json.loads((folder / "release-schema.json").read_text())
    document = json.loads((folder / f"{name}-package-schema.json").read_text())
    text = json.dumps(document)
    text = text.replace("https://standard.open-contracting.org/schema/1__1__5/", "https://ocds.invalid/")
    from referencing import Registry, Resource

    versioned = json.loads((folder / "versioned-release-validation-schema.json").read_text())
    registry = Registry().with_resources(
        [
            ("https://ocds.invalid/release-schema.json", Resource.from_contents(release)),
            (
                "https://ocds.invalid/versioned-release-validation-schema.json",
                Resource.from_contents(versioned),
            ),
        ]
    )
    return jsonschema.Draft4Validator(json.loads(text), registry=registry)


async def test_process_is_a_valid_record_package_merged_from_its_notices(
    client: httpx.AsyncClient, published: Sequence[str], shared: Path
) -> None:
    notice = (await client.get(f"/api/v1/notices/{published[0]}")).json()
    package = (await client.get(f"/api/v1/processes/{notice['ocid']}")).json()
    release = (await client.get(f"/api/v1/notices/{published[2]}/release")).json()

    assert list(schema(shared, "record").iter_errors(package)) == []
    assert list(schema(shared, "release").iter_errors(release)) == []
    (record,) = package["records"]
    assert len(record["releases"]) == 5
    compiled = record["compiledRelease"]
    assert compiled["tag"] == ["compiled"]
    assert compiled["awards"][0]["value"] == {"amount": 1799255.53, "currency": "CNY"}
    assert [bid["rank"] for bid in compiled["bids"]["details"]] == [1, 2]
