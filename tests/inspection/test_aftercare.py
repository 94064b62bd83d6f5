from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import FourEyesRequired, NotAllowed
from inspection import refusals
from inspection.commands import aftercare, application, bookings, consent, decisions, fees, letters, visits
from inspection.commands.parties import fan_out, invited_parties, record_party_review
from inspection.commands.transitions import parties_of
from inspection.exchange import as_json, as_xml, exchange_record
from inspection.models import Case, DeemedConsent, Letter, Party, RuleValue
from inspection.reckoning import forget_reckoning
from inspection.states import PartyState, RefusalGround, Verdict
from tests.inspection.world import (
    SPOT,
    World,
    accepted,
    at,
    draft,
    issued,
    proposals,
    reply_all,
    speak,
    team_of,
    visited,
)


async def test_unpaid_fee_holds_the_opinion_up(session: AsyncSession, world: World) -> None:
    case, now = await visited(session, world, at(3))
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    made = [
        await fees.demand_fee(
            session, case, item=item, basis="收费目录", amount=Decimal(100), by=world.window, now=now
        )
        for item in ("易地建设费", "检验费")
    ]
    with pytest.raises(refusals.FeesOutstanding):
        await decisions.issue_opinion(session, case, by=world.issuer, now=now)
    await fees.record_payment(session, case, made[0].id, by=world.window, now=now)
    with pytest.raises(refusals.ReasonRequired):
        await fees.override_fee(session, case, made[1].id, reason=" ", by=world.supervisor, now=now)
    await fees.override_fee(session, case, made[1].id, reason="减免文件", by=world.supervisor, now=now)
    await decisions.issue_opinion(session, case, by=world.issuer, now=now)
    assert made[1].overridden_by == world.supervisor


async def absent(session: AsyncSession, world: World, department: str) -> tuple[Case, Party]:
    """A case under deliberation whose one party has not come and not spoken."""
    case = await accepted(session, world, at(3), green_ratio=True)
    for party in await fan_out(session, case, by=world.dispatcher, now=at(3)):
        by = world.liaisons[party.department_code]
        await record_party_review(session, case, party, result=PartyState.REVIEW_OK, by=by, now=at(3))
    first, *_ = await proposals(session, world, case, at(3))
    visit = await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3))
    await reply_all(session, world, case, at(3))
    now = visit.starts_at
    missing = next(p for p in await parties_of(session, case) if p.department_code == department)
    for party in await invited_parties(session, case):
        if party is not missing:
            for officer in await team_of(session, case, party):
                await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=world.dispatcher, now=now)
    await visits.mark_absent(session, case, missing, reason="未到", by=world.dispatcher, now=now)
    for party in await parties_of(session, case):
        if party is not missing:
            await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, by=world.dispatcher, now=now)
    return case, missing


async def switch_on(session: AsyncSession) -> None:
    session.add(
        RuleValue(
            name="deemed_consent", value=1, unit="switch", source="试点文件", valid_from=date(2026, 1, 1)
        )
    )
    await session.flush()
    forget_reckoning(session)


async def read_letters(session: AsyncSession, world: World, party: Party) -> None:
    by = world.liaisons[party.department_code]
    await letters.read_by_department(session, party, by=by, now=at(3, 16))


async def propose(
    session: AsyncSession, world: World, case: Case, party: Party, day: int = 27
) -> DeemedConsent:
    return await consent.propose_deemed_consent(
        session, case, party, legal_basis="试点办法第九条", by=world.dispatcher, now=at(day)
    )


async def test_deemed_consent_is_off_unless_switched_on(session: AsyncSession, world: World) -> None:
    case, gardens = await absent(session, world, "gardens")
    await read_letters(session, world, gardens)
    with pytest.raises(refusals.DeemedConsentForbidden):
        await propose(session, world, case, gardens)
    await switch_on(session)
    with pytest.raises(refusals.DeemedConsentForbidden):
        await propose(session, world, case, gardens, day=4)
    asked = await propose(session, world, case, gardens)
    assert gardens.verdict is None
    with pytest.raises(FourEyesRequired):
        await consent.review_deemed_consent(
            session, case, asked.id, approve=True, by=world.dispatcher, now=at(27)
        )
    await consent.review_deemed_consent(
        session, case, asked.id, approve=True, by=world.supervisor, now=at(27)
    )
    assert gardens.verdict is Verdict.DEEMED
    await decisions.deliberate(session, case, by=world.dispatcher, now=at(27))
    assert str(case.state) == "opinion_ready"


