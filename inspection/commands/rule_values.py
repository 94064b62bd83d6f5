"""Limits and defaults change like the catalogue: one administrator proposes, another approves, from a day on."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from core.errors import FieldProblem, FourEyesRequired, InvalidInput, NotFound
from inspection.models import RuleValue
from inspection.reckoning import forget_reckoning
from inspection.refusals import CatalogueDecided

SWITCH = "switch"


async def propose_rule_value(
    session: AsyncSession,
    name: str,
    *,
    value: int,
    valid_from: date,
    source: str,
    article: str = "",
    by: int,
    now: datetime,
) -> RuleValue:
    """A known limit's next value, in its own unit. Raises `NotFound` or `InvalidInput`."""
    known = await session.scalar(sa.select(RuleValue).where(col(RuleValue.name) == name).limit(1))
    if known is None:
        raise NotFound
    faults = []
    if value < 0 or (known.unit == SWITCH and value > 1):
        faults.append(FieldProblem("value", "数值不能为负；开关只能为 0 或 1。"))
    if valid_from <= local_date(now):
        faults.append(FieldProblem("valid_from", "生效日期须晚于今天。"))
    if not source.strip():
        faults.append(FieldProblem("source", "请写明依据文件。"))
    same_day = sa.select(col(RuleValue.id)).where(
        col(RuleValue.name) == name, col(RuleValue.valid_from) == valid_from
    )
    if await session.scalar(same_day) is not None:
        faults.append(FieldProblem("valid_from", "同一天已有另一数值或提议。"))
    if faults:
        raise InvalidInput(problems=tuple(faults))
    row = RuleValue(
        name=name,
        value=value,
        unit=known.unit,
        valid_from=valid_from,
        source=source,
        article=article,
        proposed_by=by,
    )
    session.add(row)
    await session.flush()
    _record(session, "rule.propose", row, by=by, now=now)
    return row


async def decide_rule_value(
    session: AsyncSession, version_id: int, *, approve: bool, by: int, now: datetime
) -> RuleValue:
    """Approve, or take the proposal away; the ledger keeps both. Whoever proposed it may do neither."""
    row = await session.get(RuleValue, version_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.proposed_by is None or row.approved_by is not None:
        raise CatalogueDecided
    if row.proposed_by == by:
        raise FourEyesRequired
    if approve and row.valid_from <= local_date(now):
        raise InvalidInput(problems=(FieldProblem("valid_from", "生效日期须晚于今天。"),))
    _record(session, "rule.approve" if approve else "rule.reject", row, by=by, now=now)
    if approve:
        row.approved_by = by
    else:
        await session.delete(row)
    await session.flush()
    forget_reckoning(session)
    return row


def _record(session: AsyncSession, action: str, row: RuleValue, *, by: int, now: datetime) -> None:
    data = {
        "version": row.id,
        "value": row.value,
        "valid_from": row.valid_from.isoformat(),
        "source": row.source,
    }
    ledger.record(
        session, action=action, subject=f"rule:{row.name}", actor=f"account:{by}", now=now, data=data
    )
