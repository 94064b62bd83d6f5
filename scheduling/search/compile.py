"""From a `Problem` to the arrays of `model.py`, and from a state back to a `Plan`."""

from dataclasses import dataclass

import numpy as np

from scheduling.plan import Placement, Plan
from scheduling.problem import (
    Half,
    HalfDay,
    Hold,
    Matrix,
    Party,
    Post,
    Problem,
    Speed,
    Term,
)
from scheduling.search import model as at
from scheduling.search.blank import Rows, empty_state, pack
from scheduling.search.jit import Floats, Ints, SmallInts
from scheduling.search.reach import Span, is_able, possible_starts, staff_of, working_spans
from scheduling.search.weights import level_weights

EARTH_RADIUS_M = 6_371_000


@dataclass(frozen=True)
class Compiled:
    """`m`, `tt` as in `model.py`; `weights` make one number of the terms; `parties` are each node's."""

    problem: Problem
    m: Ints
    tt: SmallInts
    weights: Floats
    parties: list[list[int]]

    def empty_state(self, seed: int) -> Ints:
        """A state in which nothing is served."""
        return empty_state(self.m, self._groups, seed)

    @property
    def strict(self) -> bool:
        """Whether a late start is forbidden rather than tardy, so that insertion should not push other visits."""
        return not any(visit.wanted for visit in self.problem.visits)

    @property
    def _groups(self) -> int:
        m = self.m
        return int(m[m[at.GROUP] : m[at.GROUP] + m[at.VISITS]].max(initial=-1)) + 1

    def plan(self, s: Ints) -> Plan:
        """The plan that a state stands for."""
        m, ids = self.m, [officer.id for officer in self.problem.officers]
        placements = []
        for number, visit in enumerate(self.problem.visits):
            day = int(s[s[at.DAY] + number])
            if day == at.NONE:
                continue
            starts = [0] * len(visit.parties)
            teams: list[tuple[str, ...]] = [()] * len(visit.parties)
            for node in range(m[m[at.VISIT_NODES] + number], m[m[at.VISIT_NODES] + number + 1]):
                first = int(m[m[at.NODE_PARTIES] + node])
                for offset, party in enumerate(self.parties[node]):
                    tasks = range(
                        m[m[at.PARTY_TASKS] + first + offset], m[m[at.PARTY_TASKS] + first + offset + 1]
                    )
                    starts[party] = day * self.problem.day_ticks + int(s[s[at.START] + node])
                    teams[party] = tuple(sorted(ids[s[s[at.OFFICER] + task]] for task in tasks))
            placements.append(Placement(visit=visit.id, starts=tuple(starts), teams=tuple(teams)))
        return Plan(placements=tuple(placements))


def compile_problem(problem: Problem) -> Compiled:
    rows: Rows = {}
    places = [*(office.id for office in problem.offices), *(site.id for site in problem.sites)]
    place = {each: number for number, each in enumerate(places)}
    officer = {each.id: number for number, each in enumerate(problem.officers)}
    spans = [[working_spans(problem, each, day) for day in range(problem.days)] for each in problem.officers]
    widest = max((len(each) for days in spans for each in days), default=0)
    tt = _travel(problem, places)
    starts = possible_starts(problem, spans, place, tt)
    widest = max(1, widest, max((len(each) for days in starts for each in days), default=0))

    rows |= {at.DAYS: problem.days, at.SPANS: widest, at.GRID: problem.grid, at.NOON: problem.noon}
    nodes = _structure(problem, rows, place)
    parties = [indices for _, indices in nodes]
    _people(problem, rows, spans, place, widest)
    _eligibility(problem, rows, officer, nodes)
    _visits(problem, rows, starts, place, widest)
    _bookings(problem, rows, officer, parties)
    return Compiled(problem, pack(rows, at.M_DIRECTORY), tt, level_weights(problem, tt), parties)


def _ends(lengths: list[int]) -> list[int]:
    return [0, *np.cumsum(lengths, dtype=np.int64).tolist()]


