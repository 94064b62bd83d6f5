"""A person's messages, newest first."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.models import Message
from inspection.queries.pages import PAGE, Page, page_of


class MessageLine(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is the fact's name; `data` its values, with the case's `code`."""

    id: int
    kind: str
    data: dict[str, Any]
    created_at: datetime
    read: bool


async def list_messages(
    session: AsyncSession, account_id: int, *, after: int | None = None, limit: int = PAGE
) -> Page[MessageLine]:
    statement = (
        sa.select(
            col(Message.id),
            col(Message.kind),
            col(Message.data),
            col(Message.created_at),
            col(Message.read_at).is_not(None).label("read"),
        )
        .where(col(Message.account_id) == account_id)
        .order_by(col(Message.id).desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(col(Message.id) < after)
    rows = await session.execute(statement)
    return page_of([(row.id, MessageLine(**row._mapping)) for row in rows], limit)  # noqa: SLF001 - public, by its docs


async def count_unread(session: AsyncSession, account_id: int) -> int:
    number = await session.scalar(
        sa.select(sa.func.count()).where(
            col(Message.account_id) == account_id, col(Message.read_at).is_(None)
        )
    )
    return number or 0
