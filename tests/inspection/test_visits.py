from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import FourEyesRequired, NotAllowed
from core.people import Account, Delegation, Right
from inspection import refusals
from inspection.commands import bookings, decisions, opinions, visits
from inspection.commands.fieldwork import FindingForm
from inspection.commands.opinions import CommitmentForm
from inspection.commands.parties import invited_parties
from inspection.commands.timekeeping import running_clocks
from inspection.commands.transitions import parties_of
from inspection.models import Case, Finding, Letter, Party, Promise, ViolationRecord
from inspection.states import (
    CaseState,
    FindingState,
    LetterKind,
    Node,
    PartyState,
    RecheckMode,
    Verdict,
    Violation,
)
from tests.inspection.world import (
    SPOT,
    World,
    arrive_and_open,
    at,
    confirmed,
    proposals,
    reply_all,
    speak,
    team_of,
    visited,
)

FAR = (SPOT[0] + Decimal("0.1"), SPOT[1])


async def scheduled(session: AsyncSession, world: World) -> Case:
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3, 11))
    return case


async def named(session: AsyncSession, case: Case, department: str) -> Party:
    (party,) = [each for each in await parties_of(session, case) if each.department_code == department]
    return party


async def test_check_in_away_from_site_or_hour_needs_a_reason(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    fire = await named(session, case, "fire")
    first, second = (world.account(officer) for officer in await team_of(session, case, fire))
    early = visit.starts_at - timedelta(hours=3)
    for place, now in ((FAR, visit.starts_at), (None, visit.starts_at), (SPOT, early)):
        with pytest.raises(refusals.CheckInOutside):
            await visits.check_in(session, case, fire, by=first, now=now, place=place)
    there = await visits.check_in(session, case, fire, by=first, now=visit.starts_at, place=SPOT)
    assert there.distance is not None
    assert there.distance < 200
    again = await visits.check_in(session, case, fire, by=first, now=visit.starts_at, place=FAR)
    assert again is there
    reason = "定位失灵"
    other = await visits.check_in(session, case, fire, by=second, now=visit.starts_at, override_reason=reason)
    assert (other.distance, other.override_reason) == (None, reason)


async def test_only_booked_officers_check_in(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    fire = await named(session, case, "fire")
    booked = await team_of(session, case, fire)
    (idle, *_) = [officer for officer in world.officers["fire"] if officer.id not in booked]
    for account in (idle.account_id, world.dispatcher):
        with pytest.raises(refusals.NotAssigned):
            await visits.check_in(session, case, fire, by=account or 0, now=at(9), place=SPOT)


async def test_visit_opens_with_the_lead_and_one_party(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    for department in ("quality", "fire"):
        with pytest.raises(refusals.TooFewCheckedIn):
            await visits.open_visit(session, case, by=world.dispatcher, now=visit.starts_at)
        party = await named(session, case, department)
        officer = (await team_of(session, case, party))[0]
        await visits.check_in(
            session, case, party, by=world.account(officer), now=visit.starts_at, place=SPOT
        )
    await visits.open_visit(session, case, by=world.dispatcher, now=visit.starts_at)
    assert (case.state, case.first_visit_at) == (CaseState.ONSITE, visit.starts_at)


async def test_late_and_absent_are_counted(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    for department, minutes in (("quality", 0), ("fire", 11)):
        party = await named(session, case, department)
        officer = (await team_of(session, case, party))[0]
        now = visit.starts_at + timedelta(minutes=minutes)
        await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=world.dispatcher, now=visit.starts_at)
    planning = await named(session, case, "planning")
    await visits.mark_absent(session, case, planning, reason="未到场", by=world.dispatcher, now=visit.ends_at)
    kept = await session.execute(
        sa.select(col(ViolationRecord.department_code), col(ViolationRecord.kind)).order_by(
            col(ViolationRecord.id)
        )
    )
    assert [tuple(row) for row in kept] == [
        ("fire", Violation.LATE_OR_ABSENT),
        ("planning", Violation.LATE_OR_ABSENT),
    ]


async def test_who_leaves_early_is_counted_and_owes_its_opinion(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    now = await arrive_and_open(session, world, case)
    fire, lead = await named(session, case, "fire"), world.dispatcher
    first, second = (world.account(officer) for officer in await team_of(session, case, fire))
    for party in await invited_parties(session, case):
        if party is not fire:
            await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    with pytest.raises(refusals.ReasonRequired):
        await visits.leave_early(session, case, fire, reason=" ", by=lead, now=now)
    with pytest.raises(refusals.OpinionsOutstanding):
        await visits.close_visit(session, case, by=lead, now=now)
    await visits.leave_early(session, case, fire, reason="提前离场", by=lead, now=now)
    with pytest.raises(refusals.WrongState):
        await visits.leave_early(session, case, fire, reason="再次", by=lead, now=now)
    await visits.close_visit(session, case, by=lead, now=now)
    counted = await session.scalars(
        sa.select(ViolationRecord).where(col(ViolationRecord.department_code) == "fire")
    )
    assert [(each.kind, each.note) for each in counted] == [(Violation.LATE_OR_ABSENT, "left_early")]
    owed = [clock.responsible for clock in await running_clocks(session, case, (Node.OPINION,))]
    assert owed == ["department:fire"]
    with pytest.raises(refusals.OpinionsOutstanding):
        await decisions.deliberate(session, case, by=lead, now=now)
    await opinions.give_opinion(session, case, fire, verdict=Verdict.AGREE, text="", by=first, now=now)
    await opinions.countersign_opinion(session, case, fire, by=second, now=now)
    assert await running_clocks(session, case, (Node.OPINION,)) == []


async def test_opinion_stands_with_two_different_signatures(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    now = await arrive_and_open(session, world, case)
    fire = await named(session, case, "fire")
    booked = await team_of(session, case, fire)
    first, second = (world.account(officer) for officer in booked)
    (idle, *_) = [officer for officer in world.officers["fire"] if officer.id not in booked]
    agree: Any = {"verdict": Verdict.AGREE, "text": "合格", "now": now}
    for stranger, refusal in (
        (idle, refusals.NotAssigned),
        (world.officers["water"][0], refusals.DelegationMissing),
    ):
        with pytest.raises(refusal):
            await opinions.give_opinion(session, case, fire, by=stranger.account_id or 0, **agree)
    await opinions.give_opinion(session, case, fire, by=first, **agree)
    with pytest.raises(refusals.TwoSignaturesRequired):
        await opinions.countersign_opinion(session, case, fire, by=first, now=now)
    with pytest.raises(refusals.OpinionsOutstanding):
        await visits.close_visit(session, case, by=world.dispatcher, now=now)
    await opinions.countersign_opinion(session, case, fire, by=second, now=now)
    assert (fire.state, fire.verdict) == (PartyState.AGREE, Verdict.AGREE)
    with pytest.raises(refusals.WrongState):
        await opinions.give_opinion(session, case, fire, by=first, **agree)


@pytest.mark.parametrize(("until", "refused"), [(date(2026, 12, 31), False), (date(2026, 3, 2), True)])
async def test_officer_lent_by_another_body_signs_only_under_a_delegation(
    session: AsyncSession, world: World, until: date, *, refused: bool
) -> None:
    case = await scheduled(session, world)
    now = await arrive_and_open(session, world, case)
    fire = await named(session, case, "fire")
    first, second = (world.account(officer) for officer in await team_of(session, case, fire))
    lent = await session.get_one(Account, second)
    lent.department_code = "planning"
    session.add(
        Delegation(
            department_code="fire",
            account_id=second,
            right=Right.INSTANT_APPROVAL,
            matters=[],
            valid_from=date(2026, 1, 1),
            valid_to=until,
        )
    )
    await opinions.give_opinion(session, case, fire, verdict=Verdict.AGREE, text="", by=first, now=now)
    if refused:
        with pytest.raises(refusals.DelegationMissing):
            await opinions.countersign_opinion(session, case, fire, by=second, now=now)
        assert fire.state is PartyState.CHECKED_IN
    else:
        await opinions.countersign_opinion(session, case, fire, by=second, now=now)
        assert fire.state is PartyState.AGREE


async def test_opinion_that_is_not_passed_lists_everything(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    now = await arrive_and_open(session, world, case)
    fire = await named(session, case, "fire")
    first, second = (world.account(officer) for officer in await team_of(session, case, fire))
    give: Any = {"text": "", "by": first, "now": now}
    with pytest.raises(refusals.FindingsRequired):
        await opinions.give_opinion(session, case, fire, verdict=Verdict.RECTIFY, **give)
    risky = FindingForm(text="喷淋无水", safety_critical=True, recheck=RecheckMode.DESK)
    with pytest.raises(refusals.SiteRecheckRequired):
        await opinions.give_opinion(session, case, fire, verdict=Verdict.RECTIFY, findings=[risky], **give)
    with pytest.raises(refusals.CommitmentRequired):
        await opinions.give_opinion(session, case, fire, verdict=Verdict.AGREE_WITH_COMMITMENT, **give)
    await opinions.give_opinion(
        session,
        case,
        fire,
        verdict=Verdict.RECTIFY,
        findings=[FindingForm(text="一"), FindingForm(text="二")],
        **give,
    )
    promise = CommitmentForm("一周内补装", date(2026, 4, 1))
    await opinions.give_opinion(
        session, case, fire, verdict=Verdict.AGREE_WITH_COMMITMENT, commitment=promise, **give
    )
    await opinions.countersign_opinion(session, case, fire, by=second, now=now)
    assert fire.verdict is Verdict.AGREE_WITH_COMMITMENT
    assert list(await session.scalars(sa.select(Finding))) == []
    kept = await session.scalars(sa.select(col(Promise.text)).where(col(Promise.party_id) == fire.id))
    assert list(kept) == ["一周内补装"]


async def test_absent_party_owes_its_opinion_before_the_decision(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    now = visit.starts_at
    for party in await invited_parties(session, case):
        if party.department_code != "planning":
            for officer in await team_of(session, case, party):
                await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=world.dispatcher, now=now)
    planning = await named(session, case, "planning")
    await visits.mark_absent(session, case, planning, reason="未到", by=world.dispatcher, now=now)
    for party in await parties_of(session, case):
        if party is not planning:
            await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    with pytest.raises(refusals.OpinionsOutstanding):
        await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    await speak(session, world, case, planning, verdict=Verdict.AGREE, now=now)
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    assert case.state is CaseState.OPINION_READY


async def test_rectification_needs_evidence_for_each_finding(session: AsyncSession, world: World) -> None:
    case, now = await visited(session, world, at(3), fire=[FindingForm(text="一"), FindingForm(text="二")])
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    letter = (
        await session.scalars(sa.select(Letter).where(col(Letter.kind) == LetterKind.RECTIFICATION))
    ).one()
    assert [finding["text"] for finding in letter.content["findings"]] == ["一", "二"]
    first, second = await decisions.open_findings(session, case)
    done: Any = {"text": "已改", "now": now}
    with pytest.raises(NotAllowed):
        await decisions.rectify_finding(session, case, first.id, evidence=["p"], by=world.window, **done)
    with pytest.raises(refusals.FindingsOutstanding):
        await decisions.rectify_finding(session, case, first.id, evidence=[], by=world.owner, **done)
    await decisions.rectify_finding(session, case, first.id, evidence=["p"], by=world.owner, **done)
    with pytest.raises(refusals.FindingsOutstanding):
        await decisions.request_recheck(session, case, by=world.owner, now=now)
    await decisions.rectify_finding(session, case, second.id, evidence=["p"], by=world.owner, **done)
    await decisions.request_recheck(session, case, by=world.owner, now=now)
    assert str(case.state) == "recheck_requested"


async def rectified(session: AsyncSession, world: World, **failing: list[FindingForm]) -> tuple[Case, Any]:
    case, now = await visited(session, world, at(3), 1, **failing)
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    for finding in await decisions.open_findings(session, case):
        await decisions.rectify_finding(
            session, case, finding.id, text="已改", evidence=["p"], by=world.owner, now=now
        )
    await decisions.request_recheck(session, case, by=world.owner, now=now)
    await decisions.recheck(session, case, by=world.dispatcher, now=now)
    return case, now


async def test_safety_finding_brings_only_its_party_back_on_site(session: AsyncSession, world: World) -> None:
    case, now = await rectified(
        session,
        world,
        fire=[FindingForm(text="喷淋无水", safety_critical=True, recheck=RecheckMode.SITE)],
        planning=[FindingForm(text="图纸更正", recheck=RecheckMode.DESK)],
    )
    assert (case.state, case.round) == (CaseState.SLOTTING, 2)
    assert [party.department_code for party in await invited_parties(session, case)] == ["fire"]
    first, *_ = await proposals(session, world, case, now)
    await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=now)
    await reply_all(session, world, case, now)
    now = await arrive_and_open(session, world, case)
    await speak(session, world, case, await named(session, case, "fire"), verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    with pytest.raises(refusals.OpinionsOutstanding):
        await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    planning = await named(session, case, "planning")
    await speak(session, world, case, planning, verdict=Verdict.AGREE, now=now)
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    assert str(case.state) == "opinion_ready"


async def test_failed_recheck_replaces_the_list(session: AsyncSession, world: World) -> None:
    case, now = await rectified(session, world, fire=[FindingForm(text="旧")])
    fire = await named(session, case, "fire")
    again = [FindingForm(text="仍未改好")]
    await speak(session, world, case, fire, verdict=Verdict.RECTIFY, now=now, findings=again)
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    assert case.state is CaseState.RECTIFYING
    states = await session.execute(sa.select(col(Finding.text), col(Finding.state)).order_by(col(Finding.id)))
    assert [tuple(row) for row in states] == [
        ("旧", FindingState.SUPERSEDED),
        ("仍未改好", FindingState.OPEN),
    ]


async def test_dispatcher_does_not_issue(session: AsyncSession, world: World) -> None:
    case, now = await visited(session, world, at(3))
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    with pytest.raises(FourEyesRequired):
        await decisions.issue_opinion(session, case, by=world.dispatcher, now=now)
    opinion = await decisions.issue_opinion(session, case, by=world.issuer, now=now)
    assert [len(line["signers"]) for line in opinion.content["parties"]] == [2, 2, 2, 2]
    assert {party.state for party in await parties_of(session, case)} == {PartyState.FINAL}
    await decisions.file_case(session, case, by=world.issuer, now=now)
    await decisions.archive_case(session, case, by=world.issuer, now=now)
    assert str(case.state) == "archived"
