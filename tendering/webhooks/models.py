"""Addresses of machines that are told about publications, and the log of what was tried."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, identity, reference


class Webhook(SQLModel, table=True):
    """`secret` signs each message (Standard Webhooks, "whsec_…"), so it must be kept as it is."""

    __tablename__ = "webhook"

    id: int = identity()
    key_id: int = reference("api_key.id")
    url: str
    secret: str
    wanted: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Timestamp)
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)


class WebhookAttempt(SQLModel, table=True):
    """One attempt to deliver one message. `status` is None where no answer came; then `error` says why."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (sa.Index("ix_webhook_attempt_newest", "webhook_id", sa.desc("id")),)

    id: int = identity()
    webhook_id: int = Field(foreign_key="webhook.id", sa_type=sa.BigInteger)
    message: str
    at: datetime = Field(sa_type=Timestamp)
    milliseconds: int
    status: int | None = None
    error: str | None = None
