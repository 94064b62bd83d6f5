"""Stored plans: each a version in a series, first a draft, then perhaps released. Large ones are solved in parts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference


class ScheduleState(StrEnum):
    QUEUED = "queued"
    SOLVING = "solving"
    CANCELLING = "cancelling"  # the best plan so far is being fetched
    DRAFT = "draft"
    RELEASED = "released"
    SUPERSEDED = "superseded"  # a later version of the series was released
    FAILED = "failed"


class Schedule(SQLModel, table=True):
    """`problem`, `plan` and `result` are JSON of the scheduling engine; `progress` is its latest word."""

    __tablename__ = "schedule"
    __table_args__ = (
        sa.UniqueConstraint("series", "version"),
        sa.Index(
            "uq_schedule_released", "series", unique=True, postgresql_where=sa.text("state = 'released'")
        ),
    )

    id: int = identity()
    code: str = Field(unique=True)
    series: str
    version: int
    state: ScheduleState = Field(sa_type=enum_type(ScheduleState))
    problem: dict[str, Any] = Field(sa_type=Json)
    options: dict[str, Any] = Field(sa_type=Json)
    progress: dict[str, Any] | None = Field(default=None, sa_type=Json)
    result: dict[str, Any] | None = Field(default=None, sa_type=Json)
    requested_by: str
    created_at: datetime = Field(sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)


class SchedulePart(SQLModel, table=True):
    """A part of a large problem, solved by a worker of its own. `result` is {} where that failed."""

    __tablename__ = "schedule_part"
    __table_args__ = (sa.UniqueConstraint("schedule_id", "number"),)

    id: int = identity()
    schedule_id: int = reference("schedule.id", index=False)
    number: int
    problem: dict[str, Any] = Field(sa_type=Json)
    result: dict[str, Any] | None = Field(default=None, sa_type=Json)
