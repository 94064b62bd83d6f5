"""A large problem in parts by districts: visits of a part lie near each other, and each part has officers of its own.

Departments are dealt out by the work that waits in each part; one that is too small for that serves the parts by turns,
a day each. An officer is in one part a day, and so is a car: what is joined cannot be booked twice. Where promises
leave the choice of the day, parts by days (`split.py`) waste less.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scheduling.problem import Officer, Party, Problem, Visit
from scheduling.search.reach import is_able, staff_of
from scheduling.split import clusters, part_of_problem


def split_by_district(problem: Problem, parts: int) -> tuple[Problem, ...]:
    """At most `parts` problems, none of whose districts is another's; one where there is one district only."""
    part_of_district = _dealt(_work_of_districts(problem), parts)
    count = len(set(part_of_district.values()))
    if count <= 1:
        return (problem,)
    part_of = {
        visit.id: part_of_district[_district(problem, together[0])]
        for together in _bound_together(problem)
        for visit in together
    }
    officers = _officers(problem, part_of, part_of_district, count)
    vehicles = _vehicles(problem, officers)
    return tuple(part_of_problem(problem, number, part_of, officers, vehicles) for number in range(count))


def _district(problem: Problem, visit: Visit) -> str:
    return problem.site_by_id[visit.site].district or ""


def _work(parties: Iterable[Party]) -> int:
    return sum(party.officers * party.duration for party in parties)


def _work_of_districts(problem: Problem) -> Counter[str]:
    work: Counter[str] = Counter()
    for visit in problem.visits:
        work[_district(problem, visit)] += _work(visit.parties)
    return work


def _dealt(work: Mapping[str, int], parts: int) -> dict[str, int]:
    """The part of each district: the largest first, each to the part that has least to do."""
    load = [0] * max(1, min(parts, len(work)))
    part_of = {}
    for district in sorted(work, key=lambda each: (-work[each], each)):
        part_of[district] = load.index(min(load))
        load[part_of[district]] += work[district]
    return part_of


def _bound_together(problem: Problem) -> list[list[Visit]]:
    """Clusters of visits, as one where bookings share an officer's day."""
    rows = clusters(problem)
    row_of = {visit.id: number for number, row in enumerate(rows) for visit in row}
    first: dict[tuple[str, int], int] = {}
    for booking in problem.bookings:
        day = booking.starts[0] // problem.day_ticks
        for officer in {each for team in booking.teams for each in team}:
            here, there = row_of[booking.visit], first.setdefault((officer, day), row_of[booking.visit])
            if here != there:
                rows[there] += rows[here]
                row_of |= {visit.id: there for visit in rows[here]}
                first |= {key: there for key, row in first.items() if row == here}
                rows[here] = []
    return [row for row in rows if row]


def _officers(
    problem: Problem, part_of: Mapping[str, int], part_of_district: Mapping[str, int], parts: int
) -> dict[str, list[int]]:
    """The part that has each officer on each day."""
    owners: dict[str, list[int]] = {}
    for department, staff in staff_of(problem).items():
        needs: dict[int, list[tuple[Party, str]]] = defaultdict(list)
        for visit in problem.visits:
            here = [party for party in visit.parties if party.department == department]
            needs[part_of[visit.id]] += [(party, _district(problem, visit)) for party in here]
        wanting = sorted(part for part, parties in needs.items() if parties) or [0]
        people = [officer for _, officer in staff]
        home = {
            each.id: part_of_district[each.district]
            for each in people
            if each.district is not None and each.district in part_of_district
        }
        shared = _shared_out([each for each in people if each.id not in home], needs, wanting) | home
        if all(_can_fill(problem, people, shared, part, needs[part]) for part in wanting):
            owners |= {each: [part] * problem.days for each, part in shared.items()}
        else:
            turns = _turns(problem, wanting, parts)
            owners |= {
                each.id: [home[each.id]] * problem.days if each.id in home else turns[:] for each in people
            }
    for booking in problem.bookings:
        for officer in {each for team in booking.teams for each in team}:
            owners[officer][booking.starts[0] // problem.day_ticks] = part_of[booking.visit]
    return owners


def _shared_out(
    people: Sequence[Officer], needs: Mapping[int, Sequence[tuple[Party, str]]], wanting: Sequence[int]
) -> dict[str, int]:
    """One after the other to the part with most work for each officer that it has; those of one kind spread evenly."""
    work = {part: _work(party for party, _ in needs[part]) for part in wanting}
    given: Counter[tuple[int, object]] = Counter()
    owner = {}
    for officer in sorted(people, key=lambda each: each.id):
        kind = officer.post, frozenset(paper.name for paper in officer.certificates)
        part = max(wanting, key=lambda each: (work[each] / (1 + given[each, kind]), -each))
        given[part, kind] += 1
        owner[officer.id] = part
    return owner


def _can_fill(
    problem: Problem,
    people: Sequence[Officer],
    owner: Mapping[str, int],
    part: int,
    needs: Iterable[tuple[Party, str]],
) -> bool:
    """Whether the part has the officers for each of its parties, were it the only one."""
    own = [officer for officer in people if owner[officer.id] == part]
    kinds = {(frozenset(party.certificates), district, party.officers) for party, district in needs}
    return all(
        sum(is_able(officer, certificates, district or None, problem.first_day) for officer in own) >= seats
        for certificates, district, seats in kinds
    )


def _turns(problem: Problem, wanting: Sequence[int], parts: int) -> list[int]:
    """A working day each; on the day of a part that does not want the department, another has it."""
    turns, worked = [], 0
    for day in range(problem.days):
        part = worked % parts
        turns.append(part if part in wanting else wanting[worked % len(wanting)])
        worked += problem.calendar.is_working_day(problem.date_of(day))
    return turns


def _vehicles(problem: Problem, officers: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """On each day, the largest vehicles of a pool first, to the part with most officers for each seat that it has."""
    owners: dict[str, list[int]] = {vehicle.id: [] for vehicle in problem.vehicles}
    for day in range(problem.days):
        riders = Counter((each.pool, officers[each.id][day]) for each in problem.officers)
        seats: Counter[tuple[str, int]] = Counter()
        for vehicle in sorted(problem.vehicles, key=lambda each: (-each.seats, each.id)):
            parts = sorted(part for pool, part in riders if pool == vehicle.pool) or [0]
            part = max(parts, key=lambda at: riders[vehicle.pool, at] / (1 + seats[vehicle.pool, at]))
            seats[vehicle.pool, part] += vehicle.seats
            owners[vehicle.id].append(part)
    return owners
