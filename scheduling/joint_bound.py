"""A lower bound of a whole level of small problems: all departments together, their officers without names.

Everyone goes out from the nearest office, so that travel is every visit's way there and back, less what is saved
wherever somebody goes on from one visit to the next on the same day. Savings are shared out by department as flows of
people between visits that have a day and a start in common for all departments; what each person may do otherwise
(caps, recusals, certificates, vehicles) is dropped. CP-SAT and its linear relaxation bound what is left.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import permutations
from typing import Any

from ortools.sat.python import cp_model

from scheduling.exact_model import VisitModel
from scheduling.problem import Post, Term
from scheduling.search import model as at
from scheduling.search.compile import Compiled

#: More visits have too many pairs.
MOST_VISITS = 60
POLL_SECONDS = 0.1
#: Levels without any of these gain nothing by this: the other terms are bound by each visit alone, or not at all.
SHARED = {Term.SUBSTITUTES, Term.TRAVEL, Term.DISLIKED}

#: A half of a day: day of the horizon, 0 in the morning and 1 in the afternoon.
Half = tuple[int, int]


def least_together(
    compiled: Compiled,
    weights: Mapping[Term, int],
    *,
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """Rising bounds of the weighed terms in any plan that serves every visit, none for what the model cannot say."""
    visits = compiled.problem.visits
    together = all(party.lag == (0, 0) for visit in visits for party in visit.parties)
    if len(visits) > MOST_VISITS or not together or not SHARED & weights.keys():
        return
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # the relaxation is the bound
    solver.parameters.symmetry_level = 0  # takes more time than it saves
    solver.parameters.max_time_in_seconds = seconds
    known = [0.0]
    solver.best_bound_callback = known.append
    said = 0
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(solver.solve, _Together(compiled, weights).cp)
        try:
            while running not in wait([running], timeout=POLL_SECONDS).done:
                if stopped():
                    solver.stop_search()
                if known[-1] > said:
                    said = round(known[-1])
                    yield said
        finally:
            solver.stop_search()  # whoever asked may have heard enough
    if running.result() in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        yield max(said, round(solver.best_objective_bound))


class _Department:
    """What is needed of one department, and what it has. `onward` are those who go from one visit to another within a
    half-day, by the visits that allow it, `extra` those for whom there is no A post.
    """

    def __init__(self, model: VisitModel, name: str) -> None:
        compiled, problem = model.compiled, model.problem
        self.seats: Counter[int] = Counter()
        self.duration: dict[int, int] = {}
        for visit, each in enumerate(problem.visits):
            for party in each.parties:
                if party.department == name and party.officers:
                    self.seats[visit] += party.officers
                    self.duration[visit] = min(self.duration.get(visit, party.duration), party.duration)
        crew = [number for number, each in enumerate(problem.officers) if each.department == name]
        self.lunch = min((problem.officers[each].lunch for each in crew), default=0)
        self.primaries: Counter[Half] = Counter()
        self.people: Counter[Half] = Counter()
        for officer in crew:
            for half in _halves_at_work(model, officer):
                self.people[half] += 1
                self.primaries[half] += problem.officers[officer].post is Post.PRIMARY
        offices = sorted({model.cell(at.OFFICE, each) for each in crew})
        sites = [model.cell(at.SITE, visit) for visit in self.seats]
        tt = compiled.tt
        self.out = {
            visit: int(min(tt[office, site] for office in offices))
            for visit, site in zip(self.seats, sites, strict=True)
        }
        self.back = {
            visit: int(min(tt[site, office] for office in offices))
            for visit, site in zip(self.seats, sites, strict=True)
        }
        self.onward: dict[Half, list[Any]] = defaultdict(list)
        self.onward_visits: dict[Half, set[int]] = defaultdict(set)
        self.extra: dict[Half, Any] = {}


def _halves_at_work(model: VisitModel, officer: int) -> set[Half]:
    noon = model.problem.noon
    return {
        (day, half)
        for day in range(model.problem.days)
        for start, end in model.spans(officer, day)
        for half in range(2)
        if (start < noon if half == 0 else end > noon)
    }


class _Together(VisitModel):
    def __init__(self, compiled: Compiled, weights: Mapping[Term, int]) -> None:
        super().__init__(compiled)
        self.weights = weights
        self.cost: Any = 0
        self.held: dict[tuple[int, Half], Any] = {}  # visit and half-day: literal
        self.starts: dict[tuple[int, Half], tuple[int, int]] = {}  # the first and last start there
        self.halves: dict[int, list[Half]] = {}
        #: Two visits on one day, the first before noon and the second after it: literal, or None if that cannot be.
        self.crossing: dict[tuple[int, int], Any] = {}
        for visit in range(len(self.problem.visits)):
            self._half_days(visit)
        names = {
            party.department for visit in self.problem.visits for party in visit.parties if party.officers
        }
        for department in (_Department(self, name) for name in sorted(names)):
            self._flows(department)
            self._people(department)
            self._company(department)
        self._groups()
        self.cp.minimize(self.cost)

    def _charge(self, term: Term, amount: Any) -> None:
        if weight := self.weights.get(term, 0):
            self.cost += weight * amount

    def _half_days(self, visit: int) -> None:
        problem, cp = self.problem, self.cp
        ends = iter(self._starts(visit).flattened_intervals())
        intervals = list(zip(ends, ends, strict=True))
        for day in range(problem.days):
            midnight = day * problem.day_ticks
            for half, (low, high) in enumerate(((0, problem.noon), (problem.noon, problem.day_ticks))):
                inside = [
                    (max(first, midnight + low), min(last, midnight + high - 1)) for first, last in intervals
                ]
                inside = [(first, last) for first, last in inside if first <= last]
                if inside:
                    literal = self.held[visit, (day, half)] = cp.new_bool_var("")
                    self.starts[visit, (day, half)] = inside[0][0], inside[-1][1]
                    pm = self.afternoon[visit] if half else ~self.afternoon[visit]
                    cp.add_implication(literal, self.on_day[visit][day])
                    cp.add_implication(literal, pm)
                    row = visit * problem.days + day
                    self._charge(Term.LATENESS, self.cell(at.LATE, row) * literal)
                    self._charge(Term.DISLIKED, self.cell(at.DISLIKE, row * 2 + half) * literal)
        self.halves[visit] = [half for each, half in self.held if each == visit]
        cp.add(self.served[visit] == 1)
        cp.add_exactly_one(self.held[visit, half] for half in self.halves[visit])

    def _flows(self, work: _Department) -> None:
        """How many go on from each visit to each other one, on the same day."""
        cp = self.cp
        leave: dict[tuple[int, bool], list[Any]] = defaultdict(list)
        arrive: dict[tuple[int, bool], list[Any]] = defaultdict(list)
        for here, there in permutations(work.seats, 2):
            way = int(self.compiled.tt[self.cell(at.SITE, here), self.cell(at.SITE, there)])
            saved = max(0, work.back[here] + work.out[there] - way)
            most = min(work.seats[here], work.seats[there])
            after = work.duration[here] + way
            crossing = self._crossing(here, there) if saved and Term.TRAVEL in self.weights else None
            if crossing is not None:
                noons = [((day, 0), (day, 1)) for day in range(self.problem.days)]
                people = self._flow(most, crossing, (here, there), noons, after + work.lunch)
                leave[here, True].append(people)
                arrive[there, True].append(people)
                self._charge(Term.TRAVEL, -saved * people)
            for half in self.halves[here]:
                if (there, half) in self.held and (
                    self.starts[there, half][1] - self.starts[here, half][0] >= after
                ):
                    both = cp.new_bool_var("")
                    cp.add_implication(both, self.held[here, half])
                    cp.add_implication(both, self.held[there, half])
                    people = self._flow(most, both, (here, there), [(half, half)], after)
                    leave[here, False].append(people)
                    arrive[there, False].append(people)
                    work.onward[half].append(people)
                    work.onward_visits[half] |= {here, there}
                    self._charge(Term.TRAVEL, -saved * people)
        for visit, seats in work.seats.items():
            pm = self.afternoon[visit]
            self._charge(Term.TRAVEL, seats * (work.out[visit] + work.back[visit]))
            for gone, at_noon in ((leave, ~pm), (arrive, pm)):
                cp.add(sum(gone[visit, True]) + sum(gone[visit, False]) <= seats)
                cp.add(sum(gone[visit, True]) <= seats * at_noon)

    def _flow(
        self, most: int, allowed: Any, pair: tuple[int, int], halves: list[tuple[Half, Half]], after: int
    ) -> Any:
        """Up to so many people, if allowed and if the other visit begins so long after, in one of these half-days."""
        here, there = pair
        people = self.cp.new_int_var(0, most, "")
        self.cp.add(people <= most * allowed)
        apart = min(
            self.starts[there, other][0] - self.starts[here, half][1]
            for half, other in halves
            if (here, half) in self.held and (there, other) in self.held
        )
        if apart < after:
            goes = self.cp.new_bool_var("")
            self.cp.add(people <= most * goes)
            begin, other_begin = self.parts[here][0].start, self.parts[there][0].start
            self.cp.add(other_begin - begin >= after).only_enforce_if(goes)
        return people

    def _crossing(self, here: int, there: int) -> Any:
        """Both on the same day, the one before noon and the other after it; None if that cannot be."""
        if (here, there) not in self.crossing:
            mornings = {day for day, half in self.halves[here] if half == 0}
            afternoons = {day for day, half in self.halves[there] if half == 1}
            self.crossing[here, there] = None
            if mornings & afternoons:
                both = self.crossing[here, there] = self.cp.new_bool_var("")
                self.cp.add_implication(both, ~self.afternoon[here])
                self.cp.add_implication(both, self.afternoon[there])
                for day in mornings | afternoons:
                    first = self.held.get((here, (day, 0)), False)
                    second = self.held.get((there, (day, 1)), False)
                    self.cp.add_bool_or(~both, ~first, second)
                    self.cp.add_bool_or(~both, first, ~second)
        return self.crossing[here, there]

    def _people(self, work: _Department) -> None:
        """Who is out in a half-day, A posts first."""
        for half in {half for visit in work.seats for half in self.halves[visit]}:
            taken = [
                seats * self.held[visit, half]
                for visit, seats in work.seats.items()
                if half in self.halves[visit]
            ]
            primaries, people = work.primaries[half], work.people[half]
            extra = work.extra[half] = self.cp.new_int_var(0, people - primaries, "")
            self.cp.add(sum(taken) - sum(work.onward[half]) <= primaries + extra)
            self._charge(Term.SUBSTITUTES, extra)

    def _company(self, work: _Department) -> None:
        """Cuts: a visit shares its day with as many in the other half as there are people for, some of them B posts.

        Beyond `room` each costs at least one B post, or somebody who goes on within the half-day; that is paid for once
        by all visits of the day, `most` at most.
        """
        least = min(work.seats.values())
        room, rest = divmod(max(work.primaries.values(), default=0), least)
        most = min(len(work.seats), max(self._most_people(work, half) for half in work.extra) // least)
        for here_half, there_half in ((0, 1), (1, 0)):
            beyond = []
            for here in work.seats:
                pairs = ((here, there) if here_half == 0 else (there, here) for there in work.seats)
                company = [each for pair in pairs if (each := self.crossing.get(pair)) is not None]
                mine = self.afternoon[here] if here_half else ~self.afternoon[here]
                if company:
                    more = self.cp.new_int_var(0, max(0, most - room), "")
                    self.cp.add(sum(company) <= room * mine + more)
                    self.cp.add(more <= max(0, most - room) * mine)
                    beyond.append(more)
            paid = [
                extra + sum(work.onward[half]) for half, extra in work.extra.items() if half[1] == there_half
            ]
            self.cp.add((least - rest) * sum(beyond) <= most * sum(paid))

    def _most_people(self, work: _Department, half: Half) -> int:
        """Seats that can be filled in a half-day: everyone's first, and what somebody goes on to."""
        again = [work.seats[visit] for visit in work.onward_visits[half]]
        return work.people[half] + sum(again) - min(again, default=0)

    def _groups(self) -> None:
        """Half-days of a group beyond the first."""
        groups: dict[str, list[int]] = defaultdict(list)
        for number, visit in enumerate(self.problem.visits):
            if visit.group is not None:
                groups[visit.group].append(number)
        for members in groups.values():
            taken: dict[Half, Any] = defaultdict(lambda: self.cp.new_bool_var(""))
            for member in members:
                for half in self.halves[member]:
                    self.cp.add_implication(self.held[member, half], taken[half])
            self._charge(Term.SPLITS, sum(taken.values()) - 1)
