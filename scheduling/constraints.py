"""What every plan must obey: one named rule, one function. Each yields the placements that break it.

The rules read a finished plan and share nothing with the solver, which keeps them in its own terms.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from scheduling.plan import Placement
from scheduling.problem import Hold, Party, Record
from scheduling.tours import Stop, Tours


class Violation(Record, frozen=True, kw_only=True):
    """`constraint` is the name of the rule's function."""

    constraint: str
    visit: str
    officer: str | None = None


class Breach(Record, frozen=True):
    visit: str
    officer: str | None = None


Rule = Callable[[Tours], Iterator[Breach]]


def _parts(tours: Tours) -> Iterator[tuple[Placement, Party, int, tuple[str, ...]]]:
    for placement in tours.plan.placements:
        for part in zip(tours.visit(placement).parties, placement.starts, placement.teams, strict=True):
            yield placement, *part


def full_teams(tours: Tours) -> Iterator[Breach]:
    """Each party sends exactly its number of officers, and nobody serves twice in a visit."""
    for placement, party, _, team in _parts(tours):
        if len(team) != party.officers:
            yield Breach(placement.visit)
    for placement in tours.plan.placements:
        for officer, times in Counter(officer for team in placement.teams for officer in team).items():
            if times > 1:
                yield Breach(placement.visit, officer)


def everyone_together(tours: Tours) -> Iterator[Breach]:
    """Every party begins within its lag after the first one."""
    for placement, party, start, _ in _parts(tours):
        if not party.lag[0] <= start - placement.starts[0] <= party.lag[1]:
            yield Breach(placement.visit)


def on_grid(tours: Tours) -> Iterator[Breach]:
    """Starts fall on the grid, except those that stood before."""
    standing = {(booking.visit, booking.starts[0]) for booking in tours.problem.bookings}
    for placement in tours.plan.placements:
        start = placement.starts[0]
        if start % tours.problem.grid and (placement.visit, start) not in standing:
            yield Breach(placement.visit)


