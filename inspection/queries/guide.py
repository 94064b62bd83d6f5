"""办事指南: the catalogue as anybody may read it, and its versions as administrators work on them."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.people import Account, Department
from inspection.catalogue import MatterRow, Rules, current_matters
from inspection.models import Matter, MatterStatus
from inspection.trigger_words import sentences

PROFILES = ("low", "ordinary", "complex")


class GuideDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`main`: without it a case cannot be accepted; any other may follow by a promised day (容缺)."""

    code: str
    zh: str
    en: str
    main: bool


class GuideMatter(msgspec.Struct, frozen=True, kw_only=True):
    """One matter with the six publics (六公开): content, basis, procedure, conditions, promised time, fee."""

    code: str
    name_zh: str
    name_en: str
    department: str
    department_zh: str
    department_en: str
    drawn_in_zh: list[str]
    """When the department takes part: any of these."""
    drawn_in_en: list[str]
    site: bool
    hard_order: bool
    """Must be settled before the joint opinion."""
    deemed_consent: bool
    content: str
    basis: str
    procedure: str
    conditions: str
    promised_days: int
    """Working days."""
    fee: str
    documents: list[GuideDocument]
    checklist: list[str]
    result_zh: str
    result_en: str
    valid_from: date
    source: str


class GuideTime(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole case, in working days from the day after acceptance."""

    profile: str
    days: int
    source: str


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    on: date
    times: list[GuideTime]
    matters: list[GuideMatter]


async def service_guide(session: AsyncSession, rules: Rules, *, on: date) -> Guide:
    """As it holds on a day."""
    departments = {row.code: row for row in await session.scalars(sa.select(Department))}
    times = [
        GuideTime(
            profile=profile,
            days=rules[f"clock.whole.{profile}"],
            source=rules.cite(f"clock.whole.{profile}")[0],
        )
        for profile in PROFILES
        if f"clock.whole.{profile}" in rules
    ]
    matters = await current_matters(session, on)
    return Guide(
        on=on,
        times=times,
        matters=[_guided(matter, departments[matter.department_code]) for matter in matters],
    )


def _guided(matter: Matter, department: Department) -> GuideMatter:
    return GuideMatter(
        code=matter.code,
        name_zh=matter.name_zh,
        name_en=matter.name_en,
        department=department.code,
        department_zh=department.name_zh,
        department_en=department.name_en,
        drawn_in_zh=sentences(matter.triggers, "zh-CN"),
        drawn_in_en=sentences(matter.triggers, "en"),
        site=matter.site,
        hard_order=matter.hard_order,
        deemed_consent=matter.deemed_consent_allowed,
        content=matter.content,
        basis=matter.basis,
        procedure=matter.procedure,
        conditions=matter.conditions,
        promised_days=matter.promised_days,
        fee=matter.fee,
        documents=[
            GuideDocument(code=each["code"], zh=each["zh"], en=each["en"], main=each.get("main", False))
            for each in matter.documents
        ],
        checklist=matter.checklist,
        result_zh=matter.result_zh,
        result_en=matter.result_en,
        valid_from=matter.valid_from,
        source=matter.source,
    )


class MatterVersion(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    valid_from: date
    retired: bool
    status: MatterStatus
    source: str
    proposed_by: int | None
    proposer: str
    proposed_at: datetime | None
    decided_at: datetime | None
    row: MatterRow


async def matter_versions(session: AsyncSession, code: str) -> list[MatterVersion]:
    """Newest first, proposals and rejected ones among them."""
    return await _versions(session, col(Matter.code) == code)


async def open_proposals(session: AsyncSession) -> list[MatterVersion]:
    return await _versions(session, col(Matter.status) == MatterStatus.PROPOSED)


async def _versions(session: AsyncSession, which: sa.ColumnElement[bool]) -> list[MatterVersion]:
    rows = await session.execute(
        sa.select(Matter, col(Account.name))
        .outerjoin(Account, col(Account.id) == col(Matter.proposed_by))
        .where(which)
        .order_by(col(Matter.valid_from).desc(), col(Matter.id).desc())
    )
    return [
        MatterVersion(
            id=matter.id,
            valid_from=matter.valid_from,
            retired=matter.retired,
            status=matter.status,
            source=matter.source,
            proposed_by=matter.proposed_by,
            proposer=name or "",
            proposed_at=matter.proposed_at,
            decided_at=matter.decided_at,
            row=row_of(matter),
        )
        for matter, name in rows
    ]


def row_of(matter: Matter) -> MatterRow:
    """The version as it would be written in the catalogue's file."""
    fields: dict[str, Any] = {name: getattr(matter, name, None) for name in MatterRow.__struct_fields__}
    return msgspec.convert(fields | {"department": matter.department_code}, MatterRow)


def differences(before: MatterRow | None, after: MatterRow) -> list[tuple[str, Any, Any]]:
    """(field, before, after) for each that changes."""
    return [
        (name, getattr(before, name) if before else None, getattr(after, name))
        for name in MatterRow.__struct_fields__
        if before is None or getattr(before, name) != getattr(after, name)
    ]
