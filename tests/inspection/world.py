"""A small city: every department of the catalogue with five officers, and the people who run a case."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL
from core.people import Account, Delegation, Right
from inspection.catalogue import LEAD, read_catalogue, seed_catalogue
from inspection.commands import (
    application,
    bookings,
    case_documents,
    decisions,
    opinions,
    parties,
    replies,
    visits,
)
from inspection.commands.application import GapPromise, ProjectForm, SegmentForm
from inspection.commands.transitions import parties_of
from inspection.models import Booking, Case, Certificate, Officer, Party, Segment, SlotProposal
from inspection.reckoning import reckoning
from inspection.scheduling_problem import build_question
from inspection.slot_answers import answer
from inspection.states import BookingState, DocumentState, PartyState, Post, Verdict
from inspection.triggers import Facts, Risk, Use

ROLES = ("owner", "window", "dispatcher", "issuer", "supervisor")
#: What the lead department has given to people who are not its own.
DELEGATED = {
    "window": (Right.ACCEPTANCE, Right.COMMITMENT, Right.SERVICE),
    "dispatcher": (Right.INSTANT_APPROVAL,),
    "issuer": (Right.INSTANT_APPROVAL,),
    "supervisor": (Right.RESPONSE,),
}
SPOT = (Decimal("120.500000"), Decimal("31.300000"))


def at(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> datetime:
    """A moment of 2026, in Shanghai's time."""
    return datetime(2026, month, day, hour, minute, tzinfo=LOCAL)


@dataclass
class World:
    """Account ids by role; officers and liaisons by department."""

    owner: int
    window: int
    dispatcher: int
    issuer: int
    supervisor: int
    liaisons: dict[str, int] = field(default_factory=dict)
    officers: dict[str, list[Officer]] = field(default_factory=dict)

    def account(self, officer_id: int) -> int:
        for team in self.officers.values():
            for officer in team:
                if officer.id == officer_id:
                    return officer.account_id or 0
        raise LookupError(officer_id)


async def build_world(session: AsyncSession, now: datetime, *, officers: int = 5) -> World:
    await seed_catalogue(session, now=now)
    matters = read_catalogue().matter
    logins: dict[str, str | None] = dict.fromkeys(ROLES)
    for matter in matters:
        names = ("liaison", *range(officers))
        logins |= {f"{matter.department}-{name}": matter.department for name in names}
    accounts = {
        login: Account(
            login=login, name=f"某{login}", department_code=department, password_hash="-", created_at=now
        )
        for login, department in logins.items()
    }
    session.add_all(accounts.values())
    await session.flush()
    staff: dict[str, list[Officer]] = {}
    for matter in matters:
        code = matter.department
        staff[code] = [
            Officer(
                number=f"{code}-{number}",
                account_id=accounts[f"{code}-{number}"].id,
                name=f"官{code}{number}",
                department_code=code,
                post=Post.PRIMARY if number < 3 else Post.SUBSTITUTE,
                office_lon=SPOT[0],
                office_lat=SPOT[1],
            )
            for number in range(officers)
        ]
        session.add_all(staff[code])
    await session.flush()
    session.add_all(
        Certificate(
            officer_id=officer.id,
            name=matter.certificate,
            number=f"证{officer.number}",
            valid_from=date(2020, 1, 1),
            valid_to=date(2030, 1, 1),
        )
        for matter in matters
        for officer in staff[matter.department]
    )
    session.add_all(
        Delegation(
            department_code=LEAD,
            account_id=accounts[login].id,
            right=right,
            matters=[],
            valid_from=date(2020, 1, 1),
            valid_to=date(2030, 1, 1),
        )
        for login, rights in DELEGATED.items()
        for right in rights
    )
    await session.flush()
    return await load_world(session)


async def load_world(session: AsyncSession) -> World:
    rows = await session.execute(sa.select(col(Account.login), col(Account.id)))
    ids = {row.login: row.id for row in rows}
    world = World(**{role: ids[role] for role in ROLES})
    for officer in await session.scalars(sa.select(Officer).order_by(col(Officer.id))):
        world.officers.setdefault(officer.department_code, []).append(officer)
    world.liaisons = {code: ids[f"{code}-liaison"] for code in world.officers}
    return world


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {"use": Use.INDUSTRY, "risk": Risk.MIDDLE, "floor_area": Decimal(9000)}
    return Facts(**(values | changes))


def project_form(number: int = 1, **changes: Any) -> ProjectForm:
    values: dict[str, Any] = {
        "code": f"2601-990101-47-01-{number:06d}",
        "name": f"临澜项目{number}",
        "owner_name": "临澜建设有限公司",
        "owner_credit_code": "91990100MA0000000X",
        "address": "临澜市澜江路1号",
        "district": "north",
        "lon": SPOT[0] + Decimal(number % 7) / 1000,
        "lat": SPOT[1],
    }
    return ProjectForm(**(values | changes))


async def make_segment(
    session: AsyncSession, number: int = 1, *, buildings: int = 1, **changes: Any
) -> Segment:
    form = SegmentForm(number=1, name="一期", facts=facts(**changes), buildings=buildings)
    return await application.register_segment(session, project_form(number), form)


async def draft(session: AsyncSession, world: World, now: datetime, number: int = 1, **changes: Any) -> Case:
    segment = await make_segment(session, number, **changes)
    return await application.create_case(session, segment, by=world.owner, now=now)


async def slotting_of(session: AsyncSession, world: World, segment: Segment, now: datetime) -> Case:
    """A case of this very segment whose departments have all reviewed its papers."""
    case = await application.create_case(session, segment, by=world.owner, now=now)
    await _accept(session, world, case, now)
    await _review(session, world, case, now)
    return case


