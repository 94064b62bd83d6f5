"""Red flags: what in published notices is worth a supervisor's look. Pure.

Each indicator is one rule with its formula. It is a hint and never a finding: all that it shows can have good reasons.
A rule's `applies` says which subjects count (the denominator), its `reason` why one of these is flagged.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar

from core import clock
from core.i18n import N_
from core.workdays import WorkCalendar
from tendering.timetable import Bound, DatedRule

#: A bid deadline at most so many days after the earliest lawful one is short.
DEADLINE_MARGIN = 1
#: A buyer's awards tell something from so many on; a supplier stands out with this share of them.
FEWEST_AWARDS, WINNERS_SHARE = 5, Decimal("0.5")
#: Prices cluster where their standard deviation over their mean is at most this.
FEWEST_PRICES, CLOSE_VARIATION = 3, 0.01
#: Prices in order are even where their steps differ by at most this share of the mean step.
FEWEST_STEPPED, EVEN_STEPS = 4, 0.01


class Indicator(StrEnum):
    SINGLE_BIDDER = "single_bidder"
    CLUSTERED_PRICES = "clustered_prices"
    EVEN_PRICES = "even_prices"
    SHORT_DEADLINE = "short_deadline"
    SHORT_PUBLICITY = "short_publicity"
    PUBLICITY_ON_DAY_OFF = "publicity_on_day_off"
    REPEATED_WINNER = "repeated_winner"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a subject is flagged: a Chinese message id with its values."""

    message: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as the first notice that names its bidders has it; `prices` are those of them that are sums, in yuan."""

    lot: str
    bidders: int
    prices: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """The dates of a notice, with the rules that govern them."""

    dates: tuple[DatedRule, ...]
    calendar: WorkCalendar

    def day(self, field: str) -> date | None:
        return next((clock.local_date(each.moment) for each in self.dates if each.field == field), None)

    def governed(self, field: str) -> DatedRule | None:
        """This date, if a confirmed rule says how early it may be."""
        named = (each for each in self.dates if each.field == field)
        return next(
            (
                each
                for each in named
                if each.rule and each.rule.confirmed and each.rule.bound is Bound.AT_LEAST
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Winner:
    """The supplier that won most of a buyer's lots: `won` of `awarded`."""

    supplier: str
    won: int
    awarded: int


Subject = TypeVar("Subject", Lot, Timing, Winner)


@dataclass(frozen=True, slots=True)
class RedFlag(Generic[Subject]):
    """`name`, `formula` and `basis` are Chinese message ids; `basis` is empty where no article speaks of it."""

    indicator: Indicator
    name: str
    formula: str
    basis: str
    applies: Callable[[Subject], bool]
    reason: Callable[[Subject], Reason | None]


def single_bidder(lot: Lot) -> Reason | None:
    if lot.bidders > 1:
        return None
    return Reason(N_("标段 %(lot)s 只有一家"), {"lot": lot.lot})


def clustered_prices(lot: Lot) -> Reason | None:
    variation = statistics.pstdev(map(float, lot.prices)) / float(statistics.mean(lot.prices))
    if variation > CLOSE_VARIATION:
        return None
    params = {"lot": lot.lot, "bids": len(lot.prices), "variation": f"{variation:.2%}"}
    return Reason(N_("标段 %(lot)s 的 %(bids)s 个报价，变异系数 %(variation)s"), params)


def even_prices(lot: Lot) -> Reason | None:
    steps = [after - before for before, after in pairwise(sorted(lot.prices))]
    mean = statistics.mean(steps)
    if mean == 0 or max(steps) - min(steps) > mean * Decimal(EVEN_STEPS):
        return None
    params = {"lot": lot.lot, "bids": len(lot.prices), "step": f"{mean:,.2f}"}
    return Reason(N_("标段 %(lot)s 的 %(bids)s 个报价依次相差约 %(step)s 元"), params)


def short_deadline(timing: Timing) -> Reason | None:
    message = N_("投标截止 %(day)s，依法最早 %(lawful)s（%(law)s第%(article)s条）")
    return _ending(timing, "bid_deadline", message, spare=DEADLINE_MARGIN)


