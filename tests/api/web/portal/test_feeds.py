from xml.etree import ElementTree as ET

import pytest

from tests.api.conftest import Portal

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize(("query", "count"), [("", 5), ("?q=电力&stage=award", 1), ("?q=无", 0)])
async def test_atom_and_json_feed_hold_what_the_search_finds(portal: Portal, query: str, count: int) -> None:
    atom = await portal.client.get(f"/notices.atom{query}")
    feed = await portal.client.get(f"/notices.json{query}")

    root = ET.fromstring(atom.text)  # noqa: S314 - our own answer
    links = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(links) == count
    assert [item["url"] for item in feed.json()["items"]] == links
    assert root.findtext(f"{ATOM}updated")


async def test_feed_answers_304_when_nothing_is_new(portal: Portal) -> None:
    first = await portal.client.get("/notices.atom")
    again = await portal.client.get("/notices.atom", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304


async def test_calendar_has_the_dates_that_now_hold(portal: Portal) -> None:
    ocid = (await portal.client.get(f"/api/v1/notices/{portal.codes[0]}")).json()["ocid"]

    answer = await portal.client.get(f"/processes/{ocid}/dates.ics")

    lines = answer.text.splitlines()
    names = {line.split("-")[-1].split("@")[0] for line in lines if line.startswith("UID:")}
    assert names == {"bid_deadline", "documents_from", "publicity_from", "publicity_to"}
    assert "DTSTART:20260309T010000Z" in lines
