"""部门联络员: what came in for the department, its review of the papers, its reply to the notice."""

from datetime import datetime

import sqlalchemy as sa
from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.web.cases.acts import Entered, PageRequest, act, person
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from inspection.commands import parties, replies
from inspection.models import Case, Matter, Party
from inspection.queries.agendas import department_inbox
from inspection.states import PartyState

RESULTS = {
    each.value: each for each in (PartyState.REVIEW_OK, PartyState.REVIEW_REJECT, PartyState.NOT_CONCERNED)
}


@get("/inspections/inbox", opt={"action": Action.CASE_REPLY}, include_in_schema=False)
async def show_inbox(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Template:
    """What waits for the department, then what it takes part in otherwise."""
    department, today = person(caller).department or "", local_date(now)
    return page(
        request,
        "booking/inbox.html",
        waiting=(await department_inbox(session, department, today=today)).items,
        others=(await department_inbox(session, department, today=today, waiting_only=False)).items,
    )


async def own_party(session: AsyncSession, case: Case, entered: Entered) -> Party:
    """The department's party for the matter in the address. Raises `NotFound` for any other department's."""
    party = await session.scalar(
        sa.select(Party)
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .where(
            col(Party.case_id) == case.id,
            col(Matter.code) == entered.path["matter"],
            col(Party.department_code) == entered.caller.department,
        )
    )
    if party is None:
        raise NotFound
    return party


@act("/inspections/{code:str}/{matter:str}/read", Action.CASE_REVIEW)
async def acknowledge(session: AsyncSession, case: Case, entered: Entered) -> None:
    party = await own_party(session, case, entered)
    await parties.open_dossier(session, case, party, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/{matter:str}/review", Action.CASE_REVIEW)
async def review(session: AsyncSession, case: Case, entered: Entered) -> None:
    if entered.text("result") not in RESULTS:
        raise InvalidInput(problems=(FieldProblem("result", "请选择一项。"),))
    await parties.record_party_review(
        session,
        case,
        await own_party(session, case, entered),
        result=RESULTS[entered.text("result")],
        note_text=entered.text("note"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/{matter:str}/reply", Action.CASE_REPLY)
async def attend(session: AsyncSession, case: Case, entered: Entered) -> None:
    """反馈函: the officers who come."""
    await replies.confirm_attendance(
        session,
        case,
        await own_party(session, case, entered),
        by=entered.by,
        now=entered.now,
        officer_ids=entered.numbers("officers"),
    )


@act("/inspections/{code:str}/{matter:str}/decline", Action.CASE_REPLY)
async def decline(session: AsyncSession, case: Case, entered: Entered) -> None:
    await replies.decline_attendance(
        session,
        case,
        await own_party(session, case, entered),
        reason=entered.text("decline_reason"),
        alternative=entered.text("alternative"),
        by=entered.by,
        now=entered.now,
    )


ROUTES: list[ControllerRouterHandler] = [show_inbox, acknowledge, review, attend, decline]
