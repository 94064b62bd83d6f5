"""What a process waits for, and what became of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Timestamp, enum_type, identity, reference
from tendering.milestones.rules import MilestoneName, MilestoneState


class Milestone(SQLModel, table=True):
    """One of each name in a process; a later notice that moves the date moves the row. `at`: when it was decided."""

    __tablename__ = "milestone"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "name", name="uq_milestone_process_name"),
        sa.Index("ix_milestone_coming", "due", postgresql_where=sa.text("state IN ('scheduled', 'blocked')")),
    )

    id: int = identity()
    process_id: int = reference("process.id", index=False)
    notice_id: int = reference("notice.id")
    name: MilestoneName = Field(sa_type=enum_type(MilestoneName))
    due: datetime = Field(sa_type=Timestamp)
    law: str = ""
    article: str = ""
    state: MilestoneState = Field(sa_type=enum_type(MilestoneState))
    at: datetime | None = Field(default=None, sa_type=Timestamp)