async def bring_main_documents(session: AsyncSession, case: Case, now: datetime) -> None:
    for code in await case_documents.main_documents(session, case, now.date()):
        await case_documents.record_document(session, case, code=code, state=DocumentState.PRESENT)


async def accepted(
    session: AsyncSession, world: World, now: datetime, number: int = 1, **changes: Any
) -> Case:
    case = await draft(session, world, now, number, **changes)
    await _accept(session, world, case, now)
    return case


async def _accept(session: AsyncSession, world: World, case: Case, now: datetime) -> None:
    await application.submit_case(session, case, by=world.owner, now=now)
    await application.receive_case(session, case, by=world.window, now=now)
    await bring_main_documents(session, case, now)
    gaps = [
        GapPromise(code, "补交", now.date() + timedelta(days=20))
        for code in await case_documents.missing_documents(session, case)
    ]
    await application.accept_case(session, case, gaps=gaps, by=world.window, now=now)


async def slotting(
    session: AsyncSession, world: World, now: datetime, number: int = 1, **changes: Any
) -> Case:
    case = await accepted(session, world, now, number, **changes)
    await _review(session, world, case, now)
    return case


async def _review(session: AsyncSession, world: World, case: Case, now: datetime) -> None:
    for party in await parties.fan_out(session, case, by=world.dispatcher, now=now):
        await parties.record_party_review(
            session,
            case,
            party,
            result=PartyState.REVIEW_OK,
            by=world.liaisons[party.department_code],
            now=now,
        )


async def proposals(session: AsyncSession, world: World, case: Case, now: datetime) -> Sequence[SlotProposal]:
    search = await bookings.propose_slots(session, case, by=world.dispatcher, now=now)
    found = await reckoning(session, now)
    question = await build_question(
        session, case, search, await parties.invited_parties(session, case), found
    )
    await bookings.store_answer(session, search.id, answer(question), calendar_version="t", now=now)
    rows = await session.scalars(
        sa.select(SlotProposal)
        .where(col(SlotProposal.search_id) == search.id)
        .order_by(col(SlotProposal.rank))
    )
    return list(rows)


async def confirmed(
    session: AsyncSession, world: World, now: datetime, number: int = 1, **changes: Any
) -> Case:
    """A case whose slot is fixed and whose parties are invited."""
    case = await slotting(session, world, now, number, **changes)
    first, *_ = await proposals(session, world, case, now)
    await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=now)
    return case


async def reply_all(session: AsyncSession, world: World, case: Case, now: datetime) -> None:
    for party in await parties.invited_parties(session, case):
        if party.state is PartyState.INVITED:
            by = world.liaisons[party.department_code]
            await replies.confirm_attendance(session, case, party, by=by, now=now)


async def team_of(session: AsyncSession, case: Case, party: Party) -> list[int]:
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    rows = await session.scalars(
        sa.select(col(Booking.officer_id)).where(
            col(Booking.visit_id) == visit.id,
            col(Booking.party_id) == party.id,
            col(Booking.state) == BookingState.BOOKED,
        )
    )
    return sorted(set(rows))


async def arrive_and_open(session: AsyncSession, world: World, case: Case) -> datetime:
    """Everybody checks in on the spot; returns the moment of the visit."""
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    now = visit.starts_at
    for party in await parties.invited_parties(session, case):
        for officer in await team_of(session, case, party):
            await visits.check_in(session, case, party, by=world.account(officer), now=now, place=SPOT)
    await visits.open_visit(session, case, by=world.dispatcher, now=now)
    return now


async def speak(
    session: AsyncSession,
    world: World,
    case: Case,
    party: Party,
    *,
    verdict: Verdict,
    now: datetime,
    **details: Any,
) -> None:
    """Both signatures, by the booked officers, or by the department's first two where it speaks at its desk."""
    if party.state is PartyState.CHECKED_IN:
        first, second = await team_of(session, case, party)
    else:
        first, second = (officer.id for officer in world.officers[party.department_code][:2])
    await opinions.give_opinion(
        session, case, party, verdict=verdict, text="", by=world.account(first), now=now, **details
    )
    await opinions.countersign_opinion(session, case, party, by=world.account(second), now=now)


async def visited(
    session: AsyncSession, world: World, now: datetime, number: int = 1, **failing: Any
) -> tuple[Case, datetime]:
    """A case whose first visit is closed; `failing` gives some departments' findings."""
    case = await confirmed(session, world, now, number)
    await reply_all(session, world, case, now)
    moment = await arrive_and_open(session, world, case)
    for party in await parties_of(session, case):
        findings = failing.get(party.department_code)
        verdict = Verdict.RECTIFY if findings else Verdict.AGREE
        details = {"findings": findings} if findings else {}
        await speak(session, world, case, party, verdict=verdict, now=moment, **details)
    await visits.close_visit(session, case, minutes_text="纪要", by=world.dispatcher, now=moment)
    return case, moment


async def issued(
    session: AsyncSession, world: World, now: datetime, number: int = 1
) -> tuple[Case, datetime]:
    case, moment = await visited(session, world, now, number)
    await decisions.deliberate(session, case, by=world.dispatcher, now=moment)
    await decisions.issue_opinion(session, case, by=world.issuer, now=moment)
    return case, moment


async def party_named(session: AsyncSession, case: Case, department: str) -> Party:
    (party,) = [
        each for each in await parties.invited_parties(session, case) if each.department_code == department
    ]
    return party
