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
from core.errors import FieldProblem
from core.people import Department
from inspection.models import Matter, MatterStatus, RuleValue
from inspection.refusals import CatalogueError
from inspection.triggers import unknown_facts

HERE = Path(__file__).parent
PERCENT = 100
#: The department that leads every case: convenes, chairs, issues.
LEAD = "quality"
LEAD_MATTER = "completion_supervision"
#: Silence never counts as consent here, whatever the catalogue or a rule says.
NEVER_DEEMED = frozenset({"fire", "civil_defence", "quality", "planning"})


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
    result_zh: str = ""
    result_en: str = ""


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

    def __init__(self, rows: Mapping[str, tuple[int, str, str]]) -> None:
        """`rows`: value, source and article."""
        self._rows = rows

    def __getitem__(self, name: str) -> int:
        return self._rows[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def cite(self, name: str) -> tuple[str, str]:
        """Source and article."""
        return self._rows[name][1:]


def read_catalogue() -> CatalogueFile:
    """The default catalogue. Raises `CatalogueError` where a trigger names no fact."""
    catalogue = msgspec.convert(tomllib.loads((HERE / "catalogue.toml").read_text("utf-8")), CatalogueFile)
    for matter in catalogue.matter:
        if faults := faults_of(matter):
            raise CatalogueError(matter.code, faults)
    return catalogue


def faults_of(matter: MatterRow) -> tuple[FieldProblem, ...]:
    """What contradicts itself in a matter's version, field by field."""
    faults = []
    if unknown := unknown_facts(matter.triggers):
        faults.append(FieldProblem("triggers", "没有这种项目情况：%(name)s。", {"name": min(unknown)}))
    silent = matter.hard_order or matter.department in NEVER_DEEMED
    if silent and matter.deemed_consent_allowed:
        faults.append(FieldProblem("deemed_consent_allowed", "该部门的意见不适用超时默许。"))
    codes = [document.code for document in matter.documents]
    if len(codes) != len(set(codes)):
        faults.append(FieldProblem("documents", "材料代码重复。"))
    faults += [
        FieldProblem(name, "该项为六公开内容，不能空缺。")
        for name in (
            "name_zh",
            "name_en",
            "content",
            "basis",
            "procedure",
            "conditions",
            "fee",
            "certificate",
        )
        if not getattr(matter, name).strip()
    ]
    if matter.promised_days < 1:
        faults.append(FieldProblem("promised_days", "承诺时限至少一个工作日。"))
    if matter.officers < 1 or not 1 <= matter.site_share <= PERCENT:
        faults.append(FieldProblem("officers", "人数和现场时间占比应大于零，占比不超过 100。"))
    return tuple(faults)


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
    rows = await session.execute(_VALUES, {"on": local_date(now)})
    return Rules({row.name: (row.value, row.source, row.article) for row in rows})


_VALUES = (
    sa.select(col(RuleValue.name), col(RuleValue.value), col(RuleValue.source), col(RuleValue.article))
    .where(
        col(RuleValue.valid_from) <= sa.bindparam("on"),
        sa.or_(col(RuleValue.proposed_by).is_(None), col(RuleValue.approved_by).is_not(None)),
    )
    .order_by(col(RuleValue.valid_from), col(RuleValue.id))
)


async def current_matters(session: AsyncSession, on: date) -> list[Matter]:
    """The version of each matter that holds on a day, in the catalogue's order; retired ones are left out."""
    rows = await session.scalars(_MATTERS, {"on": on})
    return sorted((row for row in rows if not row.retired), key=lambda matter: matter.position)


_MATTERS = (
    sa.select(Matter)
    .where(col(Matter.valid_from) <= sa.bindparam("on"), col(Matter.status) == MatterStatus.APPROVED)
    .order_by(col(Matter.code), col(Matter.valid_from).desc())
    .ext(distinct_on(col(Matter.code)))
)