def _structure(problem: Problem, rows: Rows, place: dict[str, int]) -> list[tuple[int, list[int]]]:
    """Visits into nodes, parties and tasks. Returns each node's visit, and its parties by their index in it."""
    nodes: list[tuple[int, list[int]]] = []
    counts = []
    scarcity = scarcities(problem)
    for number, visit in enumerate(problem.visits):
        # The scarcest department first: where a visit cannot be, it shows at once.
        by_scarcity = sorted(enumerate(visit.parties), key=lambda each: -scarcity[each[1].department])
        together = [index for index, party in by_scarcity if party.lag == (0, 0)]
        lagged = [[index] for index, party in enumerate(visit.parties) if party.lag != (0, 0)]
        nodes += [(number, each) for each in (together, *lagged)]
        counts.append(1 + len(lagged))
    parties: list[tuple[int, Party]] = [
        (node, problem.visits[number].parties[index])
        for node, (number, indices) in enumerate(nodes)
        for index in indices
    ]
    tasks = [number for number, (_, party) in enumerate(parties) for _ in range(party.officers)]
    node_of = [parties[party][0] for party in tasks]
    party_tasks = _ends([party.officers for _, party in parties])
    node_parties = _ends([len(indices) for _, indices in nodes])
    lags = [problem.visits[number].parties[indices[0]].lag for number, indices in nodes]
    rows |= {
        at.VISITS: len(problem.visits),
        at.NODES: len(nodes),
        at.TASKS: len(tasks),
        at.VISIT_NODES: _ends(counts),
        at.NODE_PARTIES: node_parties,
        at.PARTY_TASKS: party_tasks,
        at.NODE_TASKS: [party_tasks[party] for party in node_parties],
        at.TASK_NODE: node_of,
        at.TASK_VISIT: [nodes[node][0] for node in node_of],
        at.TASK_PARTY: tasks,
        at.TASK_SITE: [place[problem.visits[nodes[node][0]].site] for node in node_of],
        at.TASK_DURATION: [parties[party][1].duration for party in tasks],
        at.LAG_MIN: [lag[0] for lag in lags],
        at.LAG_MAX: [lag[1] for lag in lags],
    }
    return nodes


def scarcities(problem: Problem) -> dict[str, float]:
    """Ticks that are asked of each department, for one of its officers."""
    demand: dict[str, float] = {}
    supply: dict[str, float] = {}
    for visit in problem.visits:
        for party in visit.parties:
            demand[party.department] = demand.get(party.department, 0.0) + party.officers * party.duration
    for officer in problem.officers:
        supply[officer.department] = supply.get(officer.department, 0.0) + 1.0
    return {name: ticks / supply.get(name, 1e-3) for name, ticks in demand.items()}


def _padded(spans: list[list[list[Span]]], widest: int) -> tuple[Ints, Ints]:
    """Ragged spans as one block, and how many of each row count."""
    days = max((len(row) for row in spans), default=0)
    block = np.full((len(spans), days, widest, 2), at.FAR, np.int64)
    count = np.zeros((len(spans), days), np.int64)
    for one, row in enumerate(spans):
        for day, pieces in enumerate(row):
            count[one, day] = len(pieces)
            block[one, day, : len(pieces)] = np.array(pieces, np.int64).reshape(-1, 2)
    return block, count


def _limit(value: int | None) -> int:
    return at.FAR if value is None else value


