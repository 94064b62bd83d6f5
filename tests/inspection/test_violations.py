from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.commands import bookings, decisions, fieldwork, replies, violations, visits
from inspection.commands.fieldwork import FindingForm
from inspection.commands.parties import invited_parties
from inspection.commands.transitions import parties_of
from inspection.models import Case, Party, ViolationRecord
from inspection.refusals import ReasonRequired
from inspection.states import CheckResult, Verdict
from tests.inspection.world import (
    SPOT,
    World,
    arrive_and_open,
    at,
    confirmed,
    reply_all,
    speak,
    team_of,
    visited,
)


async def counted(session: AsyncSession, case: Case) -> list[tuple[str, str, str]]:
    rows = await session.scalars(
        sa.select(ViolationRecord)
        .where(col(ViolationRecord.case_id) == case.id)
        .order_by(col(ViolationRecord.id))
    )
    return [(row.department_code, row.kind.value, row.note) for row in rows]


async def party_named(session: AsyncSession, case: Case, department: str) -> Party:
    (party,) = [each for each in await invited_parties(session, case) if each.department_code == department]
    return party


@pytest.mark.parametrize(("ahead", "late"), [(timedelta(days=1), False), (timedelta(hours=1), True)])
async def test_declining_on_the_day_of_the_visit_is_telling_the_lead_late(
    session: AsyncSession, world: World, ahead: timedelta, *, late: bool
) -> None:
    case = await confirmed(session, world, at(3))
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    fire, now = await party_named(session, case, "fire"), visit.starts_at - ahead
    await replies.decline_attendance(
        session, case, fire, reason="另有任务", by=world.liaisons["fire"], now=now
    )
    assert await counted(session, case) == ([("fire", "lead_told_late", "")] if late else [])


async def test_checklist_begun_and_not_finished_is_scope_not_inspected(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3))
    now = await arrive_and_open(session, world, case)
    fire = await party_named(session, case, "fire")
    officer = world.account((await team_of(session, case, fire))[0])
    await fieldwork.answer_item(
        session, case, fire, item=1, result=CheckResult.MET, text="", by=officer, now=now
    )
    for party in await parties_of(session, case):
        await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    assert await counted(session, case) == [("fire", "scope_not_inspected", "checklist")]


async def test_party_drawn_in_by_rule_that_is_not_concerned_on_site_has_not_inspected(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3))
    now = await arrive_and_open(session, world, case)
    for party in await parties_of(session, case):
        verdict = Verdict.NOT_CONCERNED if party.department_code == "planning" else Verdict.AGREE
        await speak(session, world, case, party, verdict=verdict, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    assert await counted(session, case) == [("planning", "scope_not_inspected", "not_concerned")]


async def test_team_that_is_not_complete_on_site_is_counted(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3))
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    now = visit.starts_at
    for party in await invited_parties(session, case):
        team = await team_of(session, case, party)
        for officer in team[: 1 if party.department_code == "fire" else None]:
            await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=world.dispatcher, now=now)
    for party in await parties_of(session, case):
        await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    assert await counted(session, case) == [("fire", "other", "team_incomplete")]


@pytest.mark.parametrize(("text", "again"), [("通道堵塞", False), ("栏杆高度不足", True)])
async def test_what_a_recheck_adds_was_not_listed_once(
    session: AsyncSession, world: World, text: str, *, again: bool
) -> None:
    case, now = await visited(session, world, at(3), fire=[FindingForm(text="通道堵塞")])
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    for finding in await decisions.open_findings(session, case):
        await decisions.rectify_finding(
            session, case, finding.id, text="已整改", evidence=["a"], by=world.owner, now=now
        )
    await decisions.request_recheck(session, case, by=world.owner, now=now)
    await decisions.recheck(session, case, by=world.dispatcher, now=now)
    (fire,) = [each for each in await parties_of(session, case) if each.department_code == "fire"]
    findings = [FindingForm(text=text)]
    await speak(session, world, case, fire, verdict=Verdict.RECTIFY, now=now, findings=findings)
    assert await counted(session, case) == ([("fire", "not_listed_once", text)] if again else [])


async def test_supervision_records_other_things_with_a_reason(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    fire = await party_named(session, case, "fire")
    with pytest.raises(ReasonRequired):
        violations.record_other(session, case, fire, reason=" ", by=world.supervisor, now=at(3))
    violations.record_other(session, case, fire, reason="提前离场", by=world.supervisor, now=at(3))
    await session.flush()
    assert await counted(session, case) == [("fire", "other", "提前离场")]
