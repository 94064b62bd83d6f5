"""What trading comes to, counted from notices and never without them. Pure.

- results: result notices, not corrections
- amount: the sum of their award prices; those whose price is no sum (a rate, a discount) count as `without_sum`
- saving: ceiling or budget of the process's call less the award price, over results where both are sums
- timeliness: of the notices that a law gives a last day of publication, those published by then
- competition: bidders (a consortium is one) per lot, in the bid opening or in the candidates where there was none
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from core import clock
from tendering.rules import Category


class Counted(msgspec.Struct, frozen=True):
    """The notice that something is counted from."""

    id: str
    title: str
    category: Category
    district: str | None
    published_at: datetime

    @property
    def month(self) -> str:
        return f"{clock.local_date(self.published_at):%Y-%m}"


class Deal(msgspec.Struct, frozen=True):
    """A result, in yuan; `amount` or `ceiling` are None where they are no sums."""

    notice: Counted
    amount: Decimal | None
    ceiling: Decimal | None

    @property
    def saving(self) -> Decimal | None:
        return None if self.amount is None or self.ceiling is None else self.ceiling - self.amount


class Contest(msgspec.Struct, frozen=True):
    """A lot and its bidders."""

    notice: Counted
    lot: str
    bidders: int


class Publishing(msgspec.Struct, frozen=True):
    """A notice that had to be published by `due`."""

    notice: Counted
    due: date
    law: str
    article: str

    @property
    def in_time(self) -> bool:
        return clock.local_date(self.notice.published_at) <= self.due


Key = TypeVar("Key", bound=str | None)
Item = TypeVar("Item", Deal, Contest, Publishing)


class Trading(msgspec.Struct, frozen=True):
    """Everything counted in a period, newest first."""

    deals: tuple[Deal, ...] = ()
    contests: tuple[Contest, ...] = ()
    publishings: tuple[Publishing, ...] = ()

    @property
    def results(self) -> int:
        return len(self.deals)

    @property
    def amount(self) -> Decimal:
        return sum((deal.amount for deal in self.deals if deal.amount is not None), Decimal(0))

    @property
    def without_sum(self) -> int:
        return sum(deal.amount is None for deal in self.deals)

    @property
    def saving(self) -> Decimal:
        return sum((deal.saving for deal in self.deals if deal.saving is not None), Decimal(0))

    @property
    def saved_of(self) -> Decimal:
        """The ceilings that `saving` is a part of."""
        return sum((deal.ceiling or Decimal(0) for deal in self.deals if deal.saving is not None), Decimal(0))

    @property
    def in_time(self) -> int:
        return sum(each.in_time for each in self.publishings)

    @property
    def bidders(self) -> int:
        return sum(contest.bidders for contest in self.contests)

    @property
    def single(self) -> int:
        return sum(contest.bidders == 1 for contest in self.contests)

    def where(self, wanted: Callable[[Counted], bool]) -> "Trading":
        """The part that is counted from these notices."""

        def kept(items: Iterable[Item]) -> tuple[Item, ...]:
            return tuple(item for item in items if wanted(item.notice))

        return Trading(kept(self.deals), kept(self.contests), kept(self.publishings))

    def by(self, key: Callable[[Counted], Key]) -> dict[Key, "Trading"]:
        """The parts by what the key says of their notices."""
        names = {
            key(item.notice) for items in (self.deals, self.contests, self.publishings) for item in items
        }
        return {name: self.where(lambda notice, name=name: key(notice) == name) for name in names}  # type: ignore[misc]  # a default binds it