def _people(
    problem: Problem,
    rows: Rows,
    spans: list[list[list[Span]]],
    place: dict[str, int],
    widest: int,
) -> None:
    officers = problem.officers
    pools = sorted({each.pool for each in officers if each.pool is not None})
    weeks = [problem.date_of(day).isocalendar()[:2] for day in range(problem.days)]
    seats = np.zeros((max(1, len(pools)), problem.days, 2), np.int64)
    for vehicle in problem.vehicles:
        if vehicle.pool in pools:
            seats[pools.index(vehicle.pool)] += vehicle.seats
            for away in vehicle.unavailable:
                day = (away.day - problem.first_day).days
                if 0 <= day < problem.days:
                    seats[pools.index(vehicle.pool), day, int(away.half is Half.AFTERNOON)] -= vehicle.seats
    block, count = _padded(spans, widest)
    rows |= {
        at.OFFICERS: len(officers),
        at.POOLS: len(pools),
        at.WEEKS: len(set(weeks)),
        at.WEEK: [sorted(set(weeks)).index(week) for week in weeks],
        at.SPAN: block,
        at.SPAN_COUNT: count,
        at.SEATS: seats,
        at.OFFICE: [place[each.office] for each in officers],
        at.LUNCH: [each.lunch for each in officers],
        at.DAILY: [_limit(each.daily) for each in officers],
        at.WEEKLY: [_limit(each.weekly) for each in officers],
        at.POOL: [at.NONE if each.pool is None else pools.index(each.pool) for each in officers],
        at.SUBSTITUTE: [int(each.post is Post.SUBSTITUTE) for each in officers],
        at.FAIR_LIMIT: _fair_limits(problem, spans),
    }


def _fair_limits(problem: Problem, spans: list[list[list[Span]]]) -> list[int]:
    demand: dict[str, int] = {}
    for visit in problem.visits:
        for party in visit.parties:
            demand[party.department] = demand.get(party.department, 0) + party.officers * party.duration
    working = [sum(end - start for day in days for start, end in day) for days in spans]
    whole: dict[str, int] = {}
    for officer, ticks in zip(problem.officers, working, strict=True):
        if officer.post is Post.PRIMARY:
            whole[officer.department] = whole.get(officer.department, 0) + ticks
    return [
        demand.get(officer.department, 0)
        * ticks
        * problem.fair_share
        // (100 * max(1, whole[officer.department]))
        if officer.post is Post.PRIMARY
        else at.FAR
        for officer, ticks in zip(problem.officers, working, strict=True)
    ]


def _eligibility(
    problem: Problem,
    rows: Rows,
    officer: dict[str, int],
    nodes: list[tuple[int, list[int]]],
) -> None:
    """Parties that ask for the same officers share a class."""
    classes: dict[tuple[str, frozenset[str], str | None], int] = {}
    party_classes = []
    for number, indices in nodes:
        visit = problem.visits[number]
        for party in (visit.parties[index] for index in indices):
            key = (party.department, frozenset(party.certificates), problem.site_by_id[visit.site].district)
            party_classes.append(classes.setdefault(key, len(classes)))
    days = [problem.date_of(day) for day in range(problem.days)]
    staff = staff_of(problem)
    able = np.zeros((len(classes), problem.days, len(officer)), np.int64)
    for (department, certificates, district), number in classes.items():
        for spot, each in staff.get(department, ()):
            able[number, :, spot] = [is_able(each, certificates, district, day) for day in days]
    members = [
        # A posts first: where they suffice, the others need not be looked at.
        sorted(
            np.flatnonzero(days_able.any(axis=0)).tolist(), key=lambda each: problem.officers[each].post.value
        )
        for days_able in able
    ]
    crews = [[spot for spot, _ in staff.get(department, ())] for department, _, _ in classes]
    barred = np.zeros((len(problem.visits), len(officer)), np.int64)
    for recusal in problem.recusals:
        for number, visit in enumerate(problem.visits):
            by_applicant = recusal.applicant is not None and recusal.applicant == visit.applicant
            if recusal.visit == visit.id or by_applicant:
                barred[number, officer[recusal.officer]] = 1
    rows |= {
        at.PARTY_CLASS: party_classes,
        at.ABLE: able,
        at.CLASS_START: _ends([len(each) for each in members]),
        at.CLASS_OFFICERS: [number for each in members for number in each],
        at.BARRED: barred,
        at.CREW_START: _ends([len(each) for each in crews]),
        at.CREW_OFFICERS: [number for each in crews for number in each],
    }


