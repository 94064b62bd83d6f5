from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.outbox import OutboxEvent
from core.people import Account
from core.workdays import state_council_calendar
from tendering import ocds
from tendering.commands import TooEarly, correct_notice, publish_notice, publish_notices
from tendering.content import Content, Dates
from tendering.milestones import commands
from tendering.milestones.rules import MilestoneName, MilestoneState, milestones_of
from tendering.models import ocid_of
from tendering.objections import answer_objection, raise_objection
from tendering.records import find_process
from tendering.rules import Category, Nature, NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication

DEADLINE = datetime(2026, 3, 31, 9, 30, tzinfo=clock.LOCAL)
CALENDAR = state_council_calendar()


@dataclass
class World:
    """One process, its outbox carried out by hand as time passes."""

    session: AsyncSession
    process: str = ""

    async def publish(self, number: int, kind: NoticeKind, dates: Dates, *, at: datetime = NOW) -> str:
        item = msgspec.structs.replace(publication(number, kind, Content(dates=dates)), published_at=at)
        (result,) = await publish_notices(self.session, [item], now=at, by="system")
        self.process = result.code.rsplit("-", 1)[0]
        await commands.plan_milestones(self.session, [result.code], now=at)
        return result.code

    async def until(self, moment: datetime) -> None:
        """Let every timed event up to this moment happen, in order, twice: the second time does nothing."""
        events = await self.session.scalars(
            sa.select(OutboxEvent)
            .where(col(OutboxEvent.topic) == commands.REACHED, col(OutboxEvent.due) <= moment)
            .order_by(col(OutboxEvent.due))
        )
        for event in events.all():
            for _ in range(2):
                await commands.reach_milestone(
                    self.session, event.payload["milestone"], due=event.payload["due"], now=event.due
                )

    async def states(self) -> dict[MilestoneName, MilestoneState]:
        found = await commands.list_milestones(self.session, self.process)
        return {milestone.name: milestone.state for milestone in found}


@pytest.fixture
def world(session: AsyncSession) -> World:
    return World(session)


async def person(session: AsyncSession) -> int:
    account = Account(login="p", name="测试人员", password_hash="x", created_at=NOW)
    session.add(account)
    await session.flush()
    return account.id


async def test_bids_close_at_the_deadline_and_not_before(world: World) -> None:
    await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    await world.until(DEADLINE - timedelta(seconds=1))
    before = await world.states()
    await world.until(DEADLINE)

    assert before[MilestoneName.BIDS_CLOSE] is MilestoneState.SCHEDULED
    assert await world.states() == {
        MilestoneName.REMEDY_ENDS: MilestoneState.MET,
        MilestoneName.BIDS_CLOSE: MilestoneState.MET,
    }


async def test_correction_moves_the_date_and_the_old_event_does_nothing(world: World) -> None:
    code = await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    old = await world.session.scalar(
        sa.select(col(OutboxEvent.payload)).where(col(OutboxEvent.due) == DEADLINE)
    )
    later = DEADLINE + timedelta(days=5)
    corrected = await correct_notice(
        world.session, code, Content(dates=Dates(bid_deadline=later)), now=NOW, by="system"
    )
    await commands.plan_milestones(world.session, [corrected], now=NOW)
    assert old is not None
    await commands.reach_milestone(world.session, old["milestone"], due=old["due"], now=DEADLINE)
    await world.until(DEADLINE)
    between = await world.states()
    await world.until(later)

    assert between[MilestoneName.BIDS_CLOSE] is MilestoneState.SCHEDULED
    assert (await world.states())[MilestoneName.BIDS_CLOSE] is MilestoneState.MET


async def test_unanswered_objection_holds_the_opening_until_it_is_answered(world: World) -> None:
    code = await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    by = await person(world.session)
    objections = [
        await raise_objection(world.session, code, organisation="甲", text="乙", by=by, now=NOW)
        for _ in range(2)
    ]
    await world.until(DEADLINE)
    states = []
    for objection in objections:
        states.append((await world.states())[MilestoneName.BIDS_CLOSE])
        await answer_objection(world.session, objection, answer="无误。", upheld=False, by=by, now=DEADLINE)
        await commands.release_milestones(world.session, objection, now=DEADLINE)

    assert states == [MilestoneState.BLOCKED, MilestoneState.BLOCKED]
    assert (await world.states())[MilestoneName.BIDS_CLOSE] is MilestoneState.MET


