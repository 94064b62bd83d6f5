"""A problem as one CP-SAT model: its variables and hard constraints.

Each officer's horizon is one circuit through his parts. An arc between two parts is either *direct* (the same day, with
its travel) or *overnight* (home to the office and out again on a later day).
"""

from dataclasses import dataclass, field
from typing import Any

from ortools.sat.python import cp_model

from scheduling.plan import Placement, Plan
from scheduling.problem import Hold, Problem
from scheduling.search import model as at
from scheduling.search.compile import Compiled, compile_problem
from scheduling.search.load import may_serve

Domain = cp_model.Domain


@dataclass
class _Part:
    """One party of one visit."""

    visit: int
    index: int
    duration: int
    start: Any
    site: int
    takes: dict[int, Any] = field(default_factory=dict)  # officer: literal


class VisitModel:
    """When each visit is held: its day, the half of it, its starts and the order of segments."""

    def __init__(self, compiled: Compiled) -> None:
        problem = compiled.problem
        self.problem, self.compiled = problem, compiled
        self.cp = cp_model.CpModel()
        self.served = [self.cp.new_bool_var(f"served {visit.id}") for visit in problem.visits]
        self.on_day = [[self.cp.new_bool_var("") for _ in range(problem.days)] for _ in problem.visits]
        self.afternoon = [self.cp.new_bool_var("") for _ in problem.visits]
        self.parts: list[list[_Part]] = []
        self._visits()

    def cell(self, name: int, number: int) -> int:
        return int(self.compiled.m[self.compiled.m[name] + number])

    def _starts(self, visit: int) -> Any:
        """The ticks at which a visit may begin."""
        problem, m = self.problem, self.compiled.m
        intervals = []
        for day in range(problem.days):
            row = visit * problem.days + day
            for span in range(self.cell(at.WINDOW_COUNT, row)):
                spot = int(m[at.WINDOW]) + (row * int(m[at.SPANS]) + span) * 2
                first, last = int(m[spot]), int(m[spot + 1])
                grid = range(first + -first % problem.grid, last + 1, problem.grid)
                midnight = day * problem.day_ticks
                if problem.grid == 1:
                    intervals.append([midnight + first, midnight + last])
                else:
                    intervals += [[midnight + tick, midnight + tick] for tick in grid]
        booking = problem.booking_by_visit.get(problem.visits[visit].id)
        if booking is not None:
            intervals.append([booking.starts[0], booking.starts[0]])
        return Domain.from_intervals(intervals)

    def _visits(self) -> None:
        problem, cp = self.problem, self.cp
        horizon = problem.days * problem.day_ticks
        for number, visit in enumerate(problem.visits):
            domain = self._starts(number)
            if domain.is_empty():
                cp.add(self.served[number] == 0)
                domain = Domain.from_values([0])
            first = cp.new_int_var_from_domain(domain, visit.id)
            parts = []
            for index, party in enumerate(visit.parties):
                start = first if party.lag == (0, 0) else cp.new_int_var(0, horizon, "")
                if party.lag != (0, 0):
                    cp.add_linear_constraint(start - first, *party.lag)
                site = self.cell(at.SITE, number)
                parts.append(_Part(number, index, party.duration, start, site))
            self.parts.append(parts)
            cp.add(sum(self.on_day[number]) == self.served[number])
            for day in range(problem.days):
                midnight = day * problem.day_ticks
                halves = (
                    (midnight, midnight + problem.noon - 1),
                    (midnight + problem.noon, midnight + problem.day_ticks - 1),
                )
                for half, (low, high) in enumerate(halves):
                    pm = self.afternoon[number] if half else ~self.afternoon[number]
                    cp.add_linear_constraint(first, low, high).only_enforce_if(self.on_day[number][day], pm)
        for number, visit in enumerate(problem.visits):
            if visit.after is not None:
                before = next(index for index, other in enumerate(problem.visits) if other.id == visit.after)
                cp.add_implication(self.served[number], self.served[before])
                for part in self.parts[before]:
                    cp.add(self.parts[number][0].start >= part.start + part.duration).only_enforce_if(
                        self.served[number]
                    )

    def spans(self, officer: int, day: int) -> list[tuple[int, int]]:
        m = self.compiled.m
        row = officer * self.problem.days + day
        spot = int(m[at.SPAN]) + row * int(m[at.SPANS]) * 2
        count = self.cell(at.SPAN_COUNT, row)
        return [(int(m[spot + 2 * span]), int(m[spot + 2 * span + 1])) for span in range(count)]


