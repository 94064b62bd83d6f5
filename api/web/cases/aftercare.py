"""Around the case: fees, promises, special procedures, agents, ratings, complaints, deemed consent, filing."""

from datetime import datetime

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.amounts import typed_amount
from api.web.cases.acts import Entered, PageRequest, act
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from inspection.commands import aftercare, application, consent, decisions, fees, interruptions
from inspection.commands.parties import party_of
from inspection.models import Case
from inspection.queries.aftercare import complaints_register, low_ratings_register
from inspection.states import SpecialProcedure


@act("/cases/{code:str}/rate", Action.CASE_SUBMIT)
async def rate(session: AsyncSession, case: Case, entered: Entered) -> None:
    await aftercare.rate_case(
        session,
        case,
        level=entered.number("level"),
        text=entered.text("rating_text"),
        by=entered.by,
        now=entered.now,
    )


@act("/cases/{code:str}/complain", Action.CASE_SUBMIT)
async def complain(session: AsyncSession, case: Case, entered: Entered) -> None:
    await aftercare.complain(session, case, text=entered.text("complaint"), by=entered.by, now=entered.now)


@act("/cases/{code:str}/agent", Action.CASE_SUBMIT)
async def appoint_agent(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.appoint_agent(
        session, case, login=entered.text("agent"), by=entered.by, now=entered.now
    )


@act("/cases/{code:str}/agent/dismiss", Action.CASE_SUBMIT)
async def dismiss_agent(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.dismiss_agent(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/fees", Action.CASE_ACCEPT)
async def demand_fee(session: AsyncSession, case: Case, entered: Entered) -> None:
    try:
        amount = typed_amount(entered.text("amount"))
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("amount", "金额应为数字，单位元。"),)) from error
    await fees.demand_fee(
        session,
        case,
        item=entered.text("item"),
        basis=entered.text("fee_basis"),
        amount=amount,
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/fees/{fee:int}/paid", Action.CASE_ACCEPT)
async def record_payment(session: AsyncSession, case: Case, entered: Entered) -> None:
    await fees.record_payment(session, case, entered.path["fee"], by=entered.by, now=entered.now)


@act("/inspections/{code:str}/fees/{fee:int}/override", Action.SUPERVISE)
async def override_fee(session: AsyncSession, case: Case, entered: Entered) -> None:
    await fees.override_fee(
        session,
        case,
        entered.path["fee"],
        reason=entered.text("override_reason"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/promises/{promise:int}/kept", Action.CASE_ACCEPT)
async def keep_promise(session: AsyncSession, case: Case, entered: Entered) -> None:
    await aftercare.keep_promise(session, case, entered.path["promise"], by=entered.by, now=entered.now)


@act("/inspections/{code:str}/file", Action.CASE_ACCEPT)
async def file_case(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.file_case(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/archive", Action.CASE_ACCEPT)
async def archive_case(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.archive_case(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/suspend", Action.CASE_BOOK)
async def suspend(session: AsyncSession, case: Case, entered: Entered) -> None:
    wanted = entered.text("procedure")
    if wanted not in {*SpecialProcedure}:
        raise InvalidInput(problems=(FieldProblem("procedure", "请选择一项。"),))
    await interruptions.suspend(
        session,
        case,
        procedure=SpecialProcedure(wanted),
        reason=entered.text("suspend_reason"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/resume", Action.CASE_BOOK)
async def resume(session: AsyncSession, case: Case, entered: Entered) -> None:
    await interruptions.resume(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/terminate", Action.CASE_BOOK)
async def terminate(session: AsyncSession, case: Case, entered: Entered) -> None:
    await interruptions.terminate(
        session, case, reason=entered.text("terminate_reason"), by=entered.by, now=entered.now
    )


@act("/inspections/{code:str}/priority", Action.CASE_BOOK)
async def grant_priority(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.grant_priority(
        session, case, reason=entered.text("priority_reason"), by=entered.by, now=entered.now
    )


@act("/inspections/{code:str}/parties/{party:int}/deem", Action.CASE_BOOK)
async def propose_deemed_consent(session: AsyncSession, case: Case, entered: Entered) -> None:
    await consent.propose_deemed_consent(
        session,
        case,
        await party_of(session, case, entered.path["party"]),
        legal_basis=entered.text("legal_basis"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/deemed/{consent:int}/{decision:str}", Action.SUPERVISE)
async def review_deemed_consent(session: AsyncSession, case: Case, entered: Entered) -> None:
    if entered.path["decision"] not in {"approve", "oppose"}:
        raise NotFound
    await consent.review_deemed_consent(
        session,
        case,
        entered.path["consent"],
        approve=entered.path["decision"] == "approve",
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/complaints/{complaint:int}/answer", Action.SUPERVISE)
async def answer_complaint(session: AsyncSession, case: Case, entered: Entered) -> None:
    await aftercare.answer_complaint(
        session,
        case,
        entered.path["complaint"],
        text=entered.text("answer"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/follow-up", Action.SUPERVISE)
async def follow_up(session: AsyncSession, case: Case, entered: Entered) -> None:
    await aftercare.follow_up(session, case, text=entered.text("follow_up"), by=entered.by, now=entered.now)


@get("/supervision/voices", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_voices(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    """投诉和差评: what applicants said, and by when somebody must answer."""
    return page(
        request,
        "supervision/voices.html",
        today=local_date(now),
        complaints=await complaints_register(session),
        ratings=await low_ratings_register(session),
    )


ROUTES: list[ControllerRouterHandler] = [
    *(rate, complain, appoint_agent, dismiss_agent, demand_fee, record_payment, override_fee, keep_promise),
    *(file_case, archive_case, suspend, resume, terminate, grant_priority, propose_deemed_consent),
    *(review_deemed_consent, answer_complaint, follow_up, show_voices),
]
