"""Family 13 once more, from the ledger: what was published, for which sum, and by which last day."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from chinese_calendar import is_workday

from bench.inspection.ledger_figures import CITY, Key, percent, ratio

YUAN = 100_000_000
#: Working days to publication: 政府采购法实施条例 art. 43 and 50, 国土资源部令第39号 art. 22.
LAST_DAY = {
    ("procurement", "result"): ("decided", 2),
    ("procurement", "contract"): ("signed", 2),
    ("land", "result"): ("decided", 10),
}


def trade_figures(entries: Iterable[dict[str, Any]], first: date, last: date) -> dict[Key, Decimal | None]:
    notices = sorted(
        (entry["data"] for entry in entries if entry["action"] == "notice.publish"),
        key=lambda notice: datetime.fromisoformat(notice["published_at"]),
    )
    ceilings: dict[str, Decimal | None] = {}
    deals = list[tuple[Decimal | None, Decimal | None]]()
    kept = list[bool]()
    for notice in notices:
        if notice["kind"] in {"tender", "clarification"}:
            ceilings[notice["process"]] = _sum(notice)
        if notice["nature"] != "normal" or not first <= _day(notice["published_at"]) <= last:
            continue
        if notice["kind"] == "result":
            deals.append((_sum(notice), ceilings.get(notice["process"])))
        field, days = LAST_DAY.get((notice["category"], notice["kind"]), ("", 0))
        if notice.get(field):
            kept.append(_day(notice["published_at"]) <= _after(_day(notice[field]), days))
    compared = [(price, ceiling) for price, ceiling in deals if price is not None and ceiling is not None]
    ceiling = sum((each for _, each in compared), Decimal(0))
    saved = ceiling - sum((each for each, _ in compared), Decimal(0))
    return {
        ("13.number", None): ratio(len(deals), 1),
        ("13.amount", None): ratio(sum((each or Decimal(0) for each, _ in deals), Decimal(0)), YUAN),
        ("13.saved", None): ratio(saved, YUAN),
        ("13.saved_rate", None): percent(saved, ceiling),
        ("13.in_time", None): percent(sum(kept), len(kept)),
    }


def _sum(notice: dict[str, Any]) -> Decimal | None:
    return None if notice["amount"] is None else Decimal(notice["amount"])


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(CITY).date()


def _after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day
