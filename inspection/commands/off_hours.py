"""绿色通道: a visit outside working hours, which the scheduling engine never proposes; the lead arranges it by hand."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL
from core.people import Department
from inspection.availability import Part, unavailable
from inspection.commands.bookings import offer_slot
from inspection.commands.parties import invited_parties
from inspection.models import Case, Matter, Officer, Party, Segment, SlotProposal
from inspection.reckoning import Reckoning, reckoning
from inspection.refusals import OffHoursNotAllowed, TeamIncomplete
from inspection.scheduling_problem import party_minutes, site_minutes
from inspection.scheduling_staff import HOURS
from inspection.states import Post


async def propose_off_hours(
    session: AsyncSession, case: Case, *, starts_at: datetime, by: int, now: datetime
) -> SlotProposal:
    """One slot for a case of the priority lane, with A posts first; the lead then confirms it like any other.

    Raises `OffHoursNotAllowed` for other cases, within working hours and within the shortest notice, and
    `TeamIncomplete` where a department has too few free officers.
    """
    at = await reckoning(session, now)
    segment = await session.get_one(Segment, case.segment_id)
    minutes = site_minutes(at.rules, segment, first_round=case.round == 1)
    if not case.priority or not is_off_hours(starts_at, minutes, at) or starts_at <= now + timedelta(hours=1):
        raise OffHoursNotAllowed
    teams = [
        await _team(session, case, party, starts_at, minutes)
        for party in await invited_parties(session, case)
    ]
    return await offer_slot(session, case, teams, reason="off_hours", by=by, now=now)


def is_off_hours(starts_at: datetime, minutes: int, at: Reckoning) -> bool:
    """Whether the whole visit lies outside the working hours of its day; any hour of a day off does."""
    begins = starts_at.astimezone(LOCAL)
    if not at.calendar.is_working_day(begins.date()):
        return True
    first = begins.hour * 60 + begins.minute
    return all(first + minutes <= window.start or first >= window.end for window in HOURS)


async def _team(
    session: AsyncSession, case: Case, party: Party, starts_at: datetime, minutes: int
) -> dict[str, Any]:
    matter = await session.get_one(Matter, party.matter_id)
    ends_at = starts_at + timedelta(minutes=party_minutes(matter.site_share, minutes))
    officers = list(
        await session.scalars(
            sa.select(col(Officer.id))
            .where(col(Officer.department_code) == party.department_code, col(Officer.active))
            .order_by(sa.case((col(Officer.post) == Post.PRIMARY, 0), else_=1), col(Officer.id))
        )
    )
    parts = [Part(party.id, officer, starts_at, ends_at) for officer in officers]
    away = {part.officer_id for part in await unavailable(session, case, parts)} if parts else set()
    free = [officer for officer in officers if officer not in away][: matter.officers]
    if len(free) < matter.officers:
        name = await session.scalar(
            sa.select(col(Department.name_zh)).where(col(Department.code) == party.department_code)
        )
        raise TeamIncomplete(department=name or party.department_code)
    return {
        "party_id": party.id,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "officer_ids": free,
    }
