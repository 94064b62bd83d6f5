from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.errors import InvalidInput, NotFound
from core.outbox import OutboxEvent
from tendering.commands import publish_notices
from tendering.content import Content, Dates, Lot
from tendering.following import commands
from tendering.following.matching import matcher
from tendering.following.models import Follow, Pace
from tendering.models import Notice
from tendering.queries import NoticeFilter, list_notices
from tendering.rules import Category, NoticeKind, Stage
from tests.conftest import NOW
from tests.tendering.factories import BUYER, OPENED, chain, publication

EVERYTHING = NoticeFilter()


async def follow(
    session: AsyncSession,
    wanted: NoticeFilter = EVERYTHING,
    *,
    email: str = "someone@example.org",
    pace: Pace = Pace.AT_ONCE,
    process: str | None = None,
    confirmed: bool = True,
    now: datetime = NOW,
) -> Follow:
    await commands.ask_to_follow(
        session, email=email, pace=pace, locale="zh-CN", label="x", process=process, wanted=wanted, now=now
    )
    made = await session.scalar(sa.select(Follow).order_by(col(Follow.id).desc()).limit(1))
    assert made is not None
    if confirmed:
        await commands.confirm_follow(session, made.token, now=now)
    return made


async def publish(session: AsyncSession, number: int, *, process: str = "p1") -> str:
    item = publication(number, NoticeKind.TENDER, Content(), process=process)
    item = msgspec.structs.replace(item, published_at=NOW)
    (result,) = await publish_notices(session, [item], now=NOW, by="system")
    return result.code


def told(letters: list[commands.Letter]) -> dict[int, list[str]]:
    return {letter.follow.id: [notice.code for notice in letter.notices] for letter in letters}


async def test_only_who_confirmed_is_told(session: AsyncSession) -> None:
    confirmed = await follow(session, email="a@example.org")
    await follow(session, email="b@example.org", confirmed=False)
    code = await publish(session, 1)

    assert told(await commands.note_publication(session, [code])) == {confirmed.id: [code]}


async def test_follower_of_a_process_hears_of_that_process_only(session: AsyncSession) -> None:
    first = await publish(session, 1)
    process = first.rsplit("-", 1)[0]
    one = await follow(session, process=process)
    second, other = await publish(session, 2), await publish(session, 3, process="p2")

    assert told(await commands.note_publication(session, [second, other])) == {one.id: [second]}


async def test_daily_followers_get_one_letter_in_the_morning_and_nothing_twice(session: AsyncSession) -> None:
    daily = await follow(session, pace=Pace.DAILY)
    first, second = await publish(session, 1), await publish(session, 2)

    assert await commands.note_publication(session, [first]) == []
    assert await commands.note_publication(session, [first, second]) == []
    morning = commands.next_morning(NOW)
    assert told(await commands.collect_digests(session, now=morning)) == {daily.id: [first, second]}
    assert await commands.collect_digests(session, now=morning + timedelta(days=1)) == []


async def test_mornings_are_planned_once_and_one_after_another(session: AsyncSession) -> None:
    for name in ("a", "b"):
        await follow(session, email=f"{name}@example.org", pace=Pace.DAILY)
    await commands.collect_digests(session, now=datetime(2026, 3, 5, 8, 0, 1, tzinfo=clock.LOCAL))

    planned = await session.scalars(
        sa.select(col(OutboxEvent.due))
        .where(col(OutboxEvent.topic) == "follow.digest")
        .order_by(col(OutboxEvent.due))
    )
    assert list(planned) == [datetime(2026, 3, day, 8, tzinfo=clock.LOCAL) for day in (5, 6)]


async def test_leaving_deletes_the_address(session: AsyncSession) -> None:
    made = await follow(session, pace=Pace.DAILY)
    await commands.note_publication(session, [await publish(session, 1)])
    await commands.end_follow(session, made.token)
    await commands.end_follow(session, made.token)

    with pytest.raises(NotFound):
        await commands.find_follow(session, made.token)
    assert await commands.collect_digests(session, now=NOW) == []


async def test_who_never_confirms_is_forgotten_and_who_did_stays(session: AsyncSession) -> None:
    silent, confirmed = (
        await follow(session, email="a@example.org", confirmed=False),
        await follow(session, email="b@example.org"),
    )
    for made in (silent, confirmed):
        await commands.lapse_follow(session, made.id)

    assert list(await session.scalars(sa.select(col(Follow.id)))) == [confirmed.id]


async def test_asking_again_and_again_sends_one_letter(session: AsyncSession) -> None:
    for _ in range(3):
        await follow(session, confirmed=False)
    for number in range(20):
        await follow(session, NoticeFilter(q=str(number)), confirmed=False)

    asked = await session.scalar(
        sa.select(sa.func.count()).where(col(OutboxEvent.topic) == "follow.asked").select_from(OutboxEvent)
    )
    assert asked == commands.REQUESTS_LIMIT


@pytest.mark.parametrize(
    "email", ["", "someone", "a@b", "a b@example.org", "a@example.org\nBcc: b@c.org", "a" * 300 + "@b.org"]
)
async def test_what_is_no_address_is_refused(session: AsyncSession, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await follow(session, email=email)

    assert [problem.field for problem in refused.value.problems] == ["email"]


async def test_history_delivered_late_is_no_news_for_a_search(session: AsyncSession) -> None:
    searching = await follow(session)
    old = msgspec.structs.replace(
        publication(1, NoticeKind.TENDER, Content()), published_at=NOW - timedelta(days=400)
    )
    (result,) = await publish_notices(session, [old], now=NOW, by="system")

    assert searching.id not in told(await commands.note_publication(session, [result.code]))


FILTERS: list[dict[str, Any]] = [
    {},
    {"q": "10kv 迁改"},
    {"q": "不存在"},
    {"q": "丙建设"},
    {"category": Category.WORKS},
    {"category": Category.LAND},
    {"stage": Stage.AWARD},
    {"kind": NoticeKind.TENDER},
    {"district": "990102"},
    {"district": "990103"},
    {"buyer": BUYER.name},
    {"project": "2603-990102-04-01-118842"},
    {"least": Decimal(1_900_000)},
    {"most": Decimal(1_900_000)},
    {"since": (OPENED + timedelta(days=30)).date()},
    {"until": (OPENED + timedelta(days=30)).date()},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_following_a_search_finds_what_the_search_finds(
    session: AsyncSession, wanted: dict[str, Any]
) -> None:
    late = Content(
        lots=(Lot("1", ceiling=Decimal(5)),), dates=Dates(bid_deadline=OPENED + timedelta(days=60))
    )
    await publish_notices(
        session, [*chain(), publication(9, NoticeKind.TENDER, late, process="p9")], now=NOW, by="system"
    )
    asked = NoticeFilter(**wanted)
    fits = matcher(asked)

    found = {line.id for line in (await list_notices(session, asked)).items}
    matched = {notice.code for notice in await session.scalars(sa.select(Notice)) if fits(notice)}
    assert matched == found
