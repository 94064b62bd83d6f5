"""The indicators once more, from nothing but the audit ledger's entries and a working-day table of another library."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from chinese_calendar import is_workday

Key = tuple[str, str | None]
CITY = ZoneInfo("Asia/Shanghai")
OK = {"agree", "agree_with_commitment", "deemed"}
NOT_OK = {"rectify", "disagree"}
LEGAL = 20
COUNTED = {"special_procedure", "review_rejected", "rectifying", "owner_rescheduled"}


def figures_of(entries: Iterable[dict[str, Any]], first: date, last: date) -> dict[Key, Decimal | None]:
    """Figure by code and department, as the service prints it."""
    histories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        if entry["subject"].startswith("case:"):
            histories[entry["subject"]].append(entry)
    cases = [_Case(history) for history in histories.values()]

    def within(day: date | None) -> bool:
        return day is not None and first <= day <= last

    visited = [case for case in cases if within(case.day("open_visit"))]
    issued = [case for case in cases if within(case.day("issue"))]
    done = [case for case in issued if case.accepted]
    closed = [case for case in cases if within(case.day("close_visit"))]
    accepted = [case for case in cases if within(case.accepted)]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    areas = {case.segment: case.area for case in visited}
    year_before = [_year_before(day) for day in (first, last)]
    areas_before = {
        case.segment: case.area
        for case in cases
        for day in case.days("open_visit")[:1]
        if year_before[0] <= day <= year_before[1]
    }
    opened = [day for case in cases for day in case.days("open_visit") if within(day)]
    figures: dict[Key, Decimal | None] = {
        ("1.visited", None): _two(Decimal(len(areas))),
        ("1.issued", None): _two(Decimal(len({case.segment for case in issued}))),
        ("2.area", None): _two(_hectares(areas.values())),
        ("3.monthly", None): ratio(len(areas), months),
        ("4.gross", None): ratio(sum(case.gross for case in done), len(done)),
        ("4.net", None): ratio(sum(case.gross - case.paused for case in done), len(done)),
        ("4.calendar", None): ratio(sum(case.elapsed for case in done), len(done)),
        ("6.first_visit", None): percent(sum(case.clean for case in closed), len(closed)),
        ("7.recheck", None): percent(sum(not case.clean for case in closed), len(closed)),
        ("9.done", None): percent(
            sum(case.day("issue") is not None and within(case.day("issue")) for case in accepted),
            len(accepted),
        ),
        ("10.daily", None): ratio(len(opened), _worked(first - timedelta(days=1), last)),
        ("1.growth", None): percent(len(areas) - len(areas_before), len(areas_before)),
        ("2.growth", None): _two(_hectares(areas.values()) - _hectares(areas_before.values())),
        ("7.visits", None): ratio(sum(len(case.days("open_visit")) for case in closed), len(closed)),
        ("7.wait", None): ratio(
            *_sum_and_count(
                _worked(case.accepted, case.days("open_visit")[0]) for case in visited if case.accepted
            )
        ),
        ("9.instant", None): percent(sum(case.elapsed == 0 for case in done), len(done)),
        ("9.early", None): percent(sum(case.gross - case.paused < case.promised for case in done), len(done)),
        ("9.shorter", None): percent(
            sum(LEGAL - case.promised for case in done), sum(LEGAL for case in done)
        ),
    }
    took = sorted(days for case in cases for end, days in case.rectified if within(end))
    for name, tenths in (("median", 5), ("p90", 9)):
        figures[f"7.rectify_{name}", None] = _two(_quantile(took, tenths))
    violations = [day for case in cases for day, _, _ in case.violations if within(day)]
    figures["11.violations", None] = _two(Decimal(len(violations)))
    for lamp in ("yellow", "red"):
        lit = [day for case in cases for day, which in case.lamps if which == lamp and within(day)]
        figures[f"11.{lamp}", None] = _two(Decimal(len(lit)))
    return figures | _pass_rates(cases, within) | _conduct(cases, visited, within)


def _year_before(day: date) -> date:
    """The same day of the year before; a month's last stays the last."""
    length, before = (monthrange(year, day.month)[1] for year in (day.year, day.year - 1))
    return date(day.year - 1, day.month, before if day.day == length else min(day.day, before))


def _hectares(areas: Iterable[Decimal]) -> Decimal:
    """In 万㎡, that is hectares, to one decimal."""
    return (sum(areas, Decimal(0)) / 10000).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _conduct(cases: Iterable["_Case"], visited: Iterable["_Case"], within: Any) -> dict[Key, Decimal | None]:
    good: dict[Key, int] = defaultdict(int)
    every: dict[Key, int] = defaultdict(int)

    def count(code: str, department: str, *, holds: bool) -> None:
        every[code, department] += 1
        good[code, department] += holds

    for case in visited:
        for department, reply in case.replies:
            count("8.reply", department, holds=reply != "silent")
            count("8.deemed_attending", department, holds=reply == "silent")
        for department, came, late in case.attendance:
            count("8.attendance", department, holds=came)
            if came:
                count("8.punctuality", department, holds=not late)
        for department, same_day in case.signed_on_site:
            count("8.signed", department, holds=same_day)
        twice = {who for _, who, kind in case.violations if kind == "not_listed_once"}
        for department in case.failed:
            count("8.listed_once", department, holds=department not in twice)
    for case in cases:
        for department, verdict, day in case.first_opinions:
            if within(day) and verdict in OK | NOT_OK:
                count("8.deemed_consent", department, holds=verdict == "deemed")
    return {key: percent(good[key], number) for key, number in every.items()}


