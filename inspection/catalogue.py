"""The catalogue and the rule values in force: seeded from the two TOML files beside this one, then kept in tables."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from core.people import Department
from inspection.models import Matter, RuleValue
from inspection.refusals import CatalogueError
from inspection.triggers import unknown_facts

HERE = Path(__file__).parent
#: The department that leads every case: convenes, chairs, issues.
LEAD = "quality"


class DepartmentRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name_zh: str
    name_en: str


class DocumentRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    zh: str
    en: str
    main: bool = False


class MatterRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: str
    department: str
    name_zh: str
    name_en: str
    triggers: list[dict[str, Any]]
    site: bool
    hard_order: bool = False
    deemed_consent_allowed: bool = False
    certificate: str
    officers: int = 2
    site_share: int = 100
    content: str
    basis: str
    procedure: str
    conditions: str
    promised_days: int
    fee: str
    documents: list[DocumentRow]
    checklist: list[str]


class CatalogueFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    valid_from: date
    source: str
    lead: str
    department: list[DepartmentRow]
    matter: list[MatterRow]


class RuleRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: int
    unit: str
    source: str
    article: str = ""


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    valid_from: date
    rule: list[RuleRow]


class Rules(Mapping[str, int]):
    """The values in force on a day, by name; `cite` tells where one comes from."""

    def __init__(self, rows: Mapping[str, RuleValue]) -> None:
        self._rows = rows

    def __getitem__(self, name: str) -> int:
        return self._rows[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def cite(self, name: str) -> tuple[str, str]:
        """Source and article."""
        row = self._rows[name]
        return row.source, row.article


def read_catalogue() -> CatalogueFile:
    """The default catalogue. Raises `CatalogueError` where a trigger names no fact."""
    catalogue = msgspec.convert(tomllib.loads((HERE / "catalogue.toml").read_text("utf-8")), CatalogueFile)
    for matter in catalogue.matter:
        if unknown := unknown_facts(matter.triggers):
            raise CatalogueError(matter.code, unknown)
        if matter.hard_order and matter.deemed_consent_allowed:
            raise CatalogueError(matter.code, "deemed_consent_allowed")
    return catalogue


def read_rules() -> RuleFile:
    return msgspec.convert(tomllib.loads((HERE / "rule_values.toml").read_text("utf-8")), RuleFile)


async def seed_catalogue(session: AsyncSession, *, now: datetime) -> None:
    """Departments, matters and rule values that every installation starts from; what is there already stays."""
    if await session.scalar(sa.select(col(Matter.id)).limit(1)):
        return
    catalogue, rules = read_catalogue(), read_rules()
    await session.execute(
        insert(Department)
        .values([msgspec.to_builtins(row) for row in catalogue.department])
        .on_conflict_do_nothing()
    )
    for position, row in enumerate(catalogue.matter):
        fields = msgspec.to_builtins(row)
        session.add(
            Matter(
                **{name: value for name, value in fields.items() if name != "department"},
                department_code=row.department,
                position=position,
                valid_from=catalogue.valid_from,
                source=catalogue.source,
            )
        )
    for rule in rules.rule:
        session.add(RuleValue(**msgspec.to_builtins(rule), valid_from=rules.valid_from))
    await session.flush()
    ledger.record(
        session,
        action="catalogue.seed",
        subject="catalogue:default",
        now=now,
        data={"matters": len(catalogue.matter), "rules": len(rules.rule)},
    )


async def load_rules(session: AsyncSession, now: datetime) -> Rules:
    """The latest approved version of each value."""
    rows = await session.scalars(
        sa.select(RuleValue)
        .where(
            col(RuleValue.valid_from) <= local_date(now),
            sa.or_(col(RuleValue.proposed_by).is_(None), col(RuleValue.approved_by).is_not(None)),
        )
        .order_by(col(RuleValue.valid_from), col(RuleValue.id))
    )
    return Rules({row.name: row for row in rows})


async def current_matters(session: AsyncSession, on: date) -> list[Matter]:
    """The version of each matter that holds on a day, in the catalogue's order."""
    rows = await session.scalars(
        sa.select(Matter)
        .where(col(Matter.valid_from) <= on)
        .order_by(col(Matter.code), col(Matter.valid_from).desc())
        .ext(distinct_on(col(Matter.code)))
    )
    return sorted(rows, key=lambda matter: matter.position)