def qualified(tours: Tours) -> Iterator[Breach]:
    """Officers are of the party's department, serve the site's district and hold valid certificates that day."""
    for placement, party, start, team in _parts(tours):
        today = tours.problem.date_of(start // tours.problem.day_ticks)
        district = tours.problem.site_by_id[tours.visit(placement).site].district
        for each in team:
            officer = tours.problem.officer_by_id[each]
            held = {paper.name for paper in officer.certificates if paper.first <= today <= paper.last}
            at_home = officer.district is None or officer.district == district
            if (
                officer.department != party.department
                or not at_home
                or not held.issuperset(party.certificates)
            ):
                yield Breach(placement.visit, each)


def not_recused(tours: Tours) -> Iterator[Breach]:
    for recusal in tours.problem.recusals:
        for placement in tours.plan.placements:
            visit = tours.visit(placement)
            concerned = recusal.visit == visit.id or (
                recusal.applicant is not None and recusal.applicant == visit.applicant
            )
            if concerned and any(recusal.officer in team for team in placement.teams):
                yield Breach(placement.visit, recusal.officer)


def within_hours(tours: Tours) -> Iterator[Breach]:
    """A part lies in one working span; the day leaves the office and returns to it within the spans."""
    for (officer, day), stops in tours.stops.items():
        spans = tours.spans(tours.problem.officer_by_id[officer], day)
        for stop in stops:
            if not any(start <= stop.start and stop.end <= end for start, end in spans):
                yield Breach(stop.visit, officer)
        if spans:
            out, *_, back = tours.legs(officer, day)
            if stops[0].start - out.travel < spans[0][0]:
                yield Breach(stops[0].visit, officer)
            if stops[-1].end + back.travel > spans[-1][1]:
                yield Breach(stops[-1].visit, officer)


def no_overlap(tours: Tours) -> Iterator[Breach]:
    """An officer has time to travel from one visit to the next."""
    for officer, day in tours.stops:
        for leg in tours.legs(officer, day):
            if leg.before and leg.after and leg.before.end + leg.travel > leg.after.start:
                yield Breach(leg.after.visit, officer)


def lunch_kept(tours: Tours) -> Iterator[Breach]:
    for officer, day in tours.stops:
        lunch = tours.problem.officer_by_id[officer].lunch
        for leg in tours.legs(officer, day):
            if leg.before and leg.after and _over_noon(tours, leg.before.start, leg.after.start):
                free = leg.after.start - leg.before.end - leg.travel
                if free < lunch:
                    yield Breach(leg.after.visit, officer)


def _over_noon(tours: Tours, before: int, after: int) -> bool:
    return tours.in_morning(before) and not tours.in_morning(after)


def site_open(tours: Tours) -> Iterator[Breach]:
    """A visit begins in a span of access, on a day when the site is not closed."""
    for placement in tours.plan.placements:
        site = tours.problem.site_by_id[tours.visit(placement).site]
        day, tick = divmod(placement.starts[0], tours.problem.day_ticks)
        accessible = not site.access or any(window.start <= tick <= window.end for window in site.access)
        if not accessible or tours.problem.date_of(day) in site.closed:
            yield Breach(placement.visit)


def not_too_early(tours: Tours) -> Iterator[Breach]:
    for placement in tours.plan.placements:
        visit = tours.visit(placement)
        today = tours.problem.date_of(placement.start // tours.problem.day_ticks)
        if (visit.earliest and today < visit.earliest) or (
            visit.wanted and placement.starts[0] < visit.wanted.start
        ):
            yield Breach(placement.visit)


def no_forbidden_half_day(tours: Tours) -> Iterator[Breach]:
    for placement in tours.plan.placements:
        if tours.problem.half_day_of(placement.starts[0]) in tours.visit(placement).forbidden:
            yield Breach(placement.visit)


def within_caps(tours: Tours) -> Iterator[Breach]:
    """On-site ticks of an officer's day, and of his ISO week, stay under his caps."""
    weeks: dict[tuple[str, int, int], int] = defaultdict(int)
    for (each, day), stops in tours.stops.items():
        officer = tours.problem.officer_by_id[each]
        load = sum(stop.end - stop.start for stop in stops)
        year, week, _ = tours.problem.date_of(day).isocalendar()
        weeks[each, year, week] += load
        over_week = officer.weekly is not None and weeks[each, year, week] > officer.weekly
        if over_week or (officer.daily is not None and load > officer.daily):
            yield Breach(stops[-1].visit, each)


def seats_suffice(tours: Tours) -> Iterator[Breach]:
    """No more officers of a pool are out in a half-day than its vehicles seat."""
    out: dict[tuple[str, int, bool], set[str]] = defaultdict(set)
    last: dict[tuple[str, int, bool], Stop] = {}
    for (officer, day), stops in tours.stops.items():
        pool = tours.problem.officer_by_id[officer].pool
        if pool is not None:
            for stop in stops:
                half = pool, day, tours.in_morning(stop.start)
                out[half].add(officer)
                last[half] = stop
    for half, officers in out.items():
        pool, half_day = half[0], tours.problem.half_day_of(last[half].start)
        vehicles = [each for each in tours.problem.vehicles if each.pool == pool]
        if len(officers) > sum(each.seats for each in vehicles if half_day not in each.unavailable):
            yield Breach(last[half].visit)


def segments_in_order(tours: Tours) -> Iterator[Breach]:
    """A visit starts after the one it comes after has ended; without that one it is not held at all."""
    for placement in tours.plan.placements:
        after = tours.visit(placement).after
        if after is None:
            continue
        earlier = tours.plan.by_visit.get(after)
        if earlier is None:
            yield Breach(placement.visit)
            continue
        parties = tours.problem.visit_by_id[after].parties
        end = max(start + party.duration for start, party in zip(earlier.starts, parties, strict=True))
        if placement.start < end:
            yield Breach(placement.visit)


def bookings_stand(tours: Tours) -> Iterator[Breach]:
    """Pinned bookings keep time and team, locked ones their time."""
    for booking in tours.problem.bookings:
        placement = tours.plan.by_visit.get(booking.visit)
        same_time = placement is not None and placement.starts == booking.starts
        same_team = placement is not None and [*map(set, placement.teams)] == [*map(set, booking.teams)]
        if booking.hold is Hold.PINNED and not (same_time and same_team):
            yield Breach(booking.visit)
        if booking.hold is Hold.LOCKED and not same_time:
            yield Breach(booking.visit)


RULES: tuple[Rule, ...] = (
    full_teams,
    everyone_together,
    on_grid,
    qualified,
    not_recused,
    within_hours,
    no_overlap,
    lunch_kept,
    site_open,
    not_too_early,
    no_forbidden_half_day,
    within_caps,
    seats_suffice,
    segments_in_order,
    bookings_stand,
)


def violations(tours: Tours) -> tuple[Violation, ...]:
    return tuple(
        Violation(constraint=rule.__name__, visit=breach.visit, officer=breach.officer)
        for rule in RULES
        for breach in rule(tours)
    )