def _pass_rates(cases: Iterable["_Case"], within: Any) -> dict[Key, Decimal | None]:
    verdicts: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for department, verdict, day in case.first_opinions:
            if within(day) and verdict in OK | NOT_OK:
                verdicts[department].append(verdict)
    rates = {name: Decimal(sum(v in OK for v in all_)) * 100 / len(all_) for name, all_ in verdicts.items()}
    figures: dict[Key, Decimal | None] = {("5.department", name): _two(rate) for name, rate in rates.items()}
    everything = [verdict for all_ in verdicts.values() for verdict in all_]
    figures["5.mean", None] = _two(sum(rates.values(), Decimal(0)) / len(rates)) if rates else None
    figures["5.micro", None] = percent(sum(v in OK for v in everything), len(everything))
    for kind in ("agree_with_commitment", "deemed"):
        figures[f"5.{kind}", None] = percent(everything.count(kind), len(everything))
    return figures


class _Case:
    def __init__(self, history: list[dict[str, Any]]) -> None:
        self.history = history
        created = self._first("create")["data"]
        self.segment = f"{created['project']}/{created['segment']}"
        self.area = Decimal(created["floor_area"])
        self.accepted = self.day("accept") or self.day("deem_accepted")
        self.lamps = [(_day(e), e["data"]["lamp"]) for e in history if e["action"] == "case.lamp"]
        self.first_opinions = [
            (e["data"]["party"], e["data"]["after"], _day(e))
            for e in history
            if e["data"].get("round") == 1
            and e["action"] in {f"case.party.{v}" for v in OK | NOT_OK | {"na"}}
        ]
        self.clean = not any(verdict in NOT_OK for _, verdict, _ in self.first_opinions)
        self.failed = {
            e["data"]["party"] for e in history if e["action"] in {f"case.party.{v}" for v in NOT_OK}
        }
        self.violations = [
            (_day(e), e["data"]["party"], e["data"]["kind"])
            for e in history
            if e["action"] == "case.violation"
        ]
        self.replies = [
            (e["data"]["party"], e["action"].removeprefix("case.party."))
            for e in history
            if e["action"] in {"case.party.confirmed", "case.party.declined", "case.party.silent"}
        ]
        late = {
            (e["data"]["party"], e["at"])
            for e in history
            if e["action"] == "case.violation" and e["data"]["note"] == "late"
        }
        self.attendance = [
            (
                e["data"]["party"],
                e["action"] == "case.party.checked_in",
                (e["data"]["party"], e["at"]) in late,
            )
            for e in history
            if e["action"] in {"case.party.checked_in", "case.party.absent"}
        ]

    def _first(self, name: str) -> dict[str, Any]:
        return next(e for e in self.history if e["action"] == f"case.{name}")

    def days(self, name: str) -> list[date]:
        return [_day(e) for e in self.history if e["action"] == f"case.{name}"]

    def day(self, name: str) -> date | None:
        return next(iter(self.days(name)), None)

    @property
    def promised(self) -> int:
        """As the applicant was told in writing."""
        return next(
            int(e["data"]["content"]["promised_days"])
            for e in self.history
            if e["action"] == "letter.send" and e["data"]["kind"] == "acceptance"
        )

    @property
    def rectified(self) -> list[tuple[date, int]]:
        """When each list was done, and the working days it took."""
        pairs = zip(self.days("order_rectification"), self.days("rectified"), strict=False)
        return [(end, _worked(start, end)) for start, end in pairs]

    @property
    def signed_on_site(self) -> list[tuple[str, bool]]:
        """Of each opinion by a party that had checked in: whether it was signed on the day of the visit."""
        found, planned = [], None
        for e in self.history:
            if e["action"] == "case.confirm_slot":
                planned = datetime.fromisoformat(e["data"]["starts_at"]).astimezone(CITY).date()
            spoke = e["action"] in {f"case.party.{v}" for v in OK | NOT_OK | {"na"}}
            if spoke and e["data"]["before"] == "checked_in":
                found.append((e["data"]["party"], _day(e) == planned))
        return found

    @property
    def span(self) -> tuple[date, date]:
        issued = self.day("issue")
        assert self.accepted
        assert issued
        return self.accepted, issued

    @property
    def gross(self) -> int:
        return _worked(*self.span)

    @property
    def elapsed(self) -> int:
        return (self.span[1] - self.span[0]).days

    @property
    def paused(self) -> int:
        """Working days inside any pause, walked day by day."""
        idle = [
            (date.fromisoformat(e["data"]["started_on"]), date.fromisoformat(e["data"]["ended_on"]))
            for e in self.history
            if e["action"] == "case.resumed" and e["data"]["reason"] in COUNTED
        ]
        start, end = self.span
        days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
        return sum(is_workday(day) and any(a < day <= b for a, b in idle) for day in days)


def _day(entry: dict[str, Any]) -> date:
    return datetime.fromisoformat(entry["at"]).astimezone(CITY).date()


def _worked(start: date, end: date) -> int:
    return sum(is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def _quantile(ordered: list[int], tenths: int) -> Decimal:
    """Between the two nearest ranks, both ends included; 0 where nothing was counted."""
    if not ordered:
        return Decimal(0)
    place = Decimal(tenths * (len(ordered) - 1)) / 10
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (above - below) * (place - int(place))


def _sum_and_count(numbers: Iterable[int]) -> tuple[int, int]:
    every = list(numbers)
    return sum(every), len(every)


def _two(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def ratio(part: int | Decimal, whole: int) -> Decimal | None:
    return _two(Decimal(part) / whole) if whole else None


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    return _two(Decimal(100 * part) / whole) if whole else None
