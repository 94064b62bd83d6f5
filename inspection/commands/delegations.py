"""授权: whoever signs for a department belongs to it, or holds the right delegated for the matter, that day."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from core.people import Account, Delegation, Department, Right
from inspection.catalogue import LEAD, LEAD_MATTER
from inspection.queries.delegations import holding
from inspection.refusals import DelegationMissing


async def require_right(
    session: AsyncSession,
    by: int,
    right: Right,
    *,
    now: datetime,
    department: str = LEAD,
    matter: str = LEAD_MATTER,
) -> None:
    """Raises `DelegationMissing`. A delegation that names no matter holds for all of the department's."""
    account = await session.get(Account, by)
    if account is not None and account.department_code == department:
        return
    held = holding(by, sa.literal(department), sa.literal(matter), on=local_date(now))
    if not await session.scalar(sa.select(held.where(col(Delegation.right) == right))):
        raise DelegationMissing


async def delegate(
    session: AsyncSession,
    *,
    department: str,
    login: str,
    rights: Collection[Right],
    matters: Collection[str],
    first: date,
    last: date,
    by: int,
    now: datetime,
) -> list[Delegation]:
    """A department gives rights to a person from a day to a day. Raises `InvalidInput` by field."""
    account = await session.scalar(sa.select(Account).where(col(Account.login) == login, col(Account.active)))
    faults = []
    if account is None:
        faults.append(FieldProblem("login", "没有这个账号。"))
    if not rights:
        faults.append(FieldProblem("rights", "请至少选择一项。"))
    if last < first:
        faults.append(FieldProblem("valid_to", "止期不能早于起期。"))
    if await session.get(Department, department) is None:
        faults.append(FieldProblem("department", "没有这个部门。"))
    if faults or account is None:
        raise InvalidInput(problems=tuple(faults))
    given = [
        Delegation(
            department_code=department,
            account_id=account.id,
            right=right,
            matters=sorted(matters),
            valid_from=first,
            valid_to=last,
        )
        for right in rights
    ]
    session.add_all(given)
    await session.flush()
    ledger.record(
        session,
        action="delegation.give",
        subject=f"department:{department}",
        actor=f"account:{by}",
        now=now,
        data={
            "to": account.id,
            "rights": sorted(right.value for right in rights),
            "matters": sorted(matters),
            "from": first.isoformat(),
            "until": last.isoformat(),
        },
    )
    return given


async def end_delegation(session: AsyncSession, delegation_id: int, *, by: int, now: datetime) -> Delegation:
    """From tomorrow on it holds no more; what was signed under it stands. Raises `NotFound`."""
    delegation = await session.get(Delegation, delegation_id, with_for_update=True)
    if delegation is None:
        raise NotFound
    delegation.valid_to = max(delegation.valid_from, min(delegation.valid_to, local_date(now)))
    ledger.record(
        session,
        action="delegation.end",
        subject=f"department:{delegation.department_code}",
        actor=f"account:{by}",
        now=now,
        data={"delegation": delegation.id},
    )
    return delegation
