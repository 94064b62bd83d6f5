"""牵头单位: the board, drawing departments in, joint slots, the visit's beginning and end, deliberation."""

from datetime import datetime

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.cases.acts import Entered, PageRequest, act, person
from api.web.cases.panels import word_slots
from api.web.cases.view import load_case
from api.web.rendering import page
from core.access import Action
from core.clock import LOCAL, local_date
from core.errors import FieldProblem, InvalidInput
from inspection.commands import absences, bookings, decisions, off_hours, parties, visits
from inspection.models import Case
from inspection.queries.absences import lost_seats
from inspection.queries.cases import LEAD_STATES, count_by_state, list_cases
from inspection.states import CaseState

ROWS = 200


@get("/inspections/board", opt={"action": Action.CASE_BOOK}, include_in_schema=False)
async def show_board(
    request: PageRequest, session: AsyncSession, now: datetime, only: FromQuery[CaseState | None] = None
) -> Template:
    """Every accepted case until it is issued, the nearest deadline first; `only` narrows."""
    states = LEAD_STATES if only is None else (only,)
    found = await list_cases(session, today=local_date(now), states=states, urgent_first=True, limit=ROWS)
    counts = await count_by_state(session)
    return page(
        request,
        "booking/board.html",
        rows=found.items,
        lost=await _missing(session, now),
        counts=[(each, counts[each]) for each in LEAD_STATES if each in counts],
        chosen=only,
    )


async def _missing(session: AsyncSession, now: datetime) -> dict[str, list[str]]:
    """The officers whom a visit has lost, by case."""
    found: dict[str, list[str]] = {}
    for seat in await lost_seats(session, now=now):
        found.setdefault(seat.case_code, []).append(seat.officer)
    return {code: sorted(set(names)) for code, names in found.items()}


@act("/inspections/{code:str}/fan-out", Action.CASE_BOOK)
async def fan_out(session: AsyncSession, case: Case, entered: Entered) -> None:
    """抄告: the rule's matters unless unticked, and those that the lead adds; each change with its reason."""
    ticked, by_rule = set(entered.texts("matter")), set(entered.texts("by-rule"))
    reasons = {code: entered.text(f"reason-{code}") for code in ticked ^ by_rule}
    await parties.fan_out(
        session,
        case,
        by=entered.by,
        now=entered.now,
        added={code: reason for code, reason in reasons.items() if code in ticked},
        removed={code: reason for code, reason in reasons.items() if code in by_rule},
    )


@act("/inspections/{code:str}/parties", Action.CASE_BOOK)
async def add_party(session: AsyncSession, case: Case, entered: Entered) -> None:
    await parties.add_party(
        session,
        case,
        matter_code=entered.text("added"),
        reason=entered.text("added_reason"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/slots", Action.CASE_BOOK)
async def ask_for_slots(session: AsyncSession, case: Case, entered: Entered) -> None:
    await bookings.propose_slots(session, case, by=entered.by, now=entered.now)


@get("/inspections/{code:str}/slots", opt={"action": Action.CASE_BOOK}, include_in_schema=False)
async def show_slots(
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    caller: Principal | None,
    now: datetime,
) -> Template:
    """The answer to the latest search, or that it is still being looked for: a fragment of the case page."""
    view = await load_case(session, person(caller), code, today=local_date(now))
    slots = await word_slots(session, view)
    return page(
        request, "booking/slots.html", view=view, slots=slots, here=f"/inspections/{code}", refused=None
    )


@act("/inspections/{code:str}/off-hours", Action.CASE_BOOK)
async def propose_off_hours(session: AsyncSession, case: Case, entered: Entered) -> None:
    """A time outside working hours, which only the lead may set, and only for the priority lane."""
    try:
        starts_at = datetime.fromisoformat(entered.text("off_hours")).replace(tzinfo=LOCAL)
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("off_hours", "请填写日期和时间。"),)) from error
    await off_hours.propose_off_hours(session, case, starts_at=starts_at, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/confirm", Action.CASE_BOOK)
async def confirm(session: AsyncSession, case: Case, entered: Entered) -> str:
    """The slot that the lead chose, booked in one stroke; or others are being looked for already."""
    slot = entered.number("slot")
    visit = await bookings.confirm_or_search(session, case, slot, by=entered.by, now=entered.now)
    return "confirm" if visit else "taken"


@act("/inspections/{code:str}/seats", Action.CASE_BOOK)
async def fill_seats(session: AsyncSession, case: Case, entered: Entered) -> None:
    """Look once more for colleagues of those who cannot come."""
    for seat in await lost_seats(session, now=entered.now, case=case.code):
        party = await parties.party_of(session, case, seat.party_id)
        await absences.fill_seat(session, case, party, seat.leave_id, now=entered.now)


@act("/inspections/{code:str}/replan", Action.CASE_BOOK)
async def replan(session: AsyncSession, case: Case, entered: Entered) -> None:
    """A visit that has lost an officer, moved to the slot that the lead chose."""
    await absences.move_upset_visit(
        session,
        case,
        entered.number("slot"),
        reason=entered.text("replan_reason"),
        by=entered.by,
        now=entered.now,
    )


@act("/inspections/{code:str}/reschedule", Action.CASE_BOOK)
async def reschedule(session: AsyncSession, case: Case, entered: Entered) -> None:
    await bookings.reschedule(
        session, case, by=entered.by, reason=entered.text("move_reason"), now=entered.now
    )


@act("/inspections/{code:str}/open", Action.CASE_BOOK)
async def open_visit(session: AsyncSession, case: Case, entered: Entered) -> None:
    await visits.open_visit(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/absent", Action.CASE_BOOK)
async def mark_absent(session: AsyncSession, case: Case, entered: Entered) -> None:
    party = await parties.party_of(session, case, entered.number("party"))
    await visits.mark_absent(
        session, case, party, reason=entered.text("absence"), by=entered.by, now=entered.now
    )


@act("/inspections/{code:str}/left", Action.CASE_BOOK)
async def leave_early(session: AsyncSession, case: Case, entered: Entered) -> None:
    party = await parties.party_of(session, case, entered.number("party"))
    await visits.leave_early(
        session, case, party, reason=entered.text("leaving"), by=entered.by, now=entered.now
    )


@act("/inspections/{code:str}/close", Action.CASE_BOOK)
async def close_visit(session: AsyncSession, case: Case, entered: Entered) -> None:
    await visits.close_visit(
        session, case, minutes_text=entered.text("minutes"), by=entered.by, now=entered.now
    )


@act("/inspections/{code:str}/deliberate", Action.CASE_DELIBERATE)
async def deliberate(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.deliberate(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/next-round", Action.CASE_DELIBERATE)
async def next_round(session: AsyncSession, case: Case, entered: Entered) -> None:
    """The recheck of the failing parties, at their desks or on site as the findings need."""
    await decisions.recheck(session, case, by=entered.by, now=entered.now)


ROUTES: list[ControllerRouterHandler] = [
    *(show_board, fan_out, add_party, ask_for_slots, show_slots, propose_off_hours, confirm),
    *(fill_seats, replan, reschedule),
    *(open_visit, mark_absent, leave_early, close_visit, deliberate, next_round),
]
