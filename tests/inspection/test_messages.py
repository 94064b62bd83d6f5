from collections.abc import AsyncIterator
from datetime import datetime, time
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import gateways, mail, outbox
from core.access import Role
from core.db import Database
from core.errors import InvalidInput, NotFound
from core.gateways import TOPIC as TEXTS
from core.outbox import OutboxEvent
from core.people import Account, AccountRole
from core.settings import Settings
from inspection.audience import FACTS, Told, is_by_law
from inspection.commands import application, fees, messages, parties
from inspection.commands.transitions import TOPIC
from inspection.handlers import HANDLERS
from inspection.models import Case, Message
from inspection.queries.messages import count_unread, list_messages
from inspection.states import PartyState
from tests.factories.post_office import PostOffice, open_post_office
from tests.inspection.test_handlers import Resources
from tests.inspection.world import World, accepted, at, build_world, confirmed, draft

URL = "https://city.example"
NIGHT = (time(21), time(8))


async def tell_all(session: AsyncSession, *, twice: bool = False) -> None:
    await session.flush()
    told = sa.select(OutboxEvent).where(col(OutboxEvent.topic) == TOPIC).order_by(col(OutboxEvent.id))
    rows = list(await session.scalars(told))
    for event in [*rows, *rows] if twice else rows:
        await messages.tell(session, event.id, event.payload, base_url=URL, now=event.created_at)


async def posted(session: AsyncSession, topic: str = mail.TOPIC) -> list[OutboxEvent]:
    return list(
        await session.scalars(
            sa.select(OutboxEvent).where(col(OutboxEvent.topic) == topic).order_by(col(OutboxEvent.id))
        )
    )


async def reachable(session: AsyncSession, account: int, **ways: str) -> None:
    person = await session.get_one(Account, account)
    for name, value in ({"email": "owner@example.org"} | ways).items():
        setattr(person, name, value)
    await session.flush()


async def test_message_reaches_whom_the_table_names_once(session: AsyncSession, world: World) -> None:
    session.add(AccountRole(account_id=world.liaisons["fire"], role=Role.LIAISON))
    session.add(AccountRole(account_id=world.dispatcher, role=Role.DISPATCHER))
    await confirmed(session, world, at(3))
    await tell_all(session, twice=True)
    told = await session.execute(
        sa.select(col(Message.account_id), col(Message.kind)).order_by(col(Message.id))
    )
    kinds: dict[int, list[str]] = {}
    for account, kind in told:
        kinds.setdefault(account, []).append(kind)
    assert kinds[world.owner] == ["receive", "accept", "confirm_slot"]
    assert kinds[world.liaisons["fire"]] == ["fan_out", "confirm_slot"]
    # What the dispatcher did itself is no news to it.
    assert kinds[world.dispatcher] == ["accept", "reviews_done"]
    assert await count_unread(session, world.owner) == 3
    page = await list_messages(session, world.owner, limit=2)
    assert [line.kind for line in page.items] == ["confirm_slot", "accept"]
    await messages.read_messages(session, world.owner, now=at(4))
    assert await count_unread(session, world.owner) == 0


async def test_one_letter_for_each_fact_and_person(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner)
    case = await accepted(session, world, at(3))
    await tell_all(session, twice=True)
    letters = [event.payload for event in await posted(session)]
    assert [letter["subject"] for letter in letters] == [
        f"您的申请已收件 · {case.code}",
        f"已受理 · {case.code}",
    ]
    assert f"{URL}/cases/{case.code}" in letters[0]["text"]
    assert "临澜项目1 一期" in letters[0]["text"]


async def test_letters_speak_the_readers_language(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner, locale="en")
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    items = ["竣工报告"]
    await application.send_deficiency_notice(session, case, items=items, by=world.window, now=at(3))
    await tell_all(session)
    _, notice = await posted(session)
    assert notice.payload["subject"] == f"One-off notice: please complete your papers · {case.code}"
    assert "1. 竣工报告" in notice.payload["text"]


async def test_what_the_law_serves_has_no_unsubscribing(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner)
    case = await accepted(session, world, at(3))
    preference = await messages.preference_of(session, world.owner)
    with pytest.raises(InvalidInput):
        await messages.choose(
            session, world.owner, channels=["email"], muted=["accept"], digest=False, quiet=NIGHT
        )
    await messages.unsubscribe(session, preference.token)
    await tell_all(session)
    assert [event.payload["unsubscribe"] for event in await posted(session)] == ["", ""]
    with pytest.raises(NotFound):
        await messages.unsubscribe(session, "nobody's")
    assert is_by_law("accept")
    assert case.code


