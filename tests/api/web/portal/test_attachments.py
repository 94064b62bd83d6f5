"""A file goes into a draft, is seen by clerks only, is published with the notice, and listed in its open data."""

import hashlib
import json

import httpx

from core.access import Role
from tests.api.conftest import LogIn
from tests.api.web.portal.test_drafts import FORM, deadline, post

PDF = b"%PDF-1.7\n" + b"x" * 3000
SHA = hashlib.sha256(PDF).hexdigest()


async def upload(client: httpx.AsyncClient, place: str, *files: tuple[str, bytes]) -> httpx.Response:
    await client.get("/login")
    return await client.post(
        f"{place}/attachments",
        files=[("files", file) for file in files],
        headers={"x-csrftoken": client.cookies["csrf"]},
    )


async def test_an_attachment_is_public_only_once_its_notice_is(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.TRADING_CLERK, login="writer")
    saved = await post(client, "/drafts", FORM | {"bid_deadline": deadline(45)})
    place = saved.headers["location"]
    assert (await upload(client, place, ("招标文件.pdf", PDF))).status_code == 303
    assert (await upload(client, place, ("图纸.dwg", b"AC1032" + b"\0" * 10))).status_code == 303
    assert (await upload(client, place, ("网页.pdf", b"<html>"))).status_code == 422
    await post(client, place, FORM | {"bid_deadline": deadline(46)})  # writing it anew keeps its files
    shown = (await client.get(place)).text
    assert f"{place}/attachments/{SHA}" in shown
    assert (await client.get(f"{place}/attachments/{SHA}")).content == PDF
    dwg = hashlib.sha256(b"AC1032" + b"\0" * 10).hexdigest()
    await post(client, f"{place}/attachments/{dwg}/remove")
    await post(client, f"{place}/submit")
    assert (await upload(client, place, ("late.pdf", PDF))).status_code == 409

    await log_in(Role.TRADING_CLERK, login="reader")
    published = await post(client, f"{place}/publish")
    notice = published.headers["location"]

    client.cookies.clear()
    assert (await client.get(f"{place}/attachments/{SHA}")).headers["location"].startswith("/login")
    page = (await client.get(notice)).text
    assert "招标文件.pdf" in page
    assert "图纸.dwg" not in page
    answer = await client.get(f"{notice}/attachments/{SHA}")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await client.get(f"{notice}/attachments/{dwg}")).status_code == 404  # left out before publication
    code = notice.rpartition("/")[2]
    release = json.loads((await client.get(f"/api/v1/notices/{code}/release")).content)["releases"][0]
    (document,) = release["tender"]["documents"]
    assert document["id"] == SHA
    assert document["url"].endswith(f"{notice}/attachments/{SHA}")
    assert (document["title"], document["format"]) == ("招标文件.pdf", "application/pdf")


async def test_only_its_writer_adds_to_a_draft_and_only_with_the_pages_token(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.TRADING_CLERK, login="writer")
    place = (await post(client, "/drafts", FORM)).headers["location"]
    untold = await client.post(f"{place}/attachments", files=[("files", ("a.pdf", PDF))])
    await log_in(Role.TRADING_CLERK, login="other")
    foreign = await upload(client, place, ("a.pdf", PDF))

    assert (untold.status_code, foreign.status_code) == (403, 403)
