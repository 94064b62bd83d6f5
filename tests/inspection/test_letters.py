import io
from decimal import Decimal

import pdfplumber
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.outbox import OutboxEvent
from core.printed import typeset
from inspection import papers
from inspection.commands import (
    application,
    bookings,
    decisions,
    fees,
    interruptions,
    letters,
    parties,
    replies,
)
from inspection.commands.fieldwork import FindingForm
from inspection.commands.letters import PRINTED_ELSEWHERE
from inspection.commands.transitions import parties_of
from inspection.letter_texts import SHEETS, TITLES
from inspection.models import Case, Letter, Paper
from inspection.papers import Genuineness
from inspection.refusals import WrongState
from inspection.states import LetterKind, SpecialProcedure
from tests.inspection.world import World, accepted, at, confirmed, draft, reply_all, visited

URL = "https://city.example"


async def letter_of(session: AsyncSession, kind: LetterKind, *, case: Case | None = None) -> Letter:
    statement = sa.select(Letter).where(col(Letter.kind) == kind).order_by(col(Letter.id).desc()).limit(1)
    if case is not None:
        statement = statement.where(col(Letter.case_id) == case.id)
    found: Letter = (await session.scalars(statement)).one()
    return found


async def printed(session: AsyncSession, letter: Letter) -> tuple[bytes, str]:
    """The PDF, kept, and its text."""
    pdf = typeset(papers.TEMPLATE, await papers.letter_content(session, letter), base_url=URL)
    await papers.keep_letter(session, letter.id, pdf, now=at(5))
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return pdf, "\n".join(page.extract_text() for page in document.pages)


def test_every_kind_has_its_wording() -> None:
    assert set(TITLES) == set(LetterKind)
    assert set(SHEETS) == set(LetterKind) - PRINTED_ELSEWHERE