async def test_nobody_consents_to_a_letter_that_was_not_read(session: AsyncSession, world: World) -> None:
    case, gardens = await absent(session, world, "gardens")
    await switch_on(session)
    await session.execute(sa.update(Letter).values(read_at=None, read_by=None))
    with pytest.raises(refusals.DeemedConsentForbidden):
        await propose(session, world, case, gardens)


async def test_declined_proposal_changes_nothing_and_may_come_again(
    session: AsyncSession, world: World
) -> None:
    case, gardens = await absent(session, world, "gardens")
    await read_letters(session, world, gardens)
    await switch_on(session)
    asked = await propose(session, world, case, gardens)
    by = world.supervisor
    await consent.review_deemed_consent(session, case, asked.id, approve=False, by=by, now=at(27))
    assert gardens.verdict is None
    with pytest.raises(refusals.WrongState):
        await consent.review_deemed_consent(session, case, asked.id, approve=True, by=by, now=at(27))
    assert (await propose(session, world, case, gardens)).id != asked.id


@pytest.mark.parametrize("department", ["fire", "planning"])
async def test_deemed_consent_never_holds_for_the_four(
    session: AsyncSession, world: World, department: str
) -> None:
    case, party = await absent(session, world, department)
    await read_letters(session, world, party)
    await switch_on(session)
    with pytest.raises(refusals.DeemedConsentForbidden):
        await propose(session, world, case, party)


async def test_bad_rating_is_followed_up_and_given_once(session: AsyncSession, world: World) -> None:
    case, _ = await issued(session, world, at(3))
    with pytest.raises(NotAllowed):
        await aftercare.rate_case(session, case, level=5, by=world.window, now=at(12))
    rating = await aftercare.rate_case(session, case, level=2, text="慢", by=world.owner, now=at(12))
    assert rating.follow_up_due == date(2026, 4, 2)
    with pytest.raises(refusals.WrongState):
        await aftercare.rate_case(session, case, level=5, by=world.owner, now=at(12))
    await aftercare.follow_up(session, case, text="已回访", by=world.supervisor, now=at(13))
    assert rating.followed_up_at == at(13)


async def test_complaint_is_answered_within_its_clock(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    complaint = await aftercare.complain(session, case, text="拖延", by=world.owner, now=at(4))
    assert complaint.due == date(2026, 3, 25)
    await aftercare.answer_complaint(
        session, case, complaint.id, text="已督办", by=world.supervisor, now=at(5)
    )
    with pytest.raises(refusals.WrongState):
        await aftercare.answer_complaint(
            session, case, complaint.id, text="再", by=world.supervisor, now=at(5)
        )


async def test_promise_is_kept_or_broken_on_its_day(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))  # gaps are due on the 23rd
    assert await aftercare.break_overdue_promises(session, now=at(23)) == []
    first, *rest = await aftercare.break_overdue_promises(session, now=at(24))
    assert first.broken_at == at(24)
    assert await aftercare.break_overdue_promises(session, now=at(25)) == []
    await aftercare.keep_promise(session, case, rest[0].id, by=world.window, now=at(25))
    assert rest[0].kept_at == at(25)


@pytest.mark.parametrize(("ground", "code"), [(RefusalGround.NOT_NEEDED, 4), (RefusalGround.OUT_OF_SCOPE, 5)])
async def test_exchange_tells_not_needed_from_not_ours(
    session: AsyncSession, world: World, ground: RefusalGround, code: int
) -> None:
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    await application.refuse_case(session, case, ground=ground, reason="说明", by=world.window, now=at(3))
    record = await exchange_record(session, case.code)
    assert [state.code for state in record.states] == [1, code]


async def test_exchange_export_carries_the_codes(session: AsyncSession, world: World) -> None:
    case, _ = await issued(session, world, at(3))
    record = await exchange_record(session, case.code)
    assert [state.code for state in record.states] == [1, 3, 8, 12]
    assert [opinion.opinion for opinion in record.opinions] == [1, 1, 1, 1]
    tree = ET.fromstring(as_xml(record))  # noqa: S314 - our own output
    assert [state.get("Code") for state in tree.findall("State")] == ["1", "3", "8", "12"]
    assert case.code.encode() in as_json(record)
