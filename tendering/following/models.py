"""Who follows what. A follower is an e-mail address and nothing more; leaving deletes the row."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference


class Pace(StrEnum):
    AT_ONCE = "at_once"
    DAILY = "daily"  # one letter in the morning


class Follow(SQLModel, table=True):
    """A process, or every notice that fits `wanted` (a `queries.NoticeFilter`), followed by e-mail.

    `token` is the secret part of the addresses to confirm and to leave. Nothing is sent before `confirmed_at`.
    """

    __tablename__ = "follow"
    __table_args__ = (sa.Index("ix_follow_email", "email", "created_at"),)

    id: int = identity()
    token: str = Field(unique=True)
    email: str
    locale: str
    process_id: int | None = reference("process.id", nullable=True)
    wanted: dict[str, Any] = Field(sa_type=Json)
    label: str
    pace: Pace = Field(sa_type=enum_type(Pace))
    created_at: datetime = Field(sa_type=Timestamp)
    confirmed_at: datetime | None = Field(default=None, sa_type=Timestamp)


class FollowHit(SQLModel, table=True):
    """A notice that waits for its follower's morning letter."""

    __tablename__ = "follow_hit"

    follow_id: int = Field(
        primary_key=True, foreign_key="follow.id", sa_type=sa.BigInteger, ondelete="CASCADE"
    )
    notice_id: int = Field(primary_key=True, foreign_key="notice.id", sa_type=sa.BigInteger)
