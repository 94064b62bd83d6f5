"""What the forms on a case page need beyond the case itself: only for the reader whose turn it is."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.web.rendering import localday
from core.access import Action, Scope
from core.clock import LOCAL, local_date
from core.i18n import current_locale, gettext
from core.people import Department
from inspection.catalogue import current_matters
from inspection.models import Matter, Officer
from inspection.queries.absences import LostSeat, lost_seats
from inspection.queries.aftercare import Aftercare, aftercare_of
from inspection.queries.case_lines import CaseDetail, ProposalLine
from inspection.states import CaseState, PartyState, Post, SearchState, VisitState
from inspection.triggers import Facts, draws_in

NOON = 12


class MatterChoice(msgspec.Struct, frozen=True):
    """A matter of the catalogue, and whether the rules draw it into this case."""

    code: str
    name_zh: str
    name_en: str
    department: str
    by_rule: bool


class SlotCard(msgspec.Struct, frozen=True):
    id: int
    day: str
    hours: str
    reasons: list[str]
    officers: list[str]
    """One line for each department: its name and who comes."""


class SlotsView(msgspec.Struct, frozen=True):
    state: SearchState
    asked_at: datetime
    cards: list[SlotCard]
    conflicts: list[str]
    """Each is a minimal set of reasons why there is no slot."""
    ways_out: list[str]


class OfficerChoice(msgspec.Struct, frozen=True):
    id: int
    name: str
    post: Post


class Panels(msgspec.Struct, frozen=True, kw_only=True):
    matters: list[MatterChoice]
    """Who may be drawn in, as long as that is open."""
    slots: SlotsView | None
    after: Aftercare
    """Fees, ratings and the like; empty for departments."""
    lost: list[LostSeat]
    """Whom the standing visit misses, for the lead."""
    team: list[OfficerChoice]
    """Whom the department may send, where it is asked."""


async def load_panels(session: AsyncSession, caller: Principal, view: CaseDetail, *, now: datetime) -> Panels:
    choosing = not view.parties or (caller.may(Action.CASE_BOOK) and view.state is CaseState.REVIEWING)
    asked = caller.may(Action.CASE_REPLY) and any(
        party.state is PartyState.INVITED and party.department_code == caller.department
        for party in view.parties
    )
    return Panels(
        matters=await _matters(session, view) if choosing else [],
        slots=await word_slots(session, view) if caller.may(Action.CASE_BOOK) else None,
        after=await _after(session, caller, view),
        lost=await lost_seats(session, now=now, case=view.code) if caller.may(Action.CASE_BOOK) else [],
        team=await _team(session, caller.department or "") if asked else [],
    )


async def _after(session: AsyncSession, caller: Principal, view: CaseDetail) -> Aftercare:
    if caller.scope(Action.CASE_READ) is Scope.DEPARTMENT:
        return Aftercare()
    heard = caller.may(Action.SUPERVISE) or caller.person == view.applicant_id
    return await aftercare_of(session, view.code, complaints=heard)


async def _matters(session: AsyncSession, view: CaseDetail) -> list[MatterChoice]:
    names = await department_names(session)
    facts = msgspec.convert(view.facts, Facts)
    drawn = {party.matter_code for party in view.parties}
    return [
        _choice(matter, names, facts)
        for matter in await current_matters(session, local_date(view.created_at))
        if matter.code not in drawn
    ]


def _choice(matter: Matter, names: dict[str, str], facts: Facts) -> MatterChoice:
    by_rule = draws_in(matter.triggers, facts)
    return MatterChoice(matter.code, matter.name_zh, matter.name_en, names[matter.department_code], by_rule)


async def department_names(session: AsyncSession) -> dict[str, str]:
    """In the reader's language, by code."""
    english = current_locale.get() == "en"
    rows = await session.scalars(sa.select(Department))
    return {row.code: row.name_en if english else row.name_zh for row in rows}


async def word_slots(session: AsyncSession, view: CaseDetail) -> SlotsView | None:
    """The latest answer of the scheduling engine, in the reader's words."""
    search = view.search
    if search is None:
        return None
    names = await department_names(session)
    ids = {each for proposal in search.proposals for team in proposal.teams for each in team["officer_ids"]}
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.name)).where(col(Officer.id).in_(ids))
    )
    officers = dict(rows.all())
    departments = {party.id: names[party.department_code] for party in view.parties}
    planned = any(visit.state is VisitState.PLANNED for visit in view.visits)
    present = {names[party.department_code]: party.officers for party in view.parties if planned}
    return SlotsView(
        state=search.state,
        asked_at=search.asked_at,
        cards=[_card(each, officers, departments, present) for each in search.proposals],
        conflicts=sentences(search.explanation, "conflict"),
        ways_out=sentences(search.explanation, "way_out"),
    )


def _card(
    proposal: ProposalLine,
    officers: dict[int, str],
    departments: dict[int, str],
    present: dict[str, list[str]],
) -> SlotCard:
    """A visit that takes two half-days shows both, and who comes to each; one that stands, who came before."""
    halves: dict[tuple[date, bool], list[Seat]] = {}
    for team in proposal.teams:
        names = "、".join(officers.get(each, "") for each in team["officer_ids"])
        starts, ends = (datetime.fromisoformat(team[at]).astimezone(LOCAL) for at in ("starts_at", "ends_at"))
        seat = Seat(departments.get(team["party_id"], ""), names, starts, ends)
        halves.setdefault((starts.date(), starts.hour >= NOON), []).append(seat)
    spans = [
        (min(seat.starts for seat in seats), max(seat.ends for seat in seats)) for seats in halves.values()
    ]
    first = spans[0][0]
    hours = [
        f"{'' if starts.date() == first.date() else localday(starts)} {starts:%H:%M}–{ends:%H:%M}".strip()
        for starts, ends in spans
    ]
    lines: dict[str, list[str]] = {}
    for seat in (seat for seats in halves.values() for seat in seats):
        teams = lines.setdefault(seat.department, [])
        if seat.names not in teams:
            teams.append(seat.names)
    return SlotCard(
        id=proposal.id,
        day=localday(first),
        hours=" + ".join(hours),
        reasons=[sentence(each) for each in proposal.reasons],
        officers=[
            f"{department} {' → '.join(teams)}{_instead_of(present.get(department, []), teams)}"
            for department, teams in lines.items()
        ],
    )


def _instead_of(before: list[str], teams: list[str]) -> str:
    """Empty where nobody changes."""
    after = {name for team in teams for name in team.split("、")}
    if not before or after == set(before):
        return ""
    return gettext("（原 %(names)s）", names="、".join(before))


class Seat(msgspec.Struct, frozen=True):
    """Who comes for one department to one half-day."""

    department: str
    names: str
    starts: datetime
    ends: datetime


def sentence(reason: dict[str, str]) -> str:
    """A reason of the scheduling engine in the reader's language."""
    return reason["en" if current_locale.get() == "en" else "zh"]


def sentences(explanation: list[dict[str, Any]], kind: str) -> list[str]:
    """Each `conflict` or `way_out` as one line."""
    return [
        "；".join(sentence(reason) for reason in each["reasons"])
        for each in explanation
        if each["kind"] == kind
    ]


async def _team(session: AsyncSession, department: str) -> list[OfficerChoice]:
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.name), col(Officer.post))
        .where(col(Officer.department_code) == department, col(Officer.active))
        .order_by(col(Officer.post), col(Officer.number))
    )
    return [OfficerChoice(row.id, row.name, row.post) for row in rows]
