"""绿色通道: a visit outside working hours, which the scheduling engine never proposes; the lead arranges it by hand."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL, local_date
from core.i18n import translate
from core.people import Department
from inspection.availability import Part, unavailable
from inspection.commands.parties import invited_parties
from inspection.commands.transitions import move
from inspection.models import Case, Matter, Officer, Party, Segment, SlotProposal, SlotSearch
from inspection.reckoning import Reckoning, reckoning
from inspection.refusals import OffHoursNotAllowed, TeamIncomplete
from inspection.scheduling_problem import HOURS, party_minutes, site_minutes
from inspection.states import Event, Post, SearchState
from scheduling.wording import MESSAGES


async def propose_off_hours(
    session: AsyncSession, case: Case, *, starts_at: datetime, by: int, now: datetime
) -> SlotSearch:
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
    day = local_date(starts_at)
    search = SlotSearch(
        case_id=case.id,
        round=case.round,
        first_day=day,
        last_day=day,
        state=SearchState.FOUND,
        asked_by=by,
        asked_at=now,
        answered_at=now,
        calendar_version=at.calendar.version,
    )
    session.add(search)
    await session.flush()
    await move(session, case, Event.PROPOSE_SLOTS, by=by, now=now, data={"search": search.id})
    text = MESSAGES["off_hours"]
    session.add(
        SlotProposal(
            search_id=search.id,
            rank=1,
            starts_at=starts_at,
            ends_at=max(datetime.fromisoformat(team["ends_at"]) for team in teams),
            teams=teams,
            reasons=[{"code": "off_hours", "zh": text, "en": translate("en", text)}],
        )
    )
    await session.flush()
    return search


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
    ends_at = starts_at + timedelta(minutes=party_minutes(matter, minutes))
    officers = list(
        await session.scalars(
            sa.select(col(Officer.id))
            .where(col(Officer.department_code) == party.department_code, col(Officer.active))
            .order_by(sa.case((col(Officer.post) == Post.PRIMARY, 0), else_=1), col(Officer.id))
        )
    )
    parts = [Part(party.id, officer, starts_at, ends_at) for officer in officers]
    away = await unavailable(session, case, parts) if parts else set()
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
