"""Double random draws: committed to in public, then drawn once."""

import secrets
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.errors import NotFound
from inspection import draw as lots
from inspection.draw import DrawObject, DrawOfficer, Roster
from inspection.models import Draw, Officer, Project, Recusal
from inspection.refusals import NothingListed, TooFewToDraw, WrongState
from scheduling.ballot import Ballot
from scheduling.draw import commitment, draw


async def commit_draw(
    session: AsyncSession,
    *,
    title: str,
    project_codes: list[str],
    departments: list[str],
    count: int,
    by: int,
    now: datetime,
) -> Draw:
    """Freeze the roster and publish the commitment; who is recused from an owner is frozen with it."""
    projects = list(await session.scalars(sa.select(Project).where(col(Project.code).in_(project_codes))))
    officers = list(
        await session.scalars(
            sa.select(Officer)
            .where(col(Officer.department_code).in_(departments), col(Officer.active))
            .order_by(col(Officer.number))
        )
    )
    if not projects or not officers or not 0 < count <= len(projects):
        raise NothingListed
    recusals = await session.execute(
        sa.select(col(Recusal.officer_id), col(Recusal.credit_code)).where(
            col(Recusal.credit_code).is_not(None)
        )
    )
    barred: dict[int, set[str]] = {}
    for officer_id, credit_code in recusals:
        barred.setdefault(officer_id, set()).add(str(credit_code))
    roster = Roster(
        objects=tuple(
            DrawObject(project.code, project.owner_credit_code)
            for project in sorted(projects, key=lambda project: project.code)
        ),
        officers=tuple(
            DrawOfficer(officer.number, officer.department_code, tuple(sorted(barred.get(officer.id, ()))))
            for officer in officers
        ),
        count=count,
    )
    ballot = lots.ballot(roster)
    if short := next((each for each in ballot.groups if len(each.eligible) < each.seats), None):
        raise TooFewToDraw(department=short.party, object=short.visit)
    seed = secrets.token_hex(32)
    row = Draw(
        title=title,
        roster=msgspec.to_builtins(ballot),
        commitment=commitment(seed, ballot),
        sealed_seed=seed,
        committed_at=now,
        committed_by=by,
    )
    session.add(row)
    await session.flush()
    _record(session, row, "draw.commit", by=by, now=now, data={"commitment": row.commitment, "title": title})
    return row


async def hold_draw(session: AsyncSession, draw_id: int, *, public: str = "", by: int, now: datetime) -> Draw:
    """Reveal the seed and draw; it can be done once. `public` is a value that nobody could know before, if any."""
    row = await session.get(Draw, draw_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.drawn_at is not None:
        raise WrongState
    drawn = draw(row.sealed_seed, msgspec.convert(row.roster, Ballot), public=public)
    row.public, row.teams = public, msgspec.to_builtins(drawn.teams)
    row.result = msgspec.to_builtins(lots.result(drawn))
    row.drawn_at, row.drawn_by = now, by
    data = {"seed": row.sealed_seed, "public": public, "result": row.result}
    _record(session, row, "draw.hold", by=by, now=now, data=data)
    return row


def _record(
    session: AsyncSession, row: Draw, action: str, *, by: int, now: datetime, data: dict[str, object]
) -> None:
    ledger.record(session, action=action, subject=f"draw:{row.id}", actor=f"account:{by}", now=now, data=data)