async def test_receipt_lists_what_was_handed_in(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    _, text = await printed(session, await letter_of(session, LetterKind.RECEIPT))
    assert "收件凭证" in text
    assert case.code in text
    _, text = await printed(session, await letter_of(session, LetterKind.ACCEPTANCE))
    assert "受理通知书" in text
    assert "7 个工作日" in text
    assert "竣工报告（2026年3月23日前）" in text


async def test_deemed_acceptance_says_why(session: AsyncSession, world: World) -> None:
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    await application.deem_accepted(session, case, now=at(11))
    _, text = await printed(session, await letter_of(session, LetterKind.ACCEPTANCE))
    assert "视为已受理" in text


async def test_invitation_and_reply_are_letters(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    invitation = await letter_of(session, LetterKind.NOTICE)
    _, text = await printed(session, invitation)
    assert "联合验收告知函" in text
    assert "逾期不等于同意" in text
    party = next(each for each in await parties_of(session, case) if each.id == invitation.party_id)
    by = world.liaisons[party.department_code]
    await replies.decline_attendance(
        session, case, party, reason="人员冲突", alternative="次日上午", by=by, now=at(3, 10)
    )
    assert invitation.read_at == at(3, 10)
    answer = await letter_of(session, LetterKind.REPLY)
    _, text = await printed(session, answer)
    assert answer.recipient == letters.LEAD_OFFICE
    assert "人员冲突" in text
    assert "次日上午" in text


async def test_all_departments_replies_are_kept(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3))
    kinds = list(await session.scalars(sa.select(col(Letter.kind)).where(col(Letter.case_id) == case.id)))
    assert kinds.count(LetterKind.REPLY) == kinds.count(LetterKind.NOTICE)


async def test_rectification_order_lists_everything_by_department(
    session: AsyncSession, world: World
) -> None:
    finding = FindingForm(text="疏散指示缺失")
    case, now = await visited(session, world, at(3), fire=[finding])
    await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    _, text = await printed(session, await letter_of(session, LetterKind.RECTIFICATION))
    assert "整改通知书" in text
    assert "【住房和城乡建设局（消防）】疏散指示缺失" in text.replace("\n", "")


async def test_special_procedure_fee_and_refusal_are_letters(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    await interruptions.suspend(
        session,
        case,
        procedure=SpecialProcedure.TESTING,
        reason="抽样检测",
        by=world.dispatcher,
        now=at(4),
    )
    _, text = await printed(session, await letter_of(session, LetterKind.SPECIAL_PROCEDURE))
    assert "检验检测" in text
    await interruptions.resume(session, case, by=world.dispatcher, now=at(5))
    _, text = await printed(session, await letter_of(session, LetterKind.SPECIAL_PROCEDURE))
    assert "继续计算" in text
    await fees.demand_fee(
        session,
        case,
        item="易地建设费",
        basis="目录",
        amount=Decimal(100),
        by=world.window,
        now=at(5),
    )
    _, text = await printed(session, await letter_of(session, LetterKind.FEE))
    assert "行政复议" in text
    other = await draft(session, world, at(3), 2)
    await application.submit_case(session, other, by=world.owner, now=at(3))
    await application.receive_case(session, other, by=world.window, now=at(3))
    await application.refuse_case(session, other, reason="不属本市管辖", by=world.window, now=at(3))
    _, text = await printed(session, await letter_of(session, LetterKind.REFUSAL))
    assert "不属本市管辖" in text


async def test_opening_a_letter_is_its_receipt_and_makes_the_proof(
    session: AsyncSession, world: World
) -> None:
    case = await accepted(session, world, at(3))
    letter = await letter_of(session, LetterKind.ACCEPTANCE)
    await letters.read_letter(session, letter.id, by=world.supervisor, now=at(3, 10))
    assert letter.read_at is None
    await letters.read_letter(session, letter.id, by=world.owner, now=at(3, 11))
    await letters.read_letter(session, letter.id, by=world.owner, now=at(3, 12))
    assert letter.read_at == at(3, 11)
    proof = await letter_of(session, LetterKind.SERVICE, case=case)
    _, text = await printed(session, proof)
    assert "送达回证" in text
    assert letter.verification_code in text
    assert "2026年3月3日 11:00" in text
    with pytest.raises(WrongState):
        await letters.hand_over(session, case, letter.id, by=world.window, now=at(4))


async def test_letter_handed_over_on_paper_is_served_once(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    letter = await letter_of(session, LetterKind.ACCEPTANCE)
    await letters.hand_over(session, case, letter.id, by=world.window, now=at(4))
    _, text = await printed(session, await letter_of(session, LetterKind.SERVICE))
    assert "窗口当面送达" in text
    assert (letter.handed_over_by, letter.read_by) == (world.window, None)


async def test_department_that_opens_the_case_has_read_its_letter(
    session: AsyncSession, world: World
) -> None:
    case = await accepted(session, world, at(3))
    party, *_ = await parties.fan_out(session, case, by=world.dispatcher, now=at(3))
    letter = (await session.scalars(sa.select(Letter).where(col(Letter.party_id) == party.id))).one()
    by = world.liaisons[party.department_code]
    await parties.open_dossier(session, case, party, by=by, now=at(3, 11))
    assert (letter.read_at, letter.read_by) == (at(3, 11), by)
    pending = sa.select(OutboxEvent).where(col(OutboxEvent.key) == f"letter:{letter.id}")
    assert await session.scalar(pending) is None


async def test_letters_are_verified_by_code_and_by_bytes(session: AsyncSession, world: World) -> None:
    await accepted(session, world, at(3))
    letter = await letter_of(session, LetterKind.ACCEPTANCE)
    unknown = await papers.verify(session, code=letter.verification_code)
    assert unknown.result is Genuineness.UNKNOWN
    pdf, _ = await printed(session, letter)
    by_code = await papers.verify(session, code=letter.verification_code.lower())
    assert (by_code.result, by_code.title.en) == (Genuineness.GENUINE, "Notice of acceptance")
    assert (await papers.verify(session, pdf=pdf)).result is Genuineness.GENUINE
    assert (await papers.verify(session, pdf=pdf + b" ")).result is Genuineness.CHANGED


async def test_a_letter_is_printed_once_and_kept_under_its_hash(session: AsyncSession, world: World) -> None:
    await accepted(session, world, at(3))
    letter = await letter_of(session, LetterKind.ACCEPTANCE)
    pdf, _ = await printed(session, letter)
    await papers.keep_letter(session, letter.id, b"%PDF another", now=at(6))
    assert await papers.pdf_of(session, letter.sha256) == pdf
    assert len(list(await session.scalars(sa.select(Paper)))) == 1


async def test_cancelled_visit_is_told_in_writing(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    await bookings.reschedule(session, case, by=world.dispatcher, reason="暴雨", now=at(3))
    _, text = await printed(session, await letter_of(session, LetterKind.CANCELLATION))
    assert "暴雨" in text
