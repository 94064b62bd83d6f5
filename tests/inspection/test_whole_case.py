import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import FourEyesRequired
from inspection import opinion, papers
from inspection.commands import application, decisions
from inspection.commands.fieldwork import FindingForm
from inspection.commands.transitions import parties_of
from inspection.exchange import exchange_record
from inspection.letter_texts import sheet
from inspection.models import CaseEvent, Clock, JointOpinion, Letter, Segment
from inspection.papers import Genuineness
from inspection.refusals import DelegationMissing, ReasonRequired
from inspection.states import CaseState, LetterKind, RecheckMode, Verdict
from tests.inspection.world import World, at, issued, speak, visited


async def test_case_walks_from_draft_to_issued(session: AsyncSession, world: World) -> None:
    case, _ = await issued(session, world, at(3))
    assert case.state is CaseState.ISSUED
    names = list(
        await session.scalars(
            sa.select(col(CaseEvent.name))
            .where(col(CaseEvent.case_id) == case.id, ~col(CaseEvent.name).contains("."))
            .order_by(col(CaseEvent.id))
        )
    )
    assert names == [
        *(
            "create",
            "submit",
            "receive",
            "accept",
            "fan_out",
            "reviews_done",
            "propose_slots",
            "confirm_slot",
        ),
        *("quorum", "open_visit", "close_visit", "conclude", "issue"),
    ]
    running = sa.select(sa.func.count()).select_from(Clock).where(col(Clock.stopped_at).is_(None))
    assert await session.scalar(running) == 0


async def test_failing_parties_alone_are_rechecked_at_their_desks(
    session: AsyncSession, world: World
) -> None:
    findings = [FindingForm(text="疏散门开向错误", recheck=RecheckMode.DESK)]
    case, moment = await visited(session, world, at(3), fire=findings)
    await decisions.deliberate(session, case, by=world.dispatcher, now=moment)
    assert str(case.state) == "rectifying"
    (finding,) = await decisions.open_findings(session, case)
    await decisions.rectify_finding(
        session, case, finding.id, text="已改", evidence=["photo-1"], by=world.owner, now=moment
    )
    await decisions.request_recheck(session, case, by=world.owner, now=moment)
    await decisions.recheck(session, case, by=world.dispatcher, now=moment)
    assert str(case.state) == "desk_recheck"
    (fire,) = [party for party in await parties_of(session, case) if party.department_code == "fire"]
    await speak(session, world, case, fire, verdict=Verdict.AGREE, now=moment)
    await decisions.deliberate(session, case, by=world.dispatcher, now=moment)
    assert str(case.state) == "opinion_ready"
    assert await decisions.open_findings(session, case) == []


async def test_opinion_is_genuine_until_a_byte_changes(session: AsyncSession, world: World) -> None:
    case, moment = await issued(session, world, at(3))
    content = await opinion.content_of(session, case.id)
    pdf = opinion.render(content, "http://localhost:8000")
    await opinion.store(session, case.id, pdf, now=moment)
    code = content["code"]
    assert (await papers.verify(session, pdf=pdf)).result is Genuineness.GENUINE
    assert (await papers.verify(session, code=code, pdf=pdf)).result is Genuineness.GENUINE
    assert (await papers.verify(session, code=code)).case_code == case.code
    changed = pdf.replace(b"%%EOF", b"%%EOF ")
    assert (await papers.verify(session, pdf=changed)).result is Genuineness.CHANGED
    assert (await papers.verify(session, code=code, pdf=changed)).result is Genuineness.CHANGED
    assert (await papers.verify(session, code="AAAA-AAAA-AAAA-AAAA")).result is Genuineness.UNKNOWN
    assert (await papers.verify(session, pdf=b"%PDF-1.7 other")).result is Genuineness.UNKNOWN
    stored = await papers.pdf_of(session, await session.scalar(sa.select(col(JointOpinion.sha256))))
    assert stored == pdf


async def test_revoked_opinion_holds_no_more_and_says_so(session: AsyncSession, world: World) -> None:
    case, moment = await issued(session, world, at(3))
    await opinion.store(session, case.id, b"%PDF-1.7 opinion", now=moment)
    given = await session.scalar(sa.select(col(JointOpinion.verification_code)))
    for by, reason, refusal in (
        (world.issuer, "材料虚假", FourEyesRequired),
        (world.dispatcher, " ", ReasonRequired),
        (world.owner, "材料虚假", DelegationMissing),
    ):
        with pytest.raises(refusal):
            await decisions.revoke_opinion(session, case, reason=reason, by=by, now=moment)
    assert (await papers.verify(session, code=str(given))).revoked_on == ""
    await decisions.revoke_opinion(session, case, reason="材料虚假", by=world.dispatcher, now=moment)
    assert str(case.state) == "revoked"
    found = await papers.verify(session, code=str(given))
    assert (found.result, found.revoked_on) == (Genuineness.GENUINE, f"{moment:%F}")
    letter = await session.scalar(sa.select(Letter).where(col(Letter.kind) == LetterKind.REVOCATION))
    assert letter is not None
    assert letter.recipient == f"account:{world.owner}"
    assert letter.content["of_code"] == given
    assert sheet(letter.kind, letter.content).rows[0].value == given
    record = await exchange_record(session, case.code)
    assert [state.code for state in record.states] == [1, 3, 8, 12, 15]
    segment = await session.get_one(Segment, case.segment_id)
    again = await application.create_case(session, segment, by=world.owner, now=moment)
    assert again.id != case.id
