"""What a notice says: the typed content that is published, hashed, compared and merged.

A notice's content is complete in itself; a correction repeats everything, changed where it changes. Amounts are in
yuan where no other currency is named. Nothing in here may be personal: it all goes out.

These are trees of frozen values, which no cycle can enter: `gc=False` spares an import a quarter of its time.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tendering.prices import YUAN, Price
from tendering.rules import Category, Nature, NoticeKind


class Party(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An organisation; `code` is its unified social credit code (主体代码类型 97), or that of another `scheme`."""

    name: str
    code: str | None = None
    scheme: str | None = None


class Lot(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """标段. `ceiling` is the highest lawful price, `budget` the planned one."""

    id: str
    title: str = ""
    budget: Decimal | None = None
    ceiling: Decimal | None = None
    currency: str = YUAN

    @property
    def limit(self) -> Decimal | None:
        """What a bid may come to."""
        return self.ceiling if self.ceiling is not None else self.budget


class Bid(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One bidder's bid for one lot; several suppliers are a consortium, its leader first. `rank` 1 is best."""

    suppliers: tuple[Party, ...]
    price: Price
    lot: str = "1"
    rank: int | None = None


class Award(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`status` is Open Contracting's; `date` is given where it is not the notice's."""

    suppliers: tuple[Party, ...]
    price: Price
    lot: str = "1"
    status: str = "active"
    date: datetime | None = None


class Contract(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    suppliers: tuple[Party, ...]
    amount: Decimal
    lot: str = "1"
    signed_at: datetime | None = None
    status: str = "active"
    currency: str = YUAN

    @property
    def yuan(self) -> Decimal | None:
        return self.amount if self.currency == YUAN else None


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A file published with the notice, known by its digest."""

    name: str
    sha256: str
    size: int


class Dates(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The dates that a notice sets. All are instants; a day's end is 23:59 local time."""

    documents_from: datetime | None = None
    documents_to: datetime | None = None
    bid_deadline: datetime | None = None
    opening: datetime | None = None
    listing_from: datetime | None = None
    listing_to: datetime | None = None
    report_received: datetime | None = None
    publicity_from: datetime | None = None
    publicity_to: datetime | None = None
    decided: datetime | None = None
    award_letter: datetime | None = None
    signed: datetime | None = None


class Content(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    lots: tuple[Lot, ...] = ()
    bids: tuple[Bid, ...] = ()
    awards: tuple[Award, ...] = ()
    contracts: tuple[Contract, ...] = ()
    dates: Dates = Dates()
    method: str | None = None
    organisation: str | None = None
    venue: str | None = None
    reason: str | None = None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()


class Publication(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A notice about to be published, from a clerk's draft or a source system.

    `source` and `key` make it once-only; notices with the same `source` and `process` form one chain. A correction
    or withdrawal names the `key` of the notice that it is about.
    """

    source: str
    key: str
    process: str
    category: Category
    kind: NoticeKind
    title: str
    published_at: datetime
    nature: Nature = Nature.NORMAL
    about: str | None = None
    district: str | None = None
    project_code: str | None = None
    buyer: Party | None = None
    content: Content = Content()


def to_json(value: object) -> Any:
    """Plain JSON values: decimals as text, instants in RFC 3339."""
    return msgspec.to_builtins(value, str_keys=True)


def content_from(document: object) -> Content:
    return msgspec.convert(document, Content)


def digest_of(item: Publication, code: str, *, content: object = None) -> str:
    """SHA-256 of a notice as published: canonical JSON (keys sorted, no spaces) of all that a reader sees.

    `content` is the item's, where it is in canonical JSON already.
    """
    said = published_form(
        code=code,
        category=item.category,
        kind=item.kind,
        nature=item.nature,
        title=item.title,
        district=item.district,
        project_code=item.project_code,
        buyer=item.buyer,
        published_at=item.published_at,
        content=item.content if content is None else content,
    )
    return hashlib.sha256(canonical(said)).hexdigest()


def published_form(
    *,
    code: str,
    category: Category,
    kind: NoticeKind,
    nature: Nature,
    title: str,
    district: str | None,
    project_code: str | None,
    buyer: Party | None,
    published_at: datetime,
    content: object,
) -> dict[str, object]:
    """All that a reader sees of a notice."""
    return {
        "id": code,
        "category": category,
        "kind": kind,
        "nature": nature,
        "title": title,
        "district": district,
        "projectCode": project_code,
        "buyer": buyer,
        "publishedAt": published_at.astimezone(UTC),
        "content": content,
    }


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: what Python's `json.dumps` writes with those options."""
    return msgspec.json.encode(value, order="sorted")


def headline_amount(content: Content) -> Decimal | None:
    """The one amount that lists show and ranges filter by: contract, award, ceiling or budget, summed over lots.

    None when any of the parts is not an amount: a sum with rates in it would be false.
    """
    for amounts in (
        [contract.yuan for contract in content.contracts],
        [award.price.yuan for award in content.awards],
        [lot.limit if lot.currency == YUAN else None for lot in content.lots],
        [bid.price.yuan for bid in content.bids if bid.rank == 1],
    ):
        if amounts:
            stated = [amount for amount in amounts if amount is not None]
            return sum(stated, Decimal(0)) if len(stated) == len(amounts) else None
    return None


def closing_time(content: Content) -> datetime | None:
    """What a reader must not miss: the bid deadline, the end of a listing or of a publicity period."""
    dates = content.dates
    return dates.bid_deadline or dates.listing_to or dates.publicity_to


Participant = tuple[Party, str, int | None, bool, bool, Decimal | None]


def participants(content: Content) -> Iterator[Participant]:
    """Every supplier named: (party, lot, rank, leads its consortium, won, amount in yuan)."""
    for award in content.awards:
        for place, party in enumerate(award.suppliers):
            yield party, award.lot, None, place == 0, True, award.price.yuan
    for bid in content.bids:
        for place, party in enumerate(bid.suppliers):
            yield party, bid.lot, bid.rank, place == 0, False, bid.price.yuan
    for contract in content.contracts:
        for place, party in enumerate(contract.suppliers):
            yield party, contract.lot, None, place == 0, True, contract.yuan
