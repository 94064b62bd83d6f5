"""Which cases a person may read, and what of a case is for his eyes."""

from collections.abc import Iterable
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from core.access import Action, Scope
from core.errors import NotFound
from inspection.models import Case, Party
from inspection.queries.case_detail import case_detail
from inspection.queries.case_lines import CaseDetail, EventLine, PartyLine

#: What the applicant may know of a party's doings besides that they happened.
TOLD_TO_APPLICANT = frozenset(
    {"party.review_reject", "notify_deficiencies", "refuse", "reschedule", "suspend"}
)


def visible_to(caller: Principal, action: Action) -> sa.ColumnElement[bool]:
    """The cases within the caller's scope for this action: the applicant's own, those of the department, or all."""
    match caller.scope(action):
        case Scope.ALL:
            return sa.true()
        case Scope.DEPARTMENT if caller.department:
            return col(Case.id).in_(
                sa.select(col(Party.case_id)).where(col(Party.department_code) == caller.department)
            )
        case Scope.OWN:
            return sa.or_(col(Case.applicant_id) == caller.person, col(Case.agent_id) == caller.person)
    return sa.false()


async def check_reach(
    session: AsyncSession, caller: Principal, code: str, action: Action = Action.CASE_READ
) -> None:
    """Raises `NotFound` for a case outside the caller's scope, as if it did not exist."""
    found = sa.select(col(Case.id)).where(col(Case.code) == code, visible_to(caller, action))
    if await session.scalar(found) is None:
        raise NotFound


async def load_case(session: AsyncSession, caller: Principal, code: str, *, today: date) -> CaseDetail:
    """The case as this reader may see it. Raises `NotFound` outside his scope."""
    await check_reach(session, caller, code)
    detail = await case_detail(session, code, today=today)
    match caller.scope(Action.CASE_READ):
        case Scope.OWN:
            return for_applicant(detail)
        case Scope.DEPARTMENT:
            return for_department(detail, caller.department or "")
    return detail


def for_applicant(detail: CaseDetail) -> CaseDetail:
    """Departments and results, but no officer, no answer among authorities, no other's post."""
    return msgspec.structs.replace(
        detail,
        parties=[
            msgspec.structs.replace(party, officers=[], reply_note="", reason="") for party in detail.parties
        ],
        timeline=list(_told(detail.timeline)),
        findings=[each for each in detail.findings if each.standing],
        search=None,
        letters=[each for each in detail.letters if each.recipient == f"account:{detail.applicant_id}"],
    )


def _told(timeline: Iterable[EventLine]) -> Iterable[EventLine]:
    """Lamps are the authorities' own; the applicant sees his deadlines."""
    for event in timeline:
        if event.name == "lamp":
            continue
        data = event.data if event.name in TOLD_TO_APPLICANT else {}
        yield msgspec.structs.replace(event, by="", data=data)


def for_department(detail: CaseDetail, department: str) -> CaseDetail:
    """Every party's progress, but only the own department's answers and post."""
    own = {party.id for party in detail.parties if party.department_code == department}
    return msgspec.structs.replace(
        detail,
        parties=[_of_colleagues(party, department) for party in detail.parties],
        timeline=[
            each if each.department_code in {None, department} else msgspec.structs.replace(each, data={})
            for each in detail.timeline
        ],
        search=None,
        findings=[each for each in detail.findings if each.standing or each.department_code == department],
        letters=[
            each
            for each in detail.letters
            if each.recipient == f"department:{department}" or each.party_id in own
        ],
    )


def _of_colleagues(party: PartyLine, department: str) -> PartyLine:
    return party if party.department_code == department else msgspec.structs.replace(party, reply_note="")
