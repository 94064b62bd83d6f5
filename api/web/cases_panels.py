"""What the forms on a case page need beyond the case itself: only for the reader whose turn it is."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.web.rendering import localdate
from core.access import Action
from core.clock import LOCAL
from core.i18n import current_locale, gettext
from core.people import Department
from inspection.catalogue import current_matters
from inspection.models import Matter, Officer
from inspection.queries.case_detail import CaseDetail, ProposalLine
from inspection.states import CaseState, PartyState, Post, SearchState
from inspection.triggers import Facts, draws_in
from scheduling.wording import MESSAGES, Reason, word


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
    officers: str


class SlotsView(msgspec.Struct, frozen=True):
    state: SearchState
    asked_at: datetime
    cards: list[SlotCard]
    explanation: list[str]


class OfficerChoice(msgspec.Struct, frozen=True):
    id: int
    name: str
    post: Post


class Panels(msgspec.Struct, frozen=True, kw_only=True):
    matters: list[MatterChoice]
    """Who may be drawn in, as long as that is open."""
    slots: SlotsView | None
    team: list[OfficerChoice]
    """Whom the department may send, where it is asked."""


async def load_panels(session: AsyncSession, caller: Principal, view: CaseDetail, *, today: date) -> Panels:
    choosing = not view.parties or (caller.may(Action.CASE_BOOK) and view.state is CaseState.REVIEWING)
    asked = caller.may(Action.CASE_REPLY) and any(
        party.state is PartyState.INVITED and party.department_code == caller.department
        for party in view.parties
    )
    return Panels(
        matters=await _matters(session, view, today) if choosing else [],
        slots=await word_slots(session, view) if caller.may(Action.CASE_BOOK) else None,
        team=await _team(session, caller.department or "") if asked else [],
    )


async def _matters(session: AsyncSession, view: CaseDetail, today: date) -> list[MatterChoice]:
    names = await department_names(session)
    facts = msgspec.convert(view.facts, Facts)
    drawn = {party.matter_code for party in view.parties}
    return [
        _choice(matter, names, facts)
        for matter in await current_matters(session, today)
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
    officers = dict(rows.tuples().all())
    departments = {party.id: names[party.department_code] for party in view.parties}
    return SlotsView(
        state=search.state,
        asked_at=search.asked_at,
        cards=[_card(each, names, officers, departments) for each in search.proposals],
        explanation=[explain(each, names) for each in search.explanation],
    )


def _card(
    proposal: ProposalLine, names: dict[str, str], officers: dict[int, str], departments: dict[int, str]
) -> SlotCard:
    starts, ends = proposal.starts_at.astimezone(LOCAL), proposal.ends_at.astimezone(LOCAL)
    teams = (
        f"{departments.get(team['party_id'], '')} {'、'.join(officers.get(each, '') for each in team['officer_ids'])}"
        for team in proposal.teams
    )
    return SlotCard(
        id=proposal.id,
        day=localdate(starts, "full"),
        hours=f"{starts:%H:%M}–{ends:%H:%M}",
        reasons=[worded(each, names) for each in proposal.reasons],
        officers=" · ".join(teams),
    )


def worded(stored: dict[str, Any], names: dict[str, str]) -> str:
    """A reason of the scheduling engine as a sentence, with departments by name."""
    params = {name: _named(value, names) for name, value in stored.get("params", {}).items()}
    return word(Reason(code=stored["code"], params=params), gettext=gettext, locale=current_locale.get())


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def explain(stored: dict[str, Any], names: dict[str, str]) -> str:
    """Why there is no joint slot, and what to relax, in the reader's words."""
    params = stored.get("params", {})
    match stored["code"]:
        case "department_unavailable":
            return gettext(
                "只有%(department)s派不出人员，其余部门都有共同时段。可请该部门增派人员，或放宽期望日期。",
                department=names.get(params["department"], params["department"]),
            )
        case "no_common_time":
            return gettext(
                "在可排期限内没有各部门都有空的时段：%(departments)s。可放宽期望日期，或分次验收。",
                departments="、".join(names.get(each, each) for each in params["departments"]),
            )
        case code if code in MESSAGES:
            return worded(stored, names)
        case code:
            return str(code)


async def _team(session: AsyncSession, department: str) -> list[OfficerChoice]:
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.name), col(Officer.post))
        .where(col(Officer.department_code) == department, col(Officer.active))
        .order_by(col(Officer.post), col(Officer.number))
    )
    return [OfficerChoice(row.id, row.name, row.post) for row in rows]