@pytest.mark.parametrize(
    ("contracted", "expected"), [(True, MilestoneState.MET), (False, MilestoneState.MISSED)]
)
async def test_contract_not_published_within_thirty_days_is_missed(
    world: World, contracted: bool, expected: MilestoneState
) -> None:
    await world.publish(6, NoticeKind.RESULT, Dates(award_letter=NOW))
    if contracted:
        await world.publish(7, NoticeKind.CONTRACT, Dates(signed=NOW))
    await world.until(NOW + timedelta(days=40))

    assert await world.states() == {MilestoneName.CONTRACT_DUE: expected}


def test_contract_period_ending_on_a_day_off_rolls_on() -> None:
    # Thirty days after Friday 4 September 2026 is Sunday 4 October, within the National Day holiday (1–7 October).
    letter = datetime(2026, 9, 4, 15, tzinfo=clock.LOCAL)
    (planned,) = milestones_of(
        Category.WORKS,
        NoticeKind.RESULT,
        Content(dates=Dates(award_letter=letter)),
        published_at=letter,
        calendar=CALENDAR,
    )

    assert (planned.name, planned.due) == (
        MilestoneName.CONTRACT_DUE,
        datetime.combine(date(2026, 10, 9), datetime.min.time(), tzinfo=clock.LOCAL),
    )


@pytest.mark.parametrize("kind", [NoticeKind.TERMINATION, NoticeKind.FAILED])
async def test_ended_process_waits_for_nothing(world: World, kind: NoticeKind) -> None:
    await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    await world.publish(2, kind, Dates())
    pending = await world.session.scalar(
        sa.select(sa.func.count()).select_from(OutboxEvent).where(col(OutboxEvent.topic) == commands.REACHED)
    )

    assert set((await world.states()).values()) == {MilestoneState.CANCELLED}
    assert pending == 0


async def test_history_plans_nothing(world: World) -> None:
    await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=NOW - timedelta(days=300)))

    assert await world.states() == {}


@pytest.mark.parametrize(
    ("kind", "dates", "waits_for"),
    [
        (NoticeKind.OPENING, Dates(bid_deadline=DEADLINE), DEADLINE),
        (NoticeKind.CANDIDATES, Dates(bid_deadline=DEADLINE), DEADLINE),
        (NoticeKind.RESULT, Dates(bid_deadline=DEADLINE), DEADLINE),
    ],
)
async def test_nothing_is_told_of_the_bids_before_they_close(
    world: World, kind: NoticeKind, dates: Dates, waits_for: datetime
) -> None:
    await world.publish(1, NoticeKind.TENDER, dates)
    item = msgspec.structs.replace(publication(2, kind, Content()), nature=Nature.NORMAL)
    with pytest.raises(TooEarly) as refused:
        await publish_notice(
            world.session, item, process=world.process, now=waits_for - timedelta(minutes=1), by="system"
        )

    assert refused.value.params["day"] == "2026-03-31 09:30"


async def test_the_record_says_what_became_of_the_dates(world: World) -> None:
    await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    await world.until(DEADLINE)
    process = await find_process(world.session, ocid_of(world.process))
    milestones = await commands.list_milestones(world.session, world.process)

    package = ocds.record_package(process, uri="https://example.org", publisher="x", milestones=milestones)

    (record,) = package["records"]
    told = {
        each["id"]: (each["status"], each["dueDate"], each.get("dateMet"))
        for each in record["compiledRelease"]["tender"]["milestones"]
    }
    closed = ocds.instant(DEADLINE.astimezone(UTC))
    assert told["bids_close"] == ("met", closed, closed)
    assert [each["tag"] for each in record["releases"]] == [["tender"], ["tenderUpdate"]]
    assert record["compiledRelease"]["date"] == closed


async def test_the_record_holds_dates_that_are_yet_to_come(world: World) -> None:
    await world.publish(1, NoticeKind.TENDER, Dates(bid_deadline=DEADLINE))
    process = await find_process(world.session, ocid_of(world.process))
    milestones = await commands.list_milestones(world.session, world.process)

    package = ocds.record_package(process, uri="https://example.org", publisher="x", milestones=milestones)

    (record,) = package["records"]
    stated = {each["id"]: each["status"] for each in record["compiledRelease"]["tender"]["milestones"]}
    assert stated["bids_close"] == "scheduled"
    assert record["compiledRelease"]["date"] == ocds.instant(process.notices[-1].published_at)
