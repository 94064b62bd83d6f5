"""Published figures, kept as they were."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from inspection.figures import Figure
from inspection.models import IndicatorSnapshot
from inspection.report import Report


async def take_snapshot(
    session: AsyncSession, report: Report, *, by: int, now: datetime
) -> IndicatorSnapshot:
    """Keep the report's figures, with the calendar and the ledger's head that they were computed at."""
    seq, _ = await ledger.head(session)
    row = IndicatorSnapshot(
        first_day=report.period.first,
        last_day=report.period.last,
        calendar_version=report.calendar_version,
        ledger_seq=seq,
        figures=msgspec.to_builtins(report.figures),
        made_at=now,
        made_by=by,
    )
    session.add(row)
    await session.flush()
    ledger.record(
        session,
        action="indicators.snapshot",
        subject=f"snapshot:{row.id}",
        actor=f"account:{by}",
        now=now,
        data={
            "first": row.first_day.isoformat(),
            "last": row.last_day.isoformat(),
            "calendar_version": row.calendar_version,
            "figures": {
                "/".join(filter(None, (each.code, each.department))): str(each.value)
                for each in report.figures
            },
        },
    )
    return row


def figures_of(snapshot: IndicatorSnapshot) -> list[Figure]:
    return msgspec.convert(snapshot.figures, list[Figure])
