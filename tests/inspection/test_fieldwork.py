from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from inspection import refusals
from inspection.commands import bookings, decisions, fieldwork, opinions, visits
from inspection.commands.fieldwork import FindingForm
from inspection.models import Case, CheckIn, FieldRecord, Finding, Party, ViolationRecord
from inspection.queries.photos import named_photos
from inspection.states import CaseState, CheckResult, PartyState, RecheckMode, Verdict
from tests.inspection.test_visits import named, rectified, scheduled
from tests.inspection.world import SPOT, World, arrive_and_open, speak, team_of

KEY = "0" * 32


async def on_site(session: AsyncSession, world: World) -> tuple[Case, Party, list[int], datetime]:
    """An open visit, the fire brigade's part in it, the accounts of its two officers."""
    case = await scheduled(session, world)
    now = await arrive_and_open(session, world, case)
    fire = await named(session, case, "fire")
    return case, fire, [world.account(officer) for officer in await team_of(session, case, fire)], now


async def test_record_is_new_once(session: AsyncSession, world: World) -> None:
    _, fire, (first, _), now = await on_site(session, world)
    told: Any = {"key": KEY, "kind": "sign", "by": first, "said_at": now, "now": now}
    assert [await fieldwork.once(session, fire, **told) for _ in range(3)] == [True, False, False]
    assert len(list(await session.scalars(sa.select(FieldRecord)))) == 1


async def test_arrival_told_later_counts_from_when_it_was(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    fire = await named(session, case, "fire")
    first, *_ = await team_of(session, case, fire)
    late = visit.starts_at + timedelta(hours=1)
    arrival = await visits.check_in(
        session, case, fire, by=world.account(first), now=late, at=visit.starts_at, place=SPOT
    )
    assert (arrival.at, arrival.received_at) == (visit.starts_at, late)
    assert list(await session.scalars(sa.select(ViolationRecord))) == []


async def test_phone_that_was_offline_throughout_is_heard_until_the_decision(
    session: AsyncSession, world: World
) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    now, lead = visit.starts_at, world.dispatcher
    fire = await named(session, case, "fire")
    team = [world.account(officer) for officer in await team_of(session, case, fire)]
    for department in ("quality", "planning"):
        party = await named(session, case, department)
        for officer in await team_of(session, case, party):
            await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=lead, now=now)
    await visits.mark_absent(session, case, fire, reason="未见签到", by=lead, now=now)
    for department in ("quality", "planning", "archives"):
        party = await named(session, case, department)
        await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    closed = now + timedelta(hours=1)
    await visits.close_visit(session, case, by=lead, now=closed)
    later = now + timedelta(hours=3)
    with pytest.raises(refusals.WrongState):
        await visits.check_in(session, case, fire, by=team[0], now=later, at=later, place=SPOT)
    await visits.check_in(session, case, fire, by=team[0], now=later, at=now, place=SPOT)
    assert fire.state is PartyState.CHECKED_IN
    agree: Any = {"verdict": Verdict.AGREE, "text": "", "now": later, "at": now}
    opinion = await opinions.give_opinion(session, case, fire, by=team[0], **agree)
    await opinions.countersign_opinion(session, case, fire, by=team[1], now=later)
    assert opinion.first_signed_at == now
    await decisions.deliberate(session, case, by=lead, now=later)
    assert case.state is CaseState.OPINION_READY
    assert await session.scalar(sa.select(sa.func.count()).where(col(CheckIn.party_id) == fire.id)) == 1


async def test_colleagues_answer_is_not_overwritten_unread(session: AsyncSession, world: World) -> None:
    case, fire, (first, second), now = await on_site(session, world)
    say: Any = {"item": 1, "now": now}
    mine = await fieldwork.answer_item(
        session, case, fire, result=CheckResult.MET, text="", by=first, seen=0, **say
    )
    with pytest.raises(refusals.ReasonRequired):
        await fieldwork.answer_item(
            session, case, fire, result=CheckResult.NOT_MET, text="", by=second, seen=0, **say
        )
    differ: Any = {"result": CheckResult.NOT_MET, "text": "无水", "by": second}
    with pytest.raises(refusals.ChangedMeanwhile) as changed:
        await fieldwork.answer_item(session, case, fire, seen=0, **differ, **say)
    assert (changed.value.version, changed.value.theirs) == (1, {"result": "met", "note": ""})
    await fieldwork.answer_item(session, case, fire, seen=1, **differ, **say)
    assert (mine.result, mine.version) == (CheckResult.NOT_MET, 2)
    again = await fieldwork.answer_item(
        session, case, fire, result=CheckResult.MET, text="", by=second, seen=0, **say
    )
    assert again.version == 3  # one's own word needs no reading first
    with pytest.raises(NotFound):
        await fieldwork.answer_item(
            session, case, fire, result=CheckResult.MET, text="", by=first, now=now, item=99
        )


