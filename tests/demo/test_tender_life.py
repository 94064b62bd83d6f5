"""A tender's whole life, brought about by nothing but its timed events."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from api.handlers import HANDLERS
from api.resources import Resources
from core import outbox
from core.access import Role
from core.db import Database
from core.ledger import LedgerEntry
from core.outbox import OutboxEvent
from core.people import Account, AccountRole
from core.settings import Settings
from demo.tender_life import APPROVER, WRITER, begin_tender
from tendering.models import Notice
from tests.conftest import NOW

TWO_MONTHS = NOW + timedelta(days=75)


async def test_a_tenders_life_happens_in_order_by_itself(settings: Settings, database: Database) -> None:
    async with database.transaction() as session:
        for login in (WRITER, APPROVER):
            account = Account(login=login, name="测试人员", password_hash="x", created_at=NOW)
            session.add(account)
            await session.flush()
            session.add(AccountRole(account_id=account.id, role=Role.TRADING_CLERK))
        await begin_tender(session, now=NOW)
    resources = Resources.open(settings)
    coming = (
        sa.select(col(OutboxEvent.id), col(OutboxEvent.due))
        .where(col(OutboxEvent.done_at).is_(None), col(OutboxEvent.due) <= TWO_MONTHS)
        .order_by(col(OutboxEvent.due), col(OutboxEvent.id))
        .limit(1)
    )
    while True:
        async with database.transaction() as session:
            event = (await session.execute(coming)).one_or_none()
        if event is None:
            break
        await outbox.consume(database, resources, HANDLERS, event.id, now=lambda due=event.due: due)  # type: ignore[misc]  # bound at once
    await resources.close()

    async with database.transaction() as session:
        entries = await session.execute(
            sa.select(col(LedgerEntry.action), col(LedgerEntry.subject), col(LedgerEntry.body))
            .where(
                sa.or_(
                    col(LedgerEntry.action) == "notice.publish", col(LedgerEntry.action).like("milestone.%")
                )
            )
            .order_by(col(LedgerEntry.seq))
        )
        rows = await session.execute(sa.select(col(Notice.code), col(Notice.kind)))
        kinds = {row.code: row.kind for row in rows}
    names = ("remedy_ends", "bids_close", "publicity_ends", "contract_due")
    told = [
        kinds[row.subject.removeprefix("notice:")].value
        if row.action == "notice.publish"
        else f"{next(name for name in names if name in row.body)} {row.action.removeprefix('milestone.')}"
        for row in entries
    ]
    assert told == [
        "plan",
        "tender",
        "remedy_ends met",
        "bids_close met",
        "opening",
        "candidates",
        "publicity_ends met",
        "remedy_ends met",
        "result",
        "contract",
        "contract_due met",
    ]