def short_publicity(timing: Timing) -> Reason | None:
    message = N_("公示截止 %(day)s，依法最早 %(lawful)s（%(law)s第%(article)s条）")
    return _ending(timing, "publicity_to", message, spare=-1)


def _ending(timing: Timing, field: str, message: str, *, spare: int) -> Reason | None:
    """Flags a period that ends at most `spare` days after the earliest lawful day."""
    dated = timing.governed(field)
    if dated is None or dated.rule is None or dated.lawful is None:
        return None
    day = clock.local_date(dated.moment)
    if (day - dated.lawful).days > spare:
        return None
    basis = {"law": dated.rule.law, "article": dated.rule.article}
    return Reason(message, {"day": day.isoformat(), "lawful": dated.lawful.isoformat(), **basis})


def publicity_on_day_off(timing: Timing) -> Reason | None:
    day = timing.day("publicity_to")
    if day is None or timing.calendar.is_working_day(day):
        return None
    return Reason(N_("公示截止日 %(day)s 不是工作日"), {"day": day.isoformat()})


def repeated_winner(winner: Winner) -> Reason | None:
    share = Decimal(winner.won) / winner.awarded
    if share < WINNERS_SHARE:
        return None
    params = {
        "supplier": winner.supplier,
        "won": winner.won,
        "awarded": winner.awarded,
        "share": f"{share:.0%}",
    }
    return Reason(N_("%(awarded)s 个标段中 %(won)s 个由%(supplier)s中标（%(share)s）"), params)


LOT_FLAGS: tuple[RedFlag[Lot], ...] = (
    RedFlag(
        Indicator.SINGLE_BIDDER,
        N_("仅一家投标"),
        N_("开标记录（没有的按候选人公示）中只有一家投标人的标段 ÷ 有投标人的标段；联合体算一家"),
        N_("招标投标法实施条例第四十四条"),
        lambda lot: lot.bidders > 0,
        single_bidder,
    ),
    RedFlag(
        Indicator.CLUSTERED_PRICES,
        N_("报价过于接近"),
        N_("报价的标准差 ÷ 平均值 ≤ 1% 的标段 ÷ 至少有三个总价报价的标段"),
        N_("招标投标法实施条例第四十条第四项"),
        lambda lot: len(lot.prices) >= FEWEST_PRICES,
        clustered_prices,
    ),
    RedFlag(
        Indicator.EVEN_PRICES,
        N_("报价呈规律性差异"),
        N_("报价从低到高，相邻差额彼此相差不超过平均差额 1% 的标段 ÷ 至少有四个总价报价的标段"),
        N_("招标投标法实施条例第四十条第四项"),
        lambda lot: len(lot.prices) >= FEWEST_STEPPED,
        even_prices,
    ),
)
TIMING_FLAGS: tuple[RedFlag[Timing], ...] = (
    RedFlag(
        Indicator.SHORT_DEADLINE,
        N_("投标时间过短"),
        N_("投标截止早于依法最早的一天，或者只晚不超过一天的公告 ÷ 法律规定了最短投标时间的公告"),
        N_("按公告所列条款"),
        lambda timing: timing.governed("bid_deadline") is not None,
        short_deadline,
    ),
    RedFlag(
        Indicator.SHORT_PUBLICITY,
        N_("公示期不足"),
        N_("公示截止早于依法最早的一天（节假日顺延）的公告 ÷ 法律规定了最短公示期的公告"),
        N_("按公告所列条款"),
        lambda timing: timing.governed("publicity_to") is not None,
        short_publicity,
    ),
    RedFlag(
        Indicator.PUBLICITY_ON_DAY_OFF,
        N_("公示在非工作日截止"),
        N_("公示截止日不是工作日的公告 ÷ 有公示截止日的公告"),
        N_("民法典第二百零三条"),
        lambda timing: timing.day("publicity_to") is not None,
        publicity_on_day_off,
    ),
)
WINNER_FLAGS: tuple[RedFlag[Winner], ...] = (
    RedFlag(
        Indicator.REPEATED_WINNER,
        N_("同一单位反复中标"),
        N_("一家供应商中标过半的采购人 ÷ 一年内至少有五个标段成交的采购人；联合体按牵头人"),
        "",
        lambda winner: winner.awarded >= FEWEST_AWARDS,
        repeated_winner,
    ),
)
