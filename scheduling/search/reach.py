"""Who can serve, and when: officers' working spans, and the moments at which a visit can begin at all.

These are the site's windows, narrowed to what some officer of every party can keep. The search then tries no other
moment, and the bounds allow none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache

from core.workdays import DayKind
from scheduling.problem import Half, HalfDay, Hold, Officer, Party, Problem, Speed, Visit
from scheduling.search.jit import SmallInts

Span = tuple[int, int]
#: An officer's working spans of a day, and the place of his office.
Presence = tuple[tuple[Span, ...], int]


def working_spans(problem: Problem, officer: Officer, day: int) -> list[Span]:
    """An officer's working spans of the day, in ticks after midnight."""
    today = problem.date_of(day)
    kind = problem.calendar.kind(today)
    absent = [each.part for each in officer.leave if each.first <= today <= each.last]
    if kind is DayKind.OFF or None in absent:
        return []
    spans = [(window.start, window.end) for window in officer.hours]
    if kind is DayKind.MORNING:
        spans = _cut(spans, (problem.noon, problem.day_ticks))
    elif kind is DayKind.AFTERNOON:
        spans = _cut(spans, (0, problem.noon))
    for part in absent:
        if part is not None:
            spans = _cut(spans, (part.start, part.end))
    return spans


def _cut(spans: list[Span], hole: Span) -> list[Span]:
    pieces = []
    for start, end in spans:
        pieces += [(start, min(end, hole[0])), (max(start, hole[1]), end)]
    return [(start, end) for start, end in pieces if start < end]


def staff_of(problem: Problem) -> dict[str, list[tuple[int, Officer]]]:
    """The officers of each department, with their numbers."""
    staff: dict[str, list[tuple[int, Officer]]] = {}
    for number, officer in enumerate(problem.officers):
        staff.setdefault(officer.department, []).append((number, officer))
    return staff


def is_able(officer: Officer, certificates: frozenset[str], district: str | None, day: date) -> bool:
    return officer.district in (None, district) and certificates <= {
        paper.name for paper in officer.certificates if paper.first <= day <= paper.last
    }


def possible_starts(
    problem: Problem, spans: list[list[list[Span]]], place: dict[str, int], tt: SmallInts
) -> list[list[list[Span]]]:
    """For each visit and day, the spans in which it may begin and every party can be there."""
    rides = tt if _is_metric(problem) else None
    staff = staff_of(problem)

    @cache
    def present(
        day: int, department: str, certificates: tuple[str, ...], district: str | None
    ) -> frozenset[Presence]:
        today = problem.date_of(day)
        return frozenset(
            (tuple(spans[number][day]), place[officer.office])
            for number, officer in staff.get(department, ())
            if is_able(officer, frozenset(certificates), district, today)
        )

    def starts(visit: Visit, day: int) -> list[Span]:
        site = problem.site_by_id[visit.site]
        return _shared_starts(
            visit,
            _starts(problem, visit, day),
            lambda party: present(day, party.department, party.certificates, site.district),
            place[site.id],
            rides,
        )

    return [[starts(visit, day) for day in range(problem.days)] for visit in problem.visits]


def _starts(problem: Problem, visit: Visit, day: int) -> list[Span]:
    """The spans of the day in which the visit may begin; both ends are possible starts."""
    today, site = problem.date_of(day), problem.site_by_id[visit.site]
    if (visit.earliest and today < visit.earliest) or today in site.closed:
        return []
    spans = [(window.start, window.end) for window in site.access] or [(0, problem.day_ticks - 1)]
    if visit.wanted:
        first = visit.wanted.start - day * problem.day_ticks
        spans = [(max(start, first), end) for start, end in spans if end >= first]
    booking = problem.booking_by_visit.get(visit.id)
    if booking and booking.hold is not Hold.MOVABLE:
        fixed = booking.starts[0] - day * problem.day_ticks
        spans = [(fixed, fixed) for start, end in spans if start <= fixed <= end]
    halves = {Half.MORNING: (0, problem.noon - 1), Half.AFTERNOON: (problem.noon, problem.day_ticks - 1)}
    allowed = [span for half, span in halves.items() if HalfDay(day=today, half=half) not in visit.forbidden]
    pieces = [(max(start, low), min(end, high)) for start, end in spans for low, high in allowed]
    return [(start, end) for start, end in pieces if start <= end]


def _is_metric(problem: Problem) -> bool:
    """Whether no way round is shorter, so that nobody reaches a site sooner than straight from the office."""
    return isinstance(problem.travel, Speed) and problem.travel.far_kmh >= problem.travel.kmh


def _shared_starts(
    visit: Visit,
    windows: Sequence[Span],
    present: Callable[[Party], frozenset[Presence]],
    here: int,
    rides: SmallInts | None,
) -> list[Span]:
    """The parts of `windows` in which each party has somebody who can come from the office, work and be home in time.

    `present` are the officers who may serve a party that day; `rides` the travel, if it is metric.
    """
    starts = list(windows)
    for party in visit.parties:
        low, high = party.lag
        kept = {
            (first - high, last - low)
            for spans, office in present(party)
            for first, last in _starts_within(spans, party.duration, *_ways(rides, office, here))
        }
        starts = _meet(starts, _unite(kept))
    return starts


def _ways(rides: SmallInts | None, office: int, here: int) -> Span:
    return (0, 0) if rides is None else (int(rides[office, here]), int(rides[here, office]))


def _starts_within(spans: Sequence[Span], duration: int, out: int, back: int) -> Iterator[Span]:
    for opens, closes in spans:
        first = max(opens, spans[0][0] + out)
        last = min(closes, spans[-1][1] - back) - duration
        if first <= last:
            yield first, last


def _meet(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """The moments in both."""
    pieces = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return sorted((start, end) for start, end in pieces if start <= end)


def _unite(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap or touch, as one."""
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united
