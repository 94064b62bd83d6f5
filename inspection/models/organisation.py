"""Who inspects: officers with their certificates, absences and recusals, and the vehicles that take them there."""

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Timestamp, enum_type, identity, reference
from inspection.states import Post

#: WGS 84 degrees, about 0.1 m.
Degrees = sa.Numeric(9, 6)


class Officer(SQLModel, table=True):
    """A department's inspector. The day starts and ends at the office whose coordinates are given here.

    `district` keeps an officer to one district's sites; `vehicle_pool` names the vehicles that the officer rides in.
    """

    __tablename__ = "officer"

    id: int = identity()
    number: str = Field(unique=True)
    account_id: int | None = Field(
        default=None, foreign_key="account.id", unique=True, sa_type=sa.BigInteger, ondelete="RESTRICT"
    )
    name: str
    department_code: str = Field(foreign_key="department.code", index=True)
    post: Post = Field(sa_type=enum_type(Post))
    office_lon: Decimal = Field(sa_type=Degrees)
    office_lat: Decimal = Field(sa_type=Degrees)
    district: str | None = None
    vehicle_pool: str | None = None
    active: bool = True


class Certificate(SQLModel, table=True):
    """`name` is what matters ask for; `number` is printed beside the signature."""

    __tablename__ = "certificate"
    __table_args__ = (sa.CheckConstraint("valid_from <= valid_to", name="valid"),)

    id: int = identity()
    officer_id: int = reference("officer.id")
    name: str
    number: str
    valid_from: date
    valid_to: date


class Leave(SQLModel, table=True):
    """Absent from `first_day` to `last_day`, all day unless only a `half` (`morning`, `afternoon`) of each."""

    __tablename__ = "leave"
    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="valid"),
        sa.CheckConstraint("half IN ('morning', 'afternoon')", name="half"),
    )

    id: int = identity()
    officer_id: int = reference("officer.id")
    first_day: date = Field(index=True)
    last_day: date
    half: str | None = None
    reason: str = ""


class Recusal(SQLModel, table=True):
    """The officer takes no part in this case, or in any case of the owner with this credit code."""

    __tablename__ = "recusal"
    __table_args__ = (sa.CheckConstraint("(case_id IS NULL) <> (credit_code IS NULL)", name="target"),)

    id: int = identity()
    officer_id: int = reference("officer.id")
    case_id: int | None = reference("inspection_case.id", nullable=True)
    credit_code: str | None = Field(default=None, index=True)
    reason: str


class Vehicle(SQLModel, table=True):
    __tablename__ = "vehicle"

    id: int = identity()
    plate: str = Field(unique=True)
    pool: str = Field(index=True)
    seats: int
    active: bool = True


class CalendarFeed(SQLModel, table=True):
    """A private calendar address; only the SHA-256 of its token is kept, and it can be revoked."""

    __tablename__ = "calendar_feed"

    token_hash: str = Field(primary_key=True, sa_type=sa.CHAR(64))
    officer_id: int = reference("officer.id")
    created_at: datetime = Field(sa_type=Timestamp)
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