async def test_findings_are_recorded_reworded_and_removed_until_the_opinion_stands(
    session: AsyncSession, world: World
) -> None:
    case, fire, (first, second), now = await on_site(session, world)
    record: Any = {"by": first, "now": now}
    one = await fieldwork.record_finding(
        session, case, fire, FindingForm(text="门反向", photos=["a"]), key=KEY, **record
    )
    await fieldwork.record_finding(
        session, case, fire, FindingForm(text="疏散门反向", photos=["b"]), key=KEY, **record
    )
    assert (one.text, one.photos, one.version) == ("疏散门反向", ["a", "b"], 2)
    assert {"a", "b"} <= await named_photos(session)
    with pytest.raises(refusals.SiteRecheckRequired):
        await fieldwork.record_finding(
            session, case, fire, FindingForm(text="无水", safety_critical=True), key="1" * 32, **record
        )
    with pytest.raises(refusals.ChangedMeanwhile):
        await fieldwork.remove_finding(session, case, fire, key=KEY, by=second, now=now, seen=1)
    say: Any = {"text": "", "by": first, "now": now, "findings": None}
    with pytest.raises(refusals.FindingsRecorded):
        await opinions.give_opinion(session, case, fire, verdict=Verdict.AGREE, **say)
    await fieldwork.remove_finding(session, case, fire, key=KEY, by=second, now=now, seen=2)
    await fieldwork.remove_finding(session, case, fire, key=KEY, by=second, now=now, seen=2)
    assert list(await session.scalars(sa.select(Finding))) == []
    with pytest.raises(refusals.FindingsRequired):
        await opinions.give_opinion(session, case, fire, verdict=Verdict.RECTIFY, **say)
    await fieldwork.record_finding(session, case, fire, FindingForm(text="门反向"), key="2" * 32, **record)
    await opinions.give_opinion(session, case, fire, verdict=Verdict.RECTIFY, **say)
    await opinions.countersign_opinion(session, case, fire, by=second, now=now)
    with pytest.raises(refusals.WrongState):
        await fieldwork.record_finding(session, case, fire, FindingForm(text="晚"), key="3" * 32, **record)


async def test_nobody_signs_an_opinion_that_he_has_not_read(session: AsyncSession, world: World) -> None:
    case, fire, (first, second), now = await on_site(session, world)
    say: Any = {"verdict": Verdict.AGREE, "by": first, "now": now}
    await opinions.give_opinion(session, case, fire, text="合格", **say)
    await opinions.give_opinion(session, case, fire, text="合格，补图", **say)
    with pytest.raises(refusals.ChangedMeanwhile) as changed:
        await opinions.countersign_opinion(session, case, fire, by=second, now=now, seen=1)
    assert changed.value.theirs == {"verdict": "agree", "text": "合格，补图"}
    await opinions.countersign_opinion(session, case, fire, by=second, now=now, seen=2)
    assert fire.verdict is Verdict.AGREE


async def test_only_the_partys_booked_officers_record(session: AsyncSession, world: World) -> None:
    case, fire, booked, now = await on_site(session, world)
    idle = next(each for each in world.officers["fire"] if each.account_id not in booked)
    for stranger in (idle, world.officers["water"][0]):
        with pytest.raises(refusals.NotAssigned):
            await fieldwork.record_finding(
                session, case, fire, FindingForm(text="问题"), key=KEY, by=stranger.account_id or 0, now=now
            )


async def test_remote_recheck_needs_a_look_with_pictures_and_no_visit(
    session: AsyncSession, world: World
) -> None:
    case, now = await rectified(session, world, fire=[FindingForm(text="标识缺", recheck=RecheckMode.REMOTE)])
    assert case.state is CaseState.DESK_RECHECK
    fire = await named(session, case, "fire")
    officer = world.officers["fire"][0].account_id or 0
    (finding,) = await decisions.open_findings(session, case)
    agree: Any = {"verdict": Verdict.AGREE, "text": "已补", "by": officer, "now": now}
    with pytest.raises(refusals.RemoteLookMissing):
        await opinions.give_opinion(session, case, fire, **agree)
    look: Any = {"finding_id": finding.id, "by": officer, "now": now}
    with pytest.raises(refusals.ReasonRequired):
        await fieldwork.look_from_afar(session, case, fire, text="视频所见", photos=[], **look)
    await fieldwork.look_from_afar(session, case, fire, text="视频所见标识已补齐", photos=["c"], **look)
    assert "c" in await named_photos(session)
    await speak(session, world, case, fire, verdict=Verdict.AGREE, now=now)
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    assert str(case.state) == "opinion_ready"
