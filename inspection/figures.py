"""A figure: numerator over denominator in a unit, for a period, with the cases behind it."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import msgspec

CENT = Decimal("0.01")
PERCENT, DAYS = "%", "工作日"
FEBRUARY = 2
COUNTS = frozenset({"个", "次", "宗"})


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is numerator over denominator in `unit`, or None where there is nothing to divide by."""

    code: str
    zh: str
    en: str
    unit: str
    numerator: Decimal
    denominator: Decimal
    value: Decimal | None
    department: str | None = None
    cases: tuple[str, ...] = ()
    """Those that the denominator counts."""

    @property
    def shown(self) -> str:
        """The value as people write it: what is only counted has no decimals."""
        if self.value is None:
            return ""
        counted = self.denominator == 1 and self.unit in COUNTS
        return plain(self.value) if counted else str(self.value)


class Period(msgspec.Struct, frozen=True):
    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    @property
    def year_before(self) -> "Period":
        """The same days of the year before; the last day of February stays the last."""
        first, last = (_a_year_before(day) for day in (self.first, self.last))
        return Period(first, last)

    @property
    def months(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def _a_year_before(day: date) -> date:
    is_end_of_february = (day + timedelta(days=1)).month != day.month == FEBRUARY
    if is_end_of_february:
        return date(day.year - 1, FEBRUARY + 1, 1) - timedelta(days=1)
    return day.replace(year=day.year - 1)


def plain(number: Decimal) -> str:
    """A numerator or denominator: two decimals at most, and none where they say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def rate(numerator: Decimal | int, denominator: Decimal | int, *, scale: int = 1) -> Decimal | None:
    if not denominator:
        return None
    return (Decimal(numerator) * scale / Decimal(denominator)).quantize(CENT, ROUND_HALF_UP)


def figure_of(
    code: str,
    names: tuple[str, str],
    unit: str,
    fraction: tuple[Decimal | int, Decimal | int],
    cases: Iterable[str] = (),
    *,
    department: str | None = None,
) -> Figure:
    numerator, denominator = fraction
    return Figure(
        code=code,
        zh=names[0],
        en=names[1],
        unit=unit,
        numerator=Decimal(numerator),
        denominator=Decimal(denominator),
        value=rate(numerator, denominator, scale=100 if unit == PERCENT else 1),
        department=department,
        cases=tuple(sorted(set(cases))),
    )


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that came out otherwise, as people write it; empty where it was not there."""

    code: str
    department: str | None
    zh: str
    en: str
    unit: str
    before: str
    after: str
    gone: tuple[str, ...]
    """Cases that no longer count, and (`new`) those that now do."""
    new: tuple[str, ...]


def changes(before: Iterable[Figure], after: Iterable[Figure]) -> list[Change]:
    """What differs between two computations of the same period: a value, its parts, or the cases behind it."""
    old, new = ({(each.code, each.department): each for each in some} for some in (before, after))
    found = []
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key), new.get(key)
        known = one or other
        if known is None or one == other:
            continue
        cases, cases_now = (set(each.cases) if each else set() for each in (one, other))
        found.append(
            Change(
                code=known.code,
                department=known.department,
                zh=known.zh,
                en=known.en,
                unit=known.unit,
                before=one.shown if one else "",
                after=other.shown if other else "",
                gone=tuple(sorted(cases - cases_now)),
                new=tuple(sorted(cases_now - cases)),
            )
        )
    return found
