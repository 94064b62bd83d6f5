import re
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import msgspec

from core import clock
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.rules import NoticeKind
from tests.factories.worker import carry_out_due
from tests.tendering.factories import publication


def letters(folder: Path) -> list[tuple[str, str, str]]:
    """(to, subject, text) of what was sent, in the order of writing."""
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]
    return [(str(mail["To"]), str(mail["Subject"]), mail.get_content()) for mail in found]


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str] | None = None) -> httpx.Response:
    return await client.post(path, data=data or {}, headers={"x-csrftoken": client.cookies["csrf"]})


async def publish(database: Database, number: int, title: str) -> str:
    item = publication(number, NoticeKind.TENDER, Content(), process=f"p{number}")
    item = msgspec.structs.replace(item, title=title, published_at=clock.now())
    async with database.transaction() as session:
        (result,) = await publish_notices(session, [item], now=clock.now(), by="system")
    return result.code


async def test_search_is_followed_confirmed_told_and_left(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await client.get("/following", params={"q": "桥梁"})
    refused = await post(client, "/following?q=桥梁", {"email": "nobody", "pace": "at_once"})
    asked = await post(client, "/following?q=桥梁", {"email": "bidder@example.org", "pace": "at_once"})
    await carry_out_due(settings)
    ((_, _, question),) = letters(settings.mail_dir)
    link = re.search(r"/following/[\w-]+", question)
    assert link is not None
    await publish(database, 1, "尚未确认时的桥梁工程")
    await carry_out_due(settings)
    await client.get(link[0])  # opening the address, as mail scanners do, confirms nothing
    await publish(database, 2, "仍未确认时的桥梁工程")
    await carry_out_due(settings)
    before = len(letters(settings.mail_dir))
    await post(client, link[0])
    code = await publish(database, 3, "滨江路桥梁工程")
    await publish(database, 4, "滨江路道路工程")
    await carry_out_due(settings)
    left = await client.post(f"{link[0]}/end")  # as a mail program does: no cookie, no form
    await publish(database, 5, "退订后的桥梁工程")
    await carry_out_due(settings)

    assert (refused.status_code, asked.status_code, left.status_code) == (422, 303, 200)
    assert "请填写有效的电子邮箱。" in refused.text
    assert before == 1
    ((to, subject, text),) = letters(settings.mail_dir)[1:]
    assert (to, subject) == ("bidder@example.org", "桥梁 · 1 条新公告")
    assert "滨江路桥梁工程" in text
    assert f"/notices/{code}" in text
    assert f"{link[0]}" in text
    assert (await client.get(link[0])).status_code == 404


async def test_letters_are_in_the_language_of_who_asked(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    headers = {"accept-language": "en"}
    await client.get("/following", headers=headers)
    await client.post(
        "/following",
        data={"email": "bidder@example.org", "pace": "daily"},
        headers=headers | {"x-csrftoken": client.cookies["csrf"]},
    )
    await carry_out_due(settings)

    ((_, subject, _),) = letters(settings.mail_dir)
    assert subject == "Please confirm: All notices"


async def test_process_page_offers_to_follow(client: httpx.AsyncClient, database: Database) -> None:
    code = await publish(database, 1, "滨江路桥梁工程")
    notice = await client.get(f"/notices/{code}")
    address = re.search(r'href="(/following\?process=[^"]+)"', notice.text)
    assert address is not None
    form = await client.get(address[1])

    assert "滨江路桥梁工程" in form.text