def _visits(
    problem: Problem,
    rows: Rows,
    starts: list[list[list[Span]]],
    place: dict[str, int],
    widest: int,
) -> None:
    visits, number = problem.visits, {visit.id: index for index, visit in enumerate(problem.visits)}
    groups = sorted({visit.group for visit in visits if visit.group is not None})
    late = np.zeros((len(visits), problem.days), np.int64)
    dislike = np.zeros((len(visits), problem.days, 2), np.int64)
    for index, visit in enumerate(visits):
        deadline = problem.deadline_of(visit)
        for day in range(problem.days):
            today = problem.date_of(day)
            if deadline is not None and today > deadline:
                late[index, day] = visit.priority * problem.calendar.working_days_between(deadline, today)
            if visit.preferred:
                halves = (HalfDay(day=today, half=half) for half in (Half.MORNING, Half.AFTERNOON))
                dislike[index, day] = [half not in visit.preferred for half in halves]
    followers = [
        [number[each.id] for each in visits if each.after == visit.id] for visit in visits if visit.id
    ]
    block, count = _padded(starts, widest)
    rows |= {
        at.SITE: [place[visit.site] for visit in visits],
        at.WINDOW: block,
        at.WINDOW_COUNT: count,
        at.WANTED_END: [visit.wanted.end if visit.wanted else at.FAR for visit in visits],
        at.AFTER: [at.NONE if visit.after is None else number[visit.after] for visit in visits],
        at.FOLLOWERS_START: _ends([len(each) for each in followers]),
        at.FOLLOWERS: [each for row in followers for each in row],
        at.SHARED: [
            len({party.department for party in visit.parties}) < len(visit.parties) for visit in visits
        ],
        at.PRIORITY: [visit.priority for visit in visits],
        at.LATE: late,
        at.DISLIKE: dislike,
        at.GROUP: [at.NONE if visit.group is None else groups.index(visit.group) for visit in visits],
        at.TRACK_WAITING: int(any(level.weights.get(Term.WAITING) for level in problem.levels)),
    }


def _bookings(
    problem: Problem,
    rows: Rows,
    officer: dict[str, int],
    parties: list[list[int]],
) -> None:
    day, start, cost, frozen, team = [], [], [], [], []
    node = 0
    for visit in problem.visits:
        booking = problem.booking_by_visit.get(visit.id)
        held, tick = divmod(booking.starts[0], problem.day_ticks) if booking else (at.NONE, 0)
        day.append(held)
        start.append(tick)
        cost.append(booking.cost if booking else 0)
        frozen.append(int(booking is not None and booking.hold is Hold.PINNED))
        nodes = 1 + sum(party.lag != (0, 0) for party in visit.parties)
        for indices in parties[node : node + nodes]:
            for index in indices:
                names = booking.teams[index] if booking else ()
                seats = visit.parties[index].officers
                team += [officer[names[seat]] if seat < len(names) else at.NONE for seat in range(seats)]
        node += nodes
    rows |= {
        at.BOOKED_DAY: day,
        at.BOOKED_START: start,
        at.BOOKED_COST: cost,
        at.BOOKED_OFFICER: team,
        at.FROZEN: frozen,
    }


def _travel(problem: Problem, places: list[str]) -> SmallInts:
    if isinstance(problem.travel, Matrix):
        row = {each: number for number, each in enumerate(problem.travel.places)}
        order = np.array([row[each] for each in places])
        return np.ascontiguousarray(np.array(problem.travel.ticks, np.int32)[np.ix_(order, order)])
    spots = [(each.lon, each.lat) for each in problem.offices] + [
        (each.lon, each.lat) for each in problem.sites
    ]
    return _ride_times(
        problem.travel, np.radians(np.array(spots, np.float64).reshape(-1, 2)), problem.resolution
    )


def _ride_times(speed: Speed, spots: Floats, resolution: int) -> SmallInts:
    lon, lat = spots[:, 0], spots[:, 1]
    chord = np.sin((lat[:, None] - lat) / 2) ** 2
    chord += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    metres = np.rint(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(chord)) * speed.detour)
    near = np.minimum(metres, speed.near_km * 1000)
    minutes = near * 0.06 / speed.kmh + (metres - near) * 0.06 / speed.far_kmh + speed.fixed
    return np.where(metres == 0, 0, np.ceil(minutes * resolution)).astype(np.int32)
