"""Rooms in which bids are opened, and who has them when."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlmodel import Field, SQLModel

from core.tables import Timestamp, identity, reference


class Venue(SQLModel, table=True):
    __tablename__ = "venue"

    id: int = identity()
    name: str = Field(unique=True)
    active: bool = True


class VenueBooking(SQLModel, table=True):
    """A process's room for a time. The database itself refuses to give one room to two processes at once."""

    __tablename__ = "venue_booking"
    __table_args__ = (
        ExcludeConstraint(
            (sa.text("int8range(venue_id, venue_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            name="ex_venue_booking_during",
            using="gist",
            where=sa.text("cancelled_at IS NULL"),
        ),
    )

    id: int = identity()
    venue_id: int = Field(foreign_key="venue.id", sa_type=sa.BigInteger)
    process_id: int = reference("process.id")
    during: Range[datetime] = Field(sa_type=TSTZRANGE)
    booked_by: int = reference("account.id", index=False)
    cancelled_at: datetime | None = Field(default=None, sa_type=Timestamp)
