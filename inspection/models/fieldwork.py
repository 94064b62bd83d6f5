"""What officers record on site, from their phones, at once or when the network is back."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Timestamp, enum_type, identity, reference
from inspection.states import CheckResult


class FieldRecord(SQLModel, table=True):
    """A record that a phone has sent and that was carried out; sent again, it changes nothing.

    `key` is the phone's own name for it, `said_at` what the phone's clock showed.
    """

    __tablename__ = "field_record"

    key: str = Field(primary_key=True, max_length=64)
    officer_id: int = reference("officer.id")
    party_id: int = reference("party.id")
    kind: str
    said_at: datetime = Field(sa_type=Timestamp)
    received_at: datetime = Field(sa_type=Timestamp)


class CheckAnswer(SQLModel, table=True):
    """The answer to one item of the matter's checklist, counted from 1; `version` grows with each change."""

    __tablename__ = "check_answer"
    __table_args__ = (sa.UniqueConstraint("party_id", "round", "item"),)

    id: int = identity()
    party_id: int = reference("party.id", index=False)
    round: int
    item: int
    result: CheckResult = Field(sa_type=enum_type(CheckResult))
    note: str = ""
    officer_id: int = reference("officer.id")
    answered_at: datetime = Field(sa_type=Timestamp)
    version: int = 1
