"""必须交费: what is due before the joint opinion can be issued."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from inspection.commands import letters
from inspection.commands.transitions import note
from inspection.models import Case, Fee
from inspection.refusals import ReasonRequired, WrongState
from inspection.states import LetterKind


async def demand_fee(
    session: AsyncSession, case: Case, *, item: str, basis: str, amount: Decimal, by: int, now: datetime
) -> Fee:
    """A charge with its legal basis; `amount` in 元."""
    if not item.strip() or not basis.strip() or amount <= 0:
        raise ReasonRequired
    fee = Fee(case_id=case.id, item=item, basis=basis, amount=amount, demanded_at=now)
    session.add(fee)
    await session.flush()
    note(session, case, "fee.demanded", by=by, now=now, data={"fee": fee.id, "amount": str(amount)})
    content = {"item": item, "basis": basis, "amount": str(amount)}
    await letters.to_applicant(session, case, LetterKind.FEE, content, now=now)
    return fee


async def record_payment(session: AsyncSession, case: Case, fee_id: int, *, by: int, now: datetime) -> Fee:
    fee = await _open_fee(session, case, fee_id)
    fee.paid_at = now
    note(session, case, "fee.paid", by=by, now=now, data={"fee": fee.id})
    return fee


async def override_fee(
    session: AsyncSession, case: Case, fee_id: int, *, reason: str, by: int, now: datetime
) -> Fee:
    """The gate is opened without payment: by name, with a reason, on the record."""
    if not reason.strip():
        raise ReasonRequired
    fee = await _open_fee(session, case, fee_id)
    fee.overridden_at, fee.overridden_by, fee.override_reason = now, by, reason
    note(session, case, "fee.overridden", by=by, now=now, data={"fee": fee.id, "reason": reason})
    return fee


async def _open_fee(session: AsyncSession, case: Case, fee_id: int) -> Fee:
    fee = await session.get(Fee, fee_id)
    if fee is None or fee.case_id != case.id:
        raise NotFound
    if fee.paid_at or fee.overridden_at:
        raise WrongState
    return fee


async def fees_are_due(session: AsyncSession, case: Case) -> bool:
    unpaid = sa.select(col(Fee.id)).where(
        col(Fee.case_id) == case.id, col(Fee.paid_at).is_(None), col(Fee.overridden_at).is_(None)
    )
    return await session.scalar(unpaid.limit(1)) is not None
