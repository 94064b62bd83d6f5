"""The catalogue changes version by version: one administrator proposes, another approves, from a day on.

A case keeps the version of the day on which it began.
"""

from datetime import date, datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from core.errors import FieldProblem, FourEyesRequired, InvalidInput, NotFound
from core.people import Department
from inspection.catalogue import MatterRow, faults_of
from inspection.models import Matter, MatterStatus
from inspection.refusals import CatalogueDecided


async def propose_matter(
    session: AsyncSession,
    row: MatterRow,
    *,
    valid_from: date,
    source: str,
    retired: bool = False,
    by: int,
    now: datetime,
) -> Matter:
    """A new version of a matter, or a new matter, for somebody else to approve. Raises `InvalidInput` by field."""
    faults = list(faults_of(row))
    if not source.strip():
        faults.append(FieldProblem("source", "请写明依据文件。"))
    if valid_from <= local_date(now):
        faults.append(FieldProblem("valid_from", "生效日期须晚于今天。"))
    if await session.get(Department, row.department) is None:
        faults.append(FieldProblem("department", "没有这个部门。"))
    if faults:
        raise InvalidInput(problems=tuple(faults))
    fields = msgspec.to_builtins(row)
    matter = Matter(
        **{name: value for name, value in fields.items() if name != "department"},
        department_code=row.department,
        position=await _position(session, row.code),
        valid_from=valid_from,
        retired=retired,
        source=source,
        status=MatterStatus.PROPOSED,
        proposed_by=by,
        proposed_at=now,
    )
    session.add(matter)
    await session.flush()
    ledger.record(
        session,
        action="catalogue.propose",
        subject=f"matter:{matter.code}",
        actor=f"account:{by}",
        now=now,
        data={"version": matter.id, "valid_from": valid_from.isoformat(), "retired": retired, "row": fields},
    )
    return matter


async def _position(session: AsyncSession, code: str) -> int:
    """That of the matter's other versions; a new matter comes last."""
    known = await session.scalar(sa.select(col(Matter.position)).where(col(Matter.code) == code).limit(1))
    if known is not None:
        return known
    last = await session.scalar(sa.select(sa.func.max(col(Matter.position))))
    return (last if last is not None else -1) + 1


async def decide_matter(
    session: AsyncSession, version_id: int, *, approve: bool, by: int, now: datetime
) -> Matter:
    """Approve or reject a proposal; whoever proposed it may do neither.

    Raises `CatalogueDecided` where that was done before, or where another version of the same day was approved, and
    `InvalidInput` where the day has come meanwhile: nothing changes for cases that have begun.
    """
    matter = await session.get(Matter, version_id, with_for_update=True)
    if matter is None:
        raise NotFound
    if matter.status is not MatterStatus.PROPOSED:
        raise CatalogueDecided
    if matter.proposed_by == by:
        raise FourEyesRequired
    if approve and matter.valid_from <= local_date(now):
        raise InvalidInput(problems=(FieldProblem("valid_from", "生效日期须晚于今天。"),))
    same_day = sa.select(col(Matter.id)).where(
        col(Matter.code) == matter.code,
        col(Matter.valid_from) == matter.valid_from,
        col(Matter.status) == MatterStatus.APPROVED,
    )
    if approve and await session.scalar(same_day) is not None:
        raise CatalogueDecided
    matter.status = MatterStatus.APPROVED if approve else MatterStatus.REJECTED
    matter.decided_by, matter.decided_at = by, now
    ledger.record(
        session,
        action=f"catalogue.{matter.status.value}",
        subject=f"matter:{matter.code}",
        actor=f"account:{by}",
        now=now,
        data={"version": matter.id},
    )
    await session.flush()
    return matter


async def add_department(
    session: AsyncSession, *, code: str, name_zh: str, name_en: str, by: int, now: datetime
) -> Department:
    """A department takes part only once a matter of its own is approved, so one person may name it."""
    faults = [
        FieldProblem(name, "请填写。")
        for name, value in (("code", code), ("name_zh", name_zh), ("name_en", name_en))
        if not value.strip()
    ]
    if not code.replace("_", "").isalnum() or not code.isascii():
        faults.append(FieldProblem("code", "代码只用小写字母、数字和下划线。"))
    if await session.get(Department, code) is not None:
        faults.append(FieldProblem("code", "这个代码已有部门使用。"))
    if faults:
        raise InvalidInput(problems=tuple(faults))
    department = Department(code=code, name_zh=name_zh, name_en=name_en)
    session.add(department)
    await session.flush()
    ledger.record(
        session,
        action="department.add",
        subject=f"department:{code}",
        actor=f"account:{by}",
        now=now,
        data={"name_zh": name_zh, "name_en": name_en},
    )
    return department
