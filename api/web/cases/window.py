"""窗口: receive, ask once for what is missing, accept with or without gaps, refuse."""

from datetime import date, datetime

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.cases.acts import Entered, PageRequest, act
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from inspection.commands import application
from inspection.commands.application import GapPromise
from inspection.models import Case
from inspection.queries.cases import WINDOW_STATES, list_cases
from inspection.states import RefusalGround


@get("/inspections/window", opt={"action": Action.CASE_ACCEPT}, include_in_schema=False)
async def show_queue(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    """What waits for the window, the nearest deadline first."""
    found = await list_cases(session, today=local_date(now), states=WINDOW_STATES, urgent_first=True)
    return page(request, "window/queue.html", rows=found.items)


@act("/inspections/{code:str}/receive", Action.CASE_RECEIVE)
async def receive(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.receive_case(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/deficiencies", Action.CASE_ACCEPT)
async def notify_deficiencies(session: AsyncSession, case: Case, entered: Entered) -> None:
    """一次性告知: one item a line."""
    items = [line.strip() for line in entered.text("items").splitlines() if line.strip()]
    await application.send_deficiency_notice(session, case, items=items, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/accept", Action.CASE_ACCEPT)
async def accept(session: AsyncSession, case: Case, entered: Entered) -> None:
    """受理; each missing document but the main ones needs its promise and date."""
    gaps = [
        GapPromise(
            document,
            entered.text(f"promise-{document}"),
            entered.date(f"due-{document}") or date.min,
        )
        for document in entered.texts("gap")
    ]
    await application.accept_case(session, case, gaps=gaps, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/refuse", Action.CASE_ACCEPT)
async def refuse(session: AsyncSession, case: Case, entered: Entered) -> None:
    not_needed = entered.text("ground") == RefusalGround.NOT_NEEDED
    await application.refuse_case(
        session,
        case,
        ground=RefusalGround.NOT_NEEDED if not_needed else RefusalGround.OUT_OF_SCOPE,
        reason=entered.text("refusal"),
        by=entered.by,
        now=entered.now,
    )


ROUTES: list[ControllerRouterHandler] = [show_queue, receive, notify_deficiencies, accept, refuse]
