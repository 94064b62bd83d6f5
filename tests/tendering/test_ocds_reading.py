"""Other publishers' releases come in and go out again, and every mapped field is still there."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput
from tendering import ocds
from tendering.commands import publish_notices
from tendering.ocds_reading import read_release, releases_in
from tendering.records import find_notice
from tests.conftest import NOW
from tests.tendering.factories import chain

SITE = "https://trading.example"
encode = msgspec.json.Encoder(decimal_format="number").encode


def mapped(release: Mapping[str, Any]) -> dict[str, Any]:
    """The mapped fields of a release, by their meaning and whatever its version's way of writing them."""
    parties = {each["id"]: each for each in release.get("parties", ()) if "id" in each}
    tender = release.get("tender") or {}
    budget = (release.get("planning") or {}).get("budget") or {}
    awards = release.get("awards") or []
    named = [*tender.get("tenderers", ())]
    named += [party for party in parties.values() if "tenderer" in party.get("roles", ())]

    def party(reference: Mapping[str, Any]) -> tuple[str, Any, Any]:
        whole = parties.get(reference.get("id"), {}) | reference
        identifier = whole.get("identifier") or {}
        return whole["name"], identifier.get("id"), identifier.get("scheme") or None

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    def value(item: Mapping[str, Any] | None) -> tuple[float, str] | None:
        stated = item and item.get("amount") is not None and item.get("currency")
        return (float(item["amount"]), item["currency"]) if item and stated else None

    period = tender.get("tenderPeriod") or {}
    return {
        "date": moment(release["date"]),
        "title": tender.get("title"),
        "description": tender.get("description") or None,
        "method": tender.get("procurementMethod"),
        "category": tender.get("mainProcurementCategory"),
        "period": (moment(period.get("startDate")), moment(period.get("endDate"))),
        "value": value(tender.get("value")),
        "budget": value(budget.get("amount")),
        "project": budget.get("projectID"),
        "buyer": party(release["buyer"]) if (release.get("buyer") or {}).get("name") else None,
        "tenderers": {party(each) for each in named},
        "awards": [
            (
                value(each.get("value")),
                each.get("status") or "active",
                moment(each.get("date") or release["date"]),
                [party(supplier) for supplier in each.get("suppliers", ())],
            )
            for each in awards
        ],
        "contracts": [
            (
                value(each.get("value")),
                each.get("status"),
                moment(each.get("dateSigned")),
                [place for place, award in enumerate(awards) if award.get("id") == each.get("awardID")],
            )
            for each in release.get("contracts", ())
        ],
    }


async def reexported(session: AsyncSession, releases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    publications = [read_release(release, source="elsewhere") for release in releases]
    written = await publish_notices(session, publications, now=NOW, by="system")
    found = [await find_notice(session, each.code) for each in written]
    documents: list[dict[str, Any]] = [
        msgspec.json.decode(encode(ocds.release(notice, at=SITE))) for notice in found
    ]
    return documents


async def test_real_exports_lose_no_mapped_field(session: AsyncSession, shared: Path) -> None:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for path in sorted((shared / "ocds/real").glob("*.json")):
        encoding = "iso-8859-1" if "8859" in path.name else "utf-8"
        for number, release in enumerate(releases_in(path.read_bytes(), encoding=encoding)):
            if "url" not in release and not isinstance(release.get("language"), list):  # versioned
                found[path.name, release["id"], str(number)] = release | {"id": f"{path.name}-{number}"}
    releases = list(found.values())
    assert len(releases) == 49

    exported = await reexported(session, releases)

    for name, release, again in zip(found, releases, exported, strict=True):
        expected, got = mapped(release), mapped(again)
        if expected["title"] is None:  # a contract alone is called by its own title
            expected["title"] = release["contracts"][0]["title"]
        assert got == expected, name
    schema = msgspec.json.decode((shared / "ocds/schema/release-schema.json").read_bytes())
    validator = jsonschema.Draft4Validator(schema)
    assert [error.message for each in exported for error in validator.iter_errors(each)] == []


async def test_our_own_releases_come_back_the_same(session: AsyncSession) -> None:
    written = await publish_notices(session, chain(), now=NOW, by="system")
    notices = [await find_notice(session, each.code) for each in written]
    ours = [msgspec.json.decode(encode(ocds.release(notice, at=SITE))) for notice in notices]

    again = await reexported(session, ours)

    for before, after in zip(ours, again, strict=True):
        assert mapped(after) == mapped(before)
        assert after.get("bids") == before.get("bids")
        assert after["tender"].get("lots") == before["tender"].get("lots")


@pytest.mark.parametrize(
    "release",
    [
        {"ocid": "o", "id": "1"},
        {"ocid": "o", "id": "1", "date": "yesterday"},
        {"ocid": "o", "id": "1", "date": "2026-01-01T00:00:00"},  # of no zone
        {"ocid": "o", "id": "1", "date": "2026-01-01T00:00:00Z", "awards": [{"suppliers": [{"id": "x"}]}]},
        {
            "ocid": "o",
            "id": "1",
            "date": "2026-01-01T00:00:00Z",
            "tender": {"value": {"amount": 1e999, "currency": "CNY"}},
        },
        {
            "ocid": "o",
            "id": "1",
            "date": "2026-01-01T00:00:00Z",
            "tender": {"value": {"amount": 1e17, "currency": "CNY"}},
        },
    ],
)
def test_a_release_that_cannot_be_read_is_refused(release: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        read_release(release, source="elsewhere")


def test_what_is_no_open_contracting_data_is_refused() -> None:
    with pytest.raises(InvalidInput):
        list(releases_in(b"not json"))
    assert list(releases_in(b"{}")) == []