class Model(VisitModel):
    """With who takes each part, and in which order."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(compile_problem(problem))
        self.legs: list[Any] = []
        self.out: dict[tuple[str, int, int], list[Any]] = {}
        self.waits: list[Any] = []
        self._teams()
        for officer in range(len(problem.officers)):
            self._circuit(officer)
            self._caps(officer)
        self._seats()
        self._bookings()

    def _teams(self) -> None:
        for number, visit in enumerate(self.problem.visits):
            for node in range(self.cell(at.VISIT_NODES, number), self.cell(at.VISIT_NODES, number + 1)):
                first = self.cell(at.NODE_PARTIES, node)
                for offset, index in enumerate(self.compiled.parties[node]):
                    self._team(self.parts[number][index], self.cell(at.PARTY_TASKS, first + offset))
            for officer in {each for part in self.parts[number] for each in part.takes}:
                twice = [part.takes[officer] for part in self.parts[number] if officer in part.takes]
                if len(twice) > 1:
                    self.cp.add_at_most_one(twice)
            for part, party in zip(self.parts[number], visit.parties, strict=True):
                self.cp.add(sum(part.takes.values()) == party.officers * self.served[number])

    def _team(self, part: _Part, task: int) -> None:
        problem = self.problem
        for officer in range(len(problem.officers)):
            days = [day for day in range(problem.days) if may_serve(self.compiled, task, day, officer)]
            starts = [
                [day * problem.day_ticks + start, day * problem.day_ticks + end - part.duration]
                for day in days
                for start, end in self.spans(officer, day)
                if end - start >= part.duration
            ]
            if starts:
                takes = self.cp.new_bool_var("")
                part.takes[officer] = takes
                self.cp.add_linear_expression_in_domain(
                    part.start, Domain.from_intervals(starts)
                ).only_enforce_if(takes)

    def _circuit(self, officer: int) -> None:
        """The order in which an officer goes through his parts, and the travel between them."""
        cp, tt = self.cp, self.compiled.tt
        parts = [part for parts in self.parts for part in parts if officer in part.takes]
        if not parts:
            return
        office = self.cell(at.OFFICE, officer)
        idle = cp.new_bool_var("")
        arcs: list[tuple[int, int, Any]] = [(0, 0, idle)]
        outs: list[list[Any]] = [[] for _ in parts]
        backs: list[list[Any]] = [[] for _ in parts]
        for here, part in enumerate(parts):
            takes = part.takes[officer]
            arcs.append((here + 1, here + 1, ~takes))
            cp.add_implication(idle, ~takes)
            for arc, ends in (((0, here + 1), outs), ((here + 1, 0), backs)):
                literal = cp.new_bool_var("")
                arcs.append((*arc, literal))
                ends[here].append(literal)
            for there, other in enumerate(parts):
                if other.visit != part.visit:
                    direct, overnight = cp.new_bool_var(""), cp.new_bool_var("")
                    arcs += [(here + 1, there + 1, direct), (here + 1, there + 1, overnight)]
                    self._direct(officer, part, other, direct)
                    cp.add(other.start >= part.start + part.duration + 1).only_enforce_if(overnight)
                    for day in range(self.problem.days):
                        cp.add_bool_or(
                            ~overnight, ~self.on_day[part.visit][day], ~self.on_day[other.visit][day]
                        )
                    outs[there].append(overnight)
                    backs[here].append(overnight)
        cp.add_circuit(arcs)
        for part, leaves, returns in zip(parts, outs, backs, strict=True):
            for literals, way, leaving in (
                (leaves, int(tt[office, part.site]), True),
                (returns, int(tt[part.site, office]), False),
            ):
                domain = self._office_domain(officer, part.duration, way, leaving=leaving)
                for literal in literals:
                    cp.add_linear_expression_in_domain(part.start, domain).only_enforce_if(literal)
                self.legs += [way * literal for literal in literals]

    def _direct(self, officer: int, part: _Part, other: _Part, direct: Any) -> None:
        way = int(self.compiled.tt[part.site, other.site])
        lunch = self.cell(at.LUNCH, officer)
        crosses = self.afternoon[other.visit] - self.afternoon[part.visit]
        gap = other.start - part.start - part.duration - way
        self.cp.add(gap >= lunch * crosses).only_enforce_if(direct)
        for day in range(self.problem.days):
            self.cp.add(self.on_day[part.visit][day] == self.on_day[other.visit][day]).only_enforce_if(direct)
        self.legs.append(way * direct)
        if self.cell_number(at.TRACK_WAITING):
            wait = self.cp.new_int_var(0, self.problem.day_ticks, "")
            self.cp.add(wait >= gap - self.problem.day_ticks * crosses).only_enforce_if(direct)
            self.waits.append(wait)

    def cell_number(self, name: int) -> int:
        return int(self.compiled.m[name])

    def _office_domain(self, officer: int, duration: int, way: int, *, leaving: bool) -> Any:
        """Starts of a part that can be reached from the office, or from which it can be reached, within hours."""
        intervals = []
        for day in range(self.problem.days):
            spans = self.spans(officer, day)
            if spans:
                midnight = day * self.problem.day_ticks
                low = spans[0][0] + (way if leaving else 0)
                high = spans[-1][1] - duration - (0 if leaving else way)
                if low <= high:
                    intervals.append([midnight + low, midnight + high])
        return Domain.from_intervals(intervals)

    def _by_day(self, officer: int, day: int) -> list[tuple[_Part, Any]]:
        """Parts of the officer, with a literal that says that they are on the day."""
        held = []
        for part in (part for parts in self.parts for part in parts if officer in part.takes):
            literal = self.cp.new_bool_var("")
            self.cp.add_bool_or(~part.takes[officer], ~self.on_day[part.visit][day], literal)
            held.append((part, literal))
        return held

    def _caps(self, officer: int) -> None:
        problem = self.problem
        person = problem.officers[officer]
        if person.daily is None and person.weekly is None and person.pool is None:
            return
        weeks: dict[int, list[Any]] = {}
        for day in range(problem.days):
            held = self._by_day(officer, day)
            load = [part.duration * literal for part, literal in held]
            weeks.setdefault(self.cell(at.WEEK, day), []).extend(load)
            if person.daily is not None:
                self.cp.add(sum(load) <= person.daily)
            if person.pool is not None:
                for half in range(2):
                    out = self.out.setdefault((person.pool, day, half), [])
                    leaves = self.cp.new_bool_var("")
                    out.append(leaves)
                    for part, literal in held:
                        pm = self.afternoon[part.visit]
                        self.cp.add_bool_or(~literal, pm if half == 0 else ~pm, leaves)
        if person.weekly is not None:
            for load in weeks.values():
                self.cp.add(sum(load) <= person.weekly)

    def _seats(self) -> None:
        m, days = self.compiled.m, self.problem.days
        pools = sorted({officer.pool for officer in self.problem.officers if officer.pool is not None})
        for (pool, day, half), out in self.out.items():
            seats = int(m[m[at.SEATS] + (pools.index(pool) * days + day) * 2 + half])
            if len(out) > seats:
                self.cp.add(sum(out) <= seats)

    def _bookings(self) -> None:
        """For each booking, a literal that its time is kept; firm ones are bound to it."""
        self.kept: dict[str, Any] = {}
        officers = {officer.id: number for number, officer in enumerate(self.problem.officers)}
        for number, visit in enumerate(self.problem.visits):
            booking = self.problem.booking_by_visit.get(visit.id)
            if booking is None:
                continue
            kept = self.kept[visit.id] = self.cp.new_bool_var("")
            self.cp.add_implication(kept, self.served[number])
            for part, start in zip(self.parts[number], booking.starts, strict=True):
                self.cp.add(part.start == start).only_enforce_if(kept)
            if booking.hold is not Hold.MOVABLE:
                self.cp.add(kept == 1)
            if booking.hold is Hold.PINNED:
                for part, team in zip(self.parts[number], booking.teams, strict=True):
                    for each in team:
                        self.cp.add(part.takes.get(officers[each], 0) == 1)

    def hint(self, plan: Plan) -> None:
        """Tells the solver of a plan; it may be infeasible or incomplete."""
        self.cp.clear_hints()  # type: ignore[no-untyped-call]  # the library annotates all but this
        officers = {officer.id: number for number, officer in enumerate(self.problem.officers)}
        for number, visit in enumerate(self.problem.visits):
            placement = plan.by_visit.get(visit.id)
            self.cp.add_hint(self.served[number], placement is not None)
            if placement is None:
                continue
            hinted: set[int] = set()
            for part, start, team in zip(self.parts[number], placement.starts, placement.teams, strict=True):
                if part.start.index not in hinted:
                    hinted.add(part.start.index)
                    self.cp.add_hint(part.start, start)
                for officer, takes in part.takes.items():
                    self.cp.add_hint(takes, officer in {officers[each] for each in team})

    def plan(self, solver: Any) -> Plan:
        placements = []
        for number, visit in enumerate(self.problem.visits):
            if not solver.boolean_value(self.served[number]):
                continue
            teams = [
                tuple(
                    sorted(
                        self.problem.officers[officer].id
                        for officer, takes in part.takes.items()
                        if solver.boolean_value(takes)
                    )
                )
                for part in self.parts[number]
            ]
            starts = tuple(solver.value(part.start) for part in self.parts[number])
            placements.append(Placement(visit=visit.id, starts=starts, teams=tuple(teams)))
        return Plan(placements=tuple(placements))
