"""What people are told, and how they want to hear of it."""

from datetime import datetime, time
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, identity, reference


class Message(SQLModel, table=True):
    """Something that one person is told, once for each fact. The inbox on the site always has it."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "fact"),
        sa.Index("ix_message_inbox", "account_id", "id"),
    )

    id: int = identity()
    account_id: int = reference("account.id", index=False)
    case_id: int | None = reference("inspection_case.id", nullable=True)
    fact: str
    """`event:ID`: what is told; telling it again changes nothing."""
    kind: str
    """A key of `audience.FACTS`, or `lamp`."""
    data: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Timestamp)
    read_at: datetime | None = Field(default=None, sa_type=Timestamp)
    waits: bool = False
    """For the next digest."""


class MessagePreference(SQLModel, table=True):
    """One person's choice; who has none gets e-mail at once, outside the quiet hours."""

    __tablename__ = "message_preference"

    account_id: int = Field(
        primary_key=True,
        foreign_key="account.id",
        sa_type=sa.BigInteger,
        ondelete="RESTRICT",
        sa_column_kwargs={"autoincrement": False},
    )
    channels: list[str] = Field(sa_type=Json)
    """Of `core.gateways.Channel`."""
    muted: list[str] = Field(sa_type=Json)
    """Kinds that stay in the inbox only; what is served by law cannot be among them."""
    digest: bool = False
    """One letter each morning instead of one for each fact."""
    quiet_from: time
    quiet_to: time
    """Local time; the same as `quiet_from` where nothing is held back at night."""
    token: str = Field(unique=True)
    """In the letters' link for unsubscribing without a login."""
