from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import mail, outbox
from core.db import Database
from core.mail import Mail
from core.outbox import OutboxEvent
from core.settings import Settings
from tests.conftest import NOW
from tests.factories.post_office import PostOffice, open_post_office

LETTER = Mail(to="wang@example.org", subject="受理通知书", text="您的联合验收件已受理。\n")


@dataclass
class Resources:
    database: Database
    settings: Settings


@pytest.fixture
async def post() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


def with_server(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"smtp_url": url, "mail_from": "一窗 <window@city.example>"})


async def write(database: Database, letter: Mail = LETTER, key: str = "message:1") -> int:
    async with database.transaction() as session:
        mail.post(session, letter, key=key, now=NOW)
    async with database.transaction() as session:
        found = await session.scalar(
            sa.select(col(OutboxEvent.id)).where(col(OutboxEvent.key) == f"mail:{key}")
        )
    assert found is not None
    return found


async def send(database: Database, settings: Settings, event: int) -> bool:
    return await outbox.consume(
        database, Resources(database, settings), mail.HANDLERS, event, now=lambda: NOW
    )


async def test_letter_leaves_through_smtp_once(
    database: Database, settings: Settings, post: PostOffice
) -> None:
    event = await write(database)
    assert [await send(database, with_server(settings, post.url), event) for _ in range(2)] == [True, False]
    (letter,) = post.letters
    assert letter["Subject"] == "受理通知书"
    assert letter["To"] == "wang@example.org"
    assert letter["From"] == "一窗 <window@city.example>"
    assert letter["Message-ID"] == mail.message_id("message:1", "window@city.example")
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    assert letter["List-Unsubscribe"] is None


async def test_letter_that_can_be_unsubscribed_says_how(
    database: Database, settings: Settings, post: PostOffice
) -> None:
    address = "https://city.example/unsubscribe/abc"
    letter = Mail(to=LETTER.to, subject="a", text="b", unsubscribe=address)
    await send(database, with_server(settings, post.url), await write(database, letter))
    assert post.letters[0]["List-Unsubscribe"] == f"<{address}>"
    assert post.letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_letter_comes_again_with_the_same_id_after_a_passing_refusal(
    database: Database, settings: Settings, post: PostOffice
) -> None:
    post.answers = ["450 greylisted"]
    event, own = await write(database), with_server(settings, post.url)
    with pytest.raises(Exception, match="greylisted"):
        await send(database, own, event)
    assert post.letters == []
    assert await send(database, own, event) is True
    assert [each["Message-ID"] for each in post.letters] == [
        mail.message_id("message:1", "window@city.example")
    ]


async def test_letter_to_nobody_is_not_tried_again(
    database: Database, settings: Settings, post: PostOffice
) -> None:
    post.answers = ["550 no such person"]
    event = await write(database)
    assert [await send(database, with_server(settings, post.url), event) for _ in range(2)] == [True, False]
    assert post.letters == []


async def test_relay_comes_back_later_each_time(database: Database, settings: Settings) -> None:
    """With nobody listening, the pause between attempts grows."""
    event, own = await write(database), with_server(settings, "smtp://127.0.0.1:9")
    pauses = []
    moment = NOW
    for _ in range(3):
        async with database.transaction() as session:
            assert await outbox.claim_due(session, now=moment) == [event]
        with pytest.raises(OSError, match=r"127\.0\.0\.1"):
            await send(database, own, event)
        async with database.transaction() as session:
            due = (await session.get_one(OutboxEvent, event)).due
        pauses.append(due - moment)
        moment = due
    assert pauses == [timedelta(seconds=45), timedelta(seconds=90), timedelta(seconds=180)]


async def test_letters_go_into_a_folder_where_no_server_is_set(
    database: Database, settings: Settings
) -> None:
    await send(database, settings, await write(database))
    (file,) = settings.mail_dir.iterdir()
    assert file.suffix == ".eml"
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["Subject"] == "受理通知书"


@pytest.mark.parametrize(
    ("change", "value"),
    [("to", "a@b.example\r\nBcc: c@d.example"), ("subject", "x\r\nBcc: c@d.example")],
)
def test_line_breaks_add_no_headers(change: str, value: str) -> None:
    letter = Mail(**{"to": "a@b.example", "subject": "s", "text": "t"} | {change: value})
    composed = mail.compose(letter, key="k", written_at=NOW, sender="a@b.example")
    assert composed["Bcc"] is None
    assert b"\r\nBcc:" not in composed.as_bytes()


async def test_withdrawn_letter_never_leaves(database: Database, settings: Settings) -> None:
    event = await write(database)
    async with database.transaction() as session:
        await outbox.cancel(session, "mail:message:1")
    assert await send(database, settings, event) is False
    assert not settings.mail_dir.exists()