async def reviewed_and_rejected(session: AsyncSession, world: World) -> Case:
    """The owner hears that a department sent the papers back: no service by law."""
    case = await accepted(session, world, at(3))
    party, *_ = await parties.fan_out(session, case, by=world.dispatcher, now=at(3))
    await parties.record_party_review(
        session,
        case,
        party,
        result=PartyState.REVIEW_REJECT,
        note_text="图纸不全",
        by=world.liaisons[party.department_code],
        now=at(3),
    )
    return case


async def test_other_news_can_be_muted_or_unsubscribed(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner)
    await reviewed_and_rejected(session, world)
    await messages.choose(
        session, world.owner, channels=["email"], muted=["party.review_reject"], digest=False, quiet=NIGHT
    )
    await tell_all(session)
    assert [event.payload["subject"].split(" · ")[0] for event in await posted(session)] == [
        "您的申请已收件",
        "已受理",
    ]
    # It stays in the inbox.
    assert await count_unread(session, world.owner) == 3


async def test_digest_gathers_what_can_wait_into_one_letter(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner)
    await messages.choose(session, world.owner, channels=["email"], muted=[], digest=True, quiet=NIGHT)
    case = await reviewed_and_rejected(session, world)
    await fees.demand_fee(
        session, case, item="检验费", basis="目录", amount=Decimal(80), by=world.window, now=at(3)
    )
    await tell_all(session)
    at_once = [event.payload["subject"].split(" · ")[0] for event in await posted(session)]
    assert at_once == ["您的申请已收件", "已受理", "请缴纳费用"]
    (planned,) = await posted(session, messages.DIGEST_TOPIC)
    assert planned.due == at(4, 8, 30)
    await messages.send_digest(session, planned.id, world.owner, base_url=URL, now=planned.due)
    letter = (await posted(session))[-1].payload
    assert letter["subject"] == "今日消息汇总：1 条"
    assert "部门退回材料" in letter["text"]
    assert letter["unsubscribe"].startswith(f"{URL}/unsubscribe/")


async def test_digest_leaves_out_what_was_read_meanwhile(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner)
    await messages.choose(session, world.owner, channels=["email"], muted=[], digest=True, quiet=NIGHT)
    await reviewed_and_rejected(session, world)
    await tell_all(session)
    before = len(await posted(session))
    await messages.read_messages(session, world.owner, now=at(3, 12))
    await messages.send_digest(session, 1, world.owner, base_url=URL, now=at(4, 8, 30))
    assert len(await posted(session)) == before


@pytest.mark.parametrize(
    ("sent", "leaves"),
    [
        (at(3, 20, 59), at(3, 20, 59)),
        (at(3, 21), at(4, 8)),
        (at(4, 3), at(4, 8)),
        (at(4, 8), at(4, 8)),
    ],
)
def test_nothing_rings_in_the_quiet_hours(sent: datetime, leaves: datetime) -> None:
    assert messages.Wish().may_leave_at(sent) == leaves


def test_no_quiet_hours_where_none_are_wished() -> None:
    assert messages.Wish(quiet_from=time(0), quiet_to=time(0)).may_leave_at(at(3, 3)) == at(3, 3)


async def test_text_messages_go_where_they_were_asked_for(session: AsyncSession, world: World) -> None:
    await reachable(session, world.owner, phone="13900000000", wechat="openid-1")
    await messages.choose(
        session, world.owner, channels=["sms", "wechat"], muted=[], digest=False, quiet=NIGHT
    )
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    await tell_all(session)
    texts = [(event.payload["channel"], event.payload["to"]) for event in await posted(session, TEXTS)]
    assert texts == [("sms", "13900000000"), ("wechat", "openid-1")]
    # What the law serves also comes by e-mail, asked for or not.
    assert len(await posted(session)) == 1


@pytest.fixture
async def post() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


async def test_letters_reach_a_mail_server_once(
    database: Database, settings: Settings, post: PostOffice
) -> None:
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        await reachable(session, world.owner, phone="13900000000")
        await messages.choose(
            session, world.owner, channels=["email", "sms"], muted=[], digest=False, quiet=NIGHT
        )
        case = await accepted(session, world, at(3))
    handlers = [*HANDLERS, *mail.HANDLERS, *gateways.HANDLERS]
    resources = Resources(database, settings.model_copy(update={"smtp_url": post.url}))
    for topic in (TOPIC, mail.TOPIC, TEXTS):
        async with database.transaction() as session:
            ids = [event.id for event in await posted(session, topic)]
        for event in [*ids, *ids]:
            await outbox.consume(database, resources, handlers, event, now=lambda: at(3))
    assert [str(letter["Subject"]) for letter in post.letters] == [
        f"您的申请已收件 · {case.code}",
        f"已受理 · {case.code}",
    ]
    assert len({letter["Message-ID"] for letter in post.letters}) == 2
    assert len(list((settings.data_dir / "sms").iterdir())) == 2


def test_every_role_of_the_table_is_told_of_something() -> None:
    assert {told for fact in FACTS.values() for told in fact.told} == set(Told)
