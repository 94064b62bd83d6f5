"""A large problem in parts by days, so that several machines may plan at once, and the parts' plans in one.

Each part has all officers on days of its own, so that no officer, car or half-day belongs to two parts: what is joined
cannot be booked twice. Visits go where their departments are least taken up, within their promise.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec

from scheduling.plan import Plan
from scheduling.problem import Half, HalfDay, Leave, Officer, Post, Problem, Vehicle, Visit
from scheduling.repair import broken_visits

Days = Sequence[int]
#: For each officer or vehicle, the part that has it on each day of the horizon.
Owners = Mapping[str, Sequence[int]]


def split(problem: Problem, parts: int) -> tuple[Problem, ...]:
    """By days: at most `parts` problems of consecutive working days; one where the horizon has no more."""
    worked = [day for day in range(problem.days) if problem.calendar.is_working_day(problem.date_of(day))]
    parts = min(parts, len(worked))
    if parts <= 1:
        return (problem,)
    edges = [number * len(worked) // parts for number in range(parts + 1)]
    blocks = [worked[first:last] for first, last in pairwise(edges)]
    block_of = _assigned(problem, blocks)
    owner = [next((at for at, days in enumerate(blocks) if day in days), -1) for day in range(problem.days)]
    officers = {officer.id: owner for officer in problem.officers}
    vehicles = {vehicle.id: owner for vehicle in problem.vehicles}
    return tuple(
        part_of_problem(problem, number, block_of, officers, vehicles) for number in range(len(blocks))
    )


def join(problem: Problem, plans: Collection[Plan]) -> Plan:
    """The parts' plans together, without what breaks a rule across parts: the order of visits, a week's limits."""
    together = Plan(placements=tuple(each for plan in plans for each in plan.placements))
    broken = broken_visits(problem, together)
    return Plan(placements=tuple(each for each in together.placements if each.visit not in broken))


def _assigned(problem: Problem, blocks: Sequence[Days]) -> dict[str, int]:
    """The block of each visit: the urgent first, each cluster where its departments are least taken up."""
    room = _room(problem, blocks)
    taken: Counter[tuple[int, str]] = Counter()
    assigned: dict[str, int] = {}
    for cluster in sorted(
        clusters(problem), key=lambda each: (_allowed(problem, each, blocks)[-1], each[0].id)
    ):
        work: Counter[str] = Counter()
        for visit in cluster:
            for party in visit.parties:
                work[party.department] += party.officers * party.duration
        block = min(
            _allowed(problem, cluster, blocks),
            key=lambda at: max(
                ((taken[at, name] + ticks) / max(1, room[at, name]) for name, ticks in work.items()),
                default=0,
            ),
        )
        for name, ticks in work.items():
            taken[block, name] += ticks
        assigned |= {visit.id: block for visit in cluster}
    return assigned


def _room(problem: Problem, blocks: Sequence[Days]) -> Counter[tuple[int, str]]:
    """Working ticks of each department's A posts in each block, leave on whole days taken off."""
    room: Counter[tuple[int, str]] = Counter()
    for officer in problem.officers:
        if officer.post is Post.PRIMARY:
            hours = sum(span.end - span.start for span in officer.hours)
            for at, days in enumerate(blocks):
                present = sum(not _away(officer, problem.date_of(day)) for day in days)
                room[at, officer.department] += hours * present
    return room


def _away(officer: Officer, today: date) -> bool:
    return any(leave.part is None and leave.first <= today <= leave.last for leave in officer.leave)


def clusters(problem: Problem) -> list[list[Visit]]:
    """Visits that want to be near each other or follow each other; what is booked stays by itself, where it stands."""
    first = {visit.id: visit.id for visit in problem.visits}

    def root(name: str) -> str:
        while first[name] != name:
            name = first[name]
        return name

    of_group: dict[str, str] = {}
    for visit in problem.visits:
        if visit.id in problem.booking_by_visit:
            continue
        if visit.after is not None and visit.after not in problem.booking_by_visit:
            first[root(visit.id)] = root(visit.after)
        if visit.group is not None:
            first[root(visit.id)] = root(of_group.setdefault(visit.group, visit.id))
    clusters = defaultdict(list)
    for visit in problem.visits:
        clusters[root(visit.id)].append(visit)
    return list(clusters.values())


def _allowed(problem: Problem, cluster: Sequence[Visit], blocks: Sequence[Days]) -> list[int]:
    """Blocks in which all of the cluster may be held in time; else the one that comes nearest."""
    booking = problem.booking_by_visit.get(cluster[0].id)
    if booking is not None:
        return [_block_of(booking.starts[0] // problem.day_ticks, blocks)]
    opens = max(visit.earliest or problem.first_day for visit in cluster)
    closes = min(problem.deadline_of(visit) or date.max for visit in cluster)
    open_blocks = [
        at
        for at, days in enumerate(blocks)
        if opens <= problem.date_of(days[-1]) and problem.date_of(days[0]) <= closes
    ]
    return open_blocks or [_block_of((opens - problem.first_day).days, blocks)]


def _block_of(day: int, blocks: Sequence[Days]) -> int:
    return next((at for at, days in enumerate(blocks) if day <= days[-1]), len(blocks) - 1)


def part_of_problem(
    problem: Problem, number: int, part_of: Mapping[str, int], officers: Owners, vehicles: Owners
) -> Problem:
    """The visits of this part; on days that are another's, an officer is away and a vehicle in use."""
    visits = {visit for visit, part in part_of.items() if part == number}
    own = {
        each: frozenset(day for day, part in enumerate(days) if part == number)
        for each, days in (*officers.items(), *vehicles.items())
    }
    return msgspec.structs.replace(
        problem,
        visits=tuple(_alone(visit, visits) for visit in problem.visits if visit.id in visits),
        bookings=tuple(each for each in problem.bookings if each.visit in visits),
        recusals=tuple(each for each in problem.recusals if each.visit is None or each.visit in visits),
        officers=tuple(_present(problem, officer, own[officer.id]) for officer in problem.officers),
        vehicles=tuple(_in_use(problem, vehicle, own[vehicle.id]) for vehicle in problem.vehicles),
    )


def _present(problem: Problem, officer: Officer, days: Collection[int]) -> Officer:
    others = [problem.date_of(day) for day in range(problem.days) if day not in days]
    weekly = None if officer.weekly is None else int(officer.weekly * _week_share(problem, days))
    leave = (*officer.leave, *(Leave(first=day, last=day) for day in others))
    return msgspec.structs.replace(officer, leave=leave, weekly=weekly)


def _in_use(problem: Problem, vehicle: Vehicle, days: Collection[int]) -> Vehicle:
    others = [problem.date_of(day) for day in range(problem.days) if day not in days]
    elsewhere = tuple(HalfDay(day=day, half=half) for day in others for half in Half)
    return msgspec.structs.replace(vehicle, unavailable=tuple({*vehicle.unavailable, *elsewhere}))


def _alone(visit: Visit, visits: Collection[str]) -> Visit:
    return msgspec.structs.replace(visit, after=None) if visit.after not in {None, *visits} else visit


def _week_share(problem: Problem, days: Collection[int]) -> float:
    """The part of a week's limit that these days may use, by their shortest share of a week."""
    whole: Counter[tuple[int, int]] = Counter()
    own: Counter[tuple[int, int]] = Counter()
    for day in range(problem.days):
        today = problem.date_of(day)
        if problem.calendar.is_working_day(today):
            whole[today.isocalendar()[:2]] += 1
            own[today.isocalendar()[:2]] += day in days
    return min((own[week] / whole[week] for week in whole if own[week]), default=1.0)
