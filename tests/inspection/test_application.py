from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotAllowed, NotFound
from inspection import refusals
from inspection.commands import application, case_documents, interruptions, parties
from inspection.commands.application import GapPromise
from inspection.commands.timekeeping import running_clocks
from inspection.commands.transitions import parties_of
from inspection.models import Case, Clock, Letter, Promise
from inspection.states import CaseState, DocumentState, LetterKind, Node, PartyState, SpecialProcedure
from tests.inspection.world import World, accepted, at, bring_main_documents, draft, slotting


async def received(session: AsyncSession, world: World) -> Case:
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    return case


async def due_of(session: AsyncSession, case: Case, node: Node) -> date:
    (clock,) = await running_clocks(session, case, (node,))
    return clock.due


async def test_codes_count_up_within_a_year(session: AsyncSession, world: World) -> None:
    codes = [(await draft(session, world, at(3), number)).code for number in (1, 2)]
    assert codes == ["LH202600001", "LH202600002"]


async def test_main_document_cannot_be_promised(session: AsyncSession, world: World) -> None:
    case = await received(session, world)
    missing = await case_documents.missing_documents(session, case)
    gaps = [GapPromise(code, "补交", date(2026, 3, 30)) for code in missing]
    with pytest.raises(refusals.MainDocumentsMissing):
        await application.accept_case(session, case, gaps=gaps, by=world.window, now=at(3))


async def test_gap_needs_a_promise_with_a_date_to_come(session: AsyncSession, world: World) -> None:
    case = await received(session, world)
    await bring_main_documents(session, case, at(3))
    missing = await case_documents.missing_documents(session, case)
    for due, text in ((date(2026, 3, 3), "补交"), (date(2026, 3, 30), " ")):
        gaps = [GapPromise(code, text, due) for code in missing]
        with pytest.raises(refusals.GapWithoutPromise):
            await application.accept_case(session, case, gaps=gaps, by=world.window, now=at(3))
    gaps = [GapPromise(code, "补交", date(2026, 3, 30)) for code in missing]
    await application.accept_case(session, case, gaps=gaps, by=world.window, now=at(3))
    assert case.promised_days == 7
    kept = set(await session.scalars(sa.select(col(Promise.subject)).where(col(Promise.case_id) == case.id)))
    assert kept == missing


async def test_complete_dossier_needs_no_promise(session: AsyncSession, world: World) -> None:
    case = await received(session, world)
    for code in await case_documents.missing_documents(session, case):
        await case_documents.record_document(session, case, code=code, state=DocumentState.PRESENT)
    await application.accept_case(session, case, by=world.window, now=at(3))
    assert case.state is CaseState.ACCEPTED


async def test_deficiencies_are_told_once_and_stop_the_acceptance_clock(
    session: AsyncSession, world: World
) -> None:
    case = await received(session, world)
    assert await due_of(session, case, Node.ACCEPT) == date(2026, 3, 5)
    await application.send_deficiency_notice(
        session, case, items=["缺施工许可证"], by=world.window, now=at(4)
    )
    letter = (await session.scalars(sa.select(Letter).where(col(Letter.kind) == LetterKind.DEFICIENCY))).one()
    assert letter.content == {"items": ["缺施工许可证"], "due": "2026-03-18"}
    await application.resubmit(session, case, by=world.owner, now=at(9))
    # One working day of two was used before the notice; three working days were the owner's.
    assert await due_of(session, case, Node.ACCEPT) == date(2026, 3, 10)
    again = {"items": ["还缺一项"], "by": world.window, "now": at(9)}
    with pytest.raises(refusals.AlreadyNotified):
        await application.send_deficiency_notice(session, case, **again)  # type: ignore[arg-type]  # mixed values
    await application.send_deficiency_notice(session, case, **again, supervisor=world.supervisor)  # type: ignore[arg-type]  # as above
    assert case.deficiency_notices == 2


async def test_owner_who_is_late_cannot_resubmit(session: AsyncSession, world: World) -> None:
    case = await received(session, world)
    await application.send_deficiency_notice(session, case, items=["缺"], by=world.window, now=at(4))
    with pytest.raises(refusals.DeadlinePassed):
        await application.resubmit(session, case, by=world.owner, now=at(19))


