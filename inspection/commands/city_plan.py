"""全市排期: every case that waits for its visit is planned at once; the lead then books what the plan says."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.city_plan import around_misfits, in_parts
from inspection.commands.bookings import confirm_slot, offer_slot
from inspection.commands.parties import invited_parties
from inspection.commands.transitions import lock_case
from inspection.models import Case, Visit
from inspection.reckoning import reckoning
from inspection.refusals import NobodyWaits
from inspection.scheduling_problem import build_city, horizon_of
from inspection.states import CaseState, VisitState
from scheduling.problem import Problem


async def waiting_cases(session: AsyncSession) -> list[Case]:
    """Those whose parties are ready and that have no visit in their present round, the oldest first."""
    standing = sa.exists().where(
        col(Visit.case_id) == col(Case.id),
        col(Visit.round) == col(Case.round),
        col(Visit.state).in_((VisitState.PLANNED, VisitState.OPEN)),
    )
    return list(
        await session.scalars(
            sa.select(Case).where(col(Case.state) == CaseState.SLOTTING, ~standing).order_by(col(Case.id))
        )
    )


async def city_problem(session: AsyncSession, *, now: datetime) -> Problem:
    """Raises `NobodyWaits`."""
    at = await reckoning(session, now)
    cases = [(case, await invited_parties(session, case)) for case in await waiting_cases(session)]
    if not cases:
        raise NobodyWaits
    problem = around_misfits(await build_city(session, cases, horizon_of(at, now), at))
    return await asyncio.to_thread(in_parts, problem)


async def book_planned(
    session: AsyncSession, code: str, teams: Sequence[dict[str, Any]], *, by: int, now: datetime
) -> Visit:
    """Book a case as planned. Raises `SlotTaken` or `ProposalStale` where that has been overtaken.

    Cases of a plan are booked beside each other and share their officers, so that nobody is sent instead of those who
    are planned only because another case is being booked.
    """
    case = await lock_case(session, code)
    proposal = await offer_slot(session, case, teams, reason="city_plan", by=by, now=now)
    return await confirm_slot(session, case, proposal.id, patiently=True, by=by, now=now)
