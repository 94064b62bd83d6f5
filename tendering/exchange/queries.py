"""How source systems do, and what waits for a clerk."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from tendering.exchange.reading import sources
from tendering.models import Delivery, Quarantined, QuarantineState

OPEN_LIMIT = 200


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A source's last delivery. `lag_seconds` lies between its newest item's publication and our receiving it."""

    source: str
    name: str
    received_at: datetime | None
    lag_seconds: int | None
    silent: bool
    quarantined: int


class QuarantinedItem(msgspec.Struct, frozen=True):
    id: int
    source: str
    key: str
    received_at: datetime
    row: dict[str, str]
    problems: list[dict[str, Any]]


async def source_health(session: AsyncSession, *, now: datetime) -> list[SourceHealth]:
    last = (
        sa.select(Delivery)
        .ext(distinct_on(col(Delivery.source)))
        .order_by(col(Delivery.source), col(Delivery.received_at).desc())
    )
    deliveries = {row.source: row for row in await session.scalars(last)}
    waiting = (
        sa.select(col(Quarantined.source), sa.func.count()).where(_OPEN).group_by(col(Quarantined.source))
    )
    counts = dict((await session.execute(waiting)).all())
    health = []
    for source in sources().values():
        delivery = deliveries.get(source.code)
        newest = delivery.newest if delivery else None
        health.append(
            SourceHealth(
                source=source.code,
                name=source.name,
                received_at=delivery.received_at if delivery else None,
                lag_seconds=round((delivery.received_at - newest).total_seconds())
                if delivery and newest
                else None,
                silent=delivery is None
                or (now - delivery.received_at).total_seconds() > source.silent_hours * 3600,
                quarantined=counts.get(source.code, 0),
            )
        )
    return health


async def open_items(session: AsyncSession) -> list[QuarantinedItem]:
    """What waits in quarantine, oldest first."""
    statement = _items().where(_OPEN).order_by(col(Quarantined.id)).limit(OPEN_LIMIT)
    return [QuarantinedItem(**row) for row in (await session.execute(statement)).mappings()]


async def find_item(session: AsyncSession, item_id: int) -> QuarantinedItem:
    """Raises NotFound."""
    row = (await session.execute(_items().where(col(Quarantined.id) == item_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return QuarantinedItem(**row)


_OPEN = col(Quarantined.state) == QuarantineState.OPEN


def _items() -> Any:
    return sa.select(
        col(Quarantined.id),
        col(Quarantined.source),
        col(Quarantined.key),
        col(Delivery.received_at),
        col(Quarantined.row),
        col(Quarantined.problems),
    ).join(Delivery, col(Delivery.id) == col(Quarantined.delivery_id))