async def test_promise_starts_the_day_after_acceptance_and_cites_its_rule(
    session: AsyncSession, world: World
) -> None:
    case = await accepted(session, world, at(3))
    (clock,) = await running_clocks(session, case, (Node.WHOLE,))
    assert (clock.started_on, clock.days, clock.due) == (date(2026, 3, 3), 7, date(2026, 3, 12))
    assert (clock.rule, clock.yellow_on) == ("clock.whole.ordinary", date(2026, 3, 11))
    assert "行政许可法第四十二条" in clock.article
    assert clock.calendar_version.startswith("v")
    assert not clock.provisional


async def test_lead_adds_and_removes_parties_with_a_reason(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    with pytest.raises(refusals.ReasonRequired):
        await parties.fan_out(session, case, by=world.dispatcher, now=at(3), removed={"archives": " "})
    with pytest.raises(refusals.PartyMissing):
        await parties.fan_out(
            session, case, by=world.dispatcher, now=at(3), removed={"completion_supervision": "无"}
        )
    with pytest.raises(NotFound):
        await parties.fan_out(session, case, by=world.dispatcher, now=at(3), added={"nothing": "有"})
    drawn = await parties.fan_out(
        session,
        case,
        by=world.dispatcher,
        now=at(3),
        added={"elevators": "现场有电梯"},
        removed={"archives": "已单独验收"},
    )
    assert {party.department_code for party in drawn} == {"quality", "fire", "planning", "elevators"}
    assert [party.reason for party in drawn if party.added_by] == ["现场有电梯"]
    with pytest.raises(refusals.WrongState):
        await parties.fan_out(session, case, by=world.dispatcher, now=at(3))
    with pytest.raises(refusals.AlreadyDrawnIn):
        await parties.add_party(
            session, case, matter_code="elevators", reason="又加", by=world.dispatcher, now=at(3)
        )


async def test_rejecting_review_stops_the_promise_until_the_department_agrees(
    session: AsyncSession, world: World
) -> None:
    case = await accepted(session, world, at(3))
    drawn = await parties.fan_out(session, case, by=world.dispatcher, now=at(3))
    fire = next(party for party in drawn if party.department_code == "fire")
    review = parties.record_party_review
    with pytest.raises(NotAllowed):
        await review(session, case, fire, result=PartyState.REVIEW_OK, by=world.liaisons["water"], now=at(4))
    with pytest.raises(refusals.ReasonRequired):
        await review(
            session, case, fire, result=PartyState.REVIEW_REJECT, by=world.liaisons["fire"], now=at(4)
        )
    await review(
        session,
        case,
        fire,
        result=PartyState.REVIEW_REJECT,
        note_text="缺检测报告",
        by=world.liaisons["fire"],
        now=at(4),
    )
    for party in await parties_of(session, case):
        if party is not fire:
            by = world.liaisons[party.department_code]
            await review(session, case, party, result=PartyState.REVIEW_OK, by=by, now=at(5))
    assert case.state is CaseState.REVIEWING
    await review(session, case, fire, result=PartyState.REVIEW_OK, by=world.liaisons["fire"], now=at(9))
    assert str(case.state) == "slotting"
    assert await due_of(session, case, Node.WHOLE) == date(2026, 3, 17)


async def test_special_procedure_is_not_counted_and_told_in_writing(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3))
    await interruptions.suspend(
        session,
        case,
        procedure=SpecialProcedure.EXPERT_REVIEW,
        reason="专家评审",
        by=world.dispatcher,
        now=at(4),
    )
    assert (case.state, case.suspended_from) == (CaseState.SUSPENDED, "slotting")
    await interruptions.resume(session, case, by=world.dispatcher, now=at(11))
    assert str(case.state) == "slotting"
    assert await due_of(session, case, Node.WHOLE) == date(2026, 3, 12) + timedelta(days=7)
    kinds = await session.scalars(sa.select(col(Letter.kind)).where(col(Letter.recipient).like("account:%")))
    assert list(kinds).count(LetterKind.SPECIAL_PROCEDURE) == 2


async def test_only_the_owner_withdraws_and_every_clock_stops(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    with pytest.raises(NotAllowed):
        await interruptions.withdraw(session, case, by=world.window, now=at(4))
    await interruptions.withdraw(session, case, by=world.owner, now=at(4))
    assert case.state is CaseState.WITHDRAWN
    running = await session.scalars(sa.select(Clock).where(col(Clock.stopped_at).is_(None)))
    assert list(running) == []
