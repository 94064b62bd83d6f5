"""Who is told what: one table of fact × role. A person gets one message for each fact, however often it comes."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.access import Role
from core.people import Account, AccountRole
from inspection.models import Booking, Case, Message, Officer, Party, Visit
from inspection.states import BookingState, VisitState


class Told(StrEnum):
    OWNER = "owner"
    WINDOW = "window"
    LEAD = "lead"
    ISSUER = "issuer"
    LIAISON = "liaison"  # of the party concerned, or of every party
    OFFICERS = "officers"  # booked for the standing visit, of the party concerned or of every party
    SUPERVISOR = "supervisor"


T = Told
AUDIENCE: Mapping[str, tuple[Told, ...]] = {
    "submit": (T.WINDOW,),
    "receive": (T.OWNER,),
    "notify_deficiencies": (T.OWNER,),
    "resubmit": (T.WINDOW,),
    "accept": (T.OWNER, T.LEAD),
    "deem_accepted": (T.OWNER, T.LEAD, T.WINDOW, T.SUPERVISOR),
    "refuse": (T.OWNER,),
    "fan_out": (T.LIAISON,),
    "party.added": (T.LIAISON,),
    "party.review_reject": (T.OWNER, T.LEAD),
    "reviews_done": (T.LEAD,),
    "confirm_slot": (T.OWNER, T.LIAISON, T.OFFICERS),
    "party.declined": (T.LEAD,),
    "party.silent": (T.LEAD, T.LIAISON, T.OFFICERS),
    "quorum": (T.OWNER, T.LEAD, T.OFFICERS),
    "reschedule": (T.OWNER, T.LEAD, T.LIAISON, T.OFFICERS),
    "party.absent": (T.LIAISON, T.SUPERVISOR),
    "close_visit": (T.OWNER,),
    "order_rectification": (T.OWNER,),
    "rectified": (T.LEAD, T.LIAISON),
    "recheck_by_desk": (T.LIAISON,),
    "recheck_on_site": (T.OWNER, T.LIAISON),
    "conclude": (T.ISSUER, T.OWNER),
    "issue": (T.OWNER, T.LIAISON, T.WINDOW),
    "suspend": (T.OWNER, T.LIAISON),
    "resume": (T.OWNER, T.LIAISON),
    "withdraw": (T.LEAD, T.LIAISON),
    "terminate": (T.OWNER, T.LIAISON),
    "letter.unread": (T.LIAISON, T.LEAD),
    "violation": (T.SUPERVISOR,),
    "deadline.moved": (T.OWNER, T.LEAD, T.LIAISON),
    "party.deemed": (T.OWNER, T.LEAD, T.LIAISON, T.SUPERVISOR),
    "fee.demanded": (T.OWNER,),
    "complaint": (T.SUPERVISOR,),
    "complaint.answered": (T.OWNER,),
    "promise.broken": (T.OWNER, T.LEAD, T.SUPERVISOR),
}
LAMP_AUDIENCE: Mapping[str, tuple[Told, ...]] = {
    "window": (T.WINDOW,),
    "owner": (T.OWNER,),
    "dispatcher": (T.LEAD,),
    "issuer": (T.ISSUER,),
}
ROLES: Mapping[Told, Role] = {
    T.WINDOW: Role.WINDOW,
    T.LEAD: Role.DISPATCHER,
    T.ISSUER: Role.ISSUER,
    T.SUPERVISOR: Role.SUPERVISOR,
}


async def tell(session: AsyncSession, event_id: int, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Write the messages of one fact (`transitions.note`); who did it is not told of it."""
    case = await session.get_one(Case, payload["case_id"])
    audience = audience_of(payload["name"], payload["data"])
    people: set[int] = set()
    for told in audience:
        people |= await _people(session, case, payload["party_id"], told)
    rows = [
        {
            "account_id": account,
            "case_id": case.id,
            "fact": f"event:{event_id}",
            "kind": payload["name"],
            "data": {"code": case.code, **payload["data"]},
            "created_at": now,
        }
        for account in sorted(people - {payload.get("by")})
    ]
    if rows:
        await session.execute(insert(Message).values(rows).on_conflict_do_nothing())


def audience_of(name: str, data: Mapping[str, Any]) -> tuple[Told, ...]:
    """A lamp concerns whoever is responsible; red ones supervision too."""
    if name != "lamp":
        return AUDIENCE.get(name, ())
    people = LAMP_AUDIENCE.get(data["responsible"], (T.LIAISON,))
    return (*people, T.SUPERVISOR) if data["lamp"] == "red" else people


async def _people(session: AsyncSession, case: Case, party_id: int | None, told: Told) -> set[int]:
    if told is T.OWNER:
        return {case.applicant_id}
    if told in ROLES:
        return set(
            await session.scalars(
                sa.select(col(AccountRole.account_id)).where(col(AccountRole.role) == ROLES[told])
            )
        )
    parties = sa.select(col(Party.id)).where(col(Party.case_id) == case.id)
    if party_id is not None:
        parties = parties.where(col(Party.id) == party_id)
    if told is T.OFFICERS:
        return set(
            await session.scalars(
                sa.select(col(Officer.account_id))
                .join(Booking, col(Booking.officer_id) == col(Officer.id))
                .join(Visit, col(Visit.id) == col(Booking.visit_id))
                .where(
                    col(Booking.party_id).in_(parties),
                    col(Booking.state) == BookingState.BOOKED,
                    col(Visit.state) == VisitState.PLANNED,
                    col(Officer.account_id).is_not(None),
                )
            )
        )
    return set(
        await session.scalars(
            sa.select(col(Account.id))
            .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
            .join(Party, col(Party.department_code) == col(Account.department_code))
            .where(col(Party.id).in_(parties), col(AccountRole.role) == Role.LIAISON)
        )
    )


async def read_messages(session: AsyncSession, account_id: int, *, now: datetime) -> None:
    await session.execute(
        sa.update(Message)
        .where(col(Message.account_id) == account_id, col(Message.read_at).is_(None))
        .values(read_at=now)
    )
