"""What a trading process is, and what its notices say."""

from dataclasses import dataclass
from datetime import date, datetime

from demo.geography import District
from demo.names import Company


@dataclass(frozen=True, slots=True)
class Price:
    """`value` is yuan for an amount, else a fraction; `text` is what the notice prints."""

    form: str  # amount | rate | discount | parts
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Bid:
    bidders: tuple[Company, ...]  # more than one: a consortium, its leader first
    price: Price
    rank: int


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Notice:
    number: str
    kind: str
    facet: str
    title: str
    published_at: datetime
    text: str
    deadline: datetime | None = None  # for bids
    publicity: tuple[date, date] | None = None  # both ends included
    bids: tuple[Bid, ...] = ()
    changes: tuple[Change, ...] = ()
    amends: str | None = None  # number of the changed notice


@dataclass(frozen=True, slots=True)
class Process:
    ocid: str
    category: str
    method: str
    title: str
    project_code: str | None
    district: District
    buyer: Company
    agent: Company
    estimate: float  # yuan
    deal: float | None  # yuan, once the result is out
    notices: tuple[Notice, ...]
