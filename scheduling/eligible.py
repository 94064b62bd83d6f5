"""The draw of a plan's officers: who may fill its seats at the times it has, and what binds one choice to another."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

import msgspec

from scheduling.ballot import Ballot, Group, Rule
from scheduling.checker import PlanRejectedError, check
from scheduling.draw import Drawn, draw
from scheduling.plan import Placement, Plan
from scheduling.problem import HalfDay, Hold, Officer, Problem
from scheduling.standing import Standing


def draw_officers(problem: Problem, plan: Plan, *, seed: str, public: str = "") -> tuple[Plan, Drawn]:
    """The plan with its teams drawn anew, times as they are, and the public record.

    Pinned bookings keep their teams. Raises `DrawError`; `PlanRejectedError` where the plan breaks a constraint that no
    choice of officers can mend.
    """
    record = draw(seed, ballot_of(problem, plan), public=public)
    drawn = _with_teams(plan, record)
    report = check(problem, drawn)
    if not report.feasible:
        raise PlanRejectedError(report)
    return drawn, record


def ballot_of(problem: Problem, plan: Plan) -> Ballot:
    """What the draw of a plan's officers is committed to."""
    groups = seat_groups(problem, plan)
    return Ballot(groups=groups, rules=rules_of(problem, plan, groups))


def _with_teams(plan: Plan, record: Drawn) -> Plan:
    drawn: dict[str, list[tuple[str, ...]]] = {}
    for group, team in zip(record.ballot.groups, record.teams, strict=True):
        drawn.setdefault(group.visit, []).append(team)
    return Plan(
        placements=tuple(
            Placement(visit=each.visit, starts=each.starts, teams=tuple(drawn[each.visit]))
            for each in plan.placements
        )
    )


def seat_groups(problem: Problem, plan: Plan) -> tuple[Group, ...]:
    """The seats of a plan in the order of time, with all who could fill them if they served nowhere else."""
    firm = {each.visit for each in problem.bookings if each.hold is Hold.PINNED}
    standing = Standing(problem, Plan())
    groups = []
    for placement in _in_time(plan):
        visit = problem.visit_by_id[placement.visit]
        for index, party in enumerate(visit.parties):
            eligible = placement.teams[index] if visit.id in firm else _able(standing, placement, index)
            groups.append(
                Group(visit=visit.id, party=party.id, seats=party.officers, eligible=tuple(sorted(eligible)))
            )
    return tuple(groups)


def _able(standing: Standing, placement: Placement, index: int) -> Iterator[str]:
    visit = standing.problem.visit_by_id[placement.visit]
    party, day = visit.parties[index], placement.starts[index] // standing.problem.day_ticks
    today = standing.problem.date_of(day)
    known: dict[Alike, bool] = {}
    for officer in standing.officers_of[party.department]:
        if standing.may_take(officer, visit, party, today):
            alike = _alike(standing, officer, day)
            if alike not in known:
                known[alike] = _has_time(standing, officer, placement, index)
            if known[alike]:
                yield officer.id


def _has_time(standing: Standing, officer: Officer, placement: Placement, index: int) -> bool:
    """Whether the officer could take the party's part, were he the right one, all else being as it stands."""
    visit, start = standing.problem.visit_by_id[placement.visit], placement.starts[index]
    gaps = standing.gaps(officer, visit, visit.parties[index], start // standing.problem.day_ticks)
    return any(gap.first <= start <= gap.last for gap in gaps)


#: Officers who are alike in this have the same time for the same things, as long as they stand nowhere.
Alike = tuple[object, ...]


def _alike(standing: Standing, officer: Officer, day: int) -> Alike:
    spans = standing.spans(officer.id, day)
    return officer.office, officer.lunch, officer.daily, officer.weekly, *spans


def rules_of(problem: Problem, plan: Plan, groups: Sequence[Group]) -> tuple[Rule, ...]:
    """What keeps groups from choosing alone: the same moment, the way between, caps, vehicles."""
    spots = [(placement, index) for placement in _in_time(plan) for index in range(len(placement.teams))]
    return (
        *_apart(problem, spots, groups),
        *_capped(problem, spots, groups),
        *_seated(problem, spots, groups),
    )


Spot = tuple[Placement, int]
Pair = tuple[int, int]


def _in_time(plan: Plan) -> list[Placement]:
    return sorted(plan.placements, key=lambda placement: (placement.starts, placement.visit))


def _apart(problem: Problem, spots: Sequence[Spot], groups: Sequence[Group]) -> Iterator[Rule]:
    """Groups of which nobody can serve in two, for officers who are alike."""
    standing = Standing(problem, Plan())
    for day, indices in _by_day(problem, spots).items():
        crews: dict[Alike, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for index in indices:
            for officer in groups[index].eligible:
                alike = _alike(standing, problem.officer_by_id[officer], day)
                crews[alike][index].add(officer)
        for crew in crews.values():
            pairs = {
                pair
                for pair in combinations(crew, 2)
                if (shared := crew[pair[0]] & crew[pair[1]])
                and not _serves_both(standing, min(shared), [spots[each] for each in pair])
            }
            for clique in cliques(pairs):
                yield Rule(
                    officers=tuple(sorted(set().union(*(crew[index] for index in clique)))),
                    groups=clique,
                    weights=(1,) * len(clique),
                    most=1,
                )


def _by_day(problem: Problem, spots: Sequence[Spot]) -> dict[int, list[int]]:
    days: dict[int, list[int]] = defaultdict(list)
    for index, (placement, _) in enumerate(spots):
        days[placement.starts[0] // problem.day_ticks].append(index)
    return days


def _serves_both(standing: Standing, officer: str, spots: Sequence[Spot]) -> bool:
    (here, at), (there, index) = spots
    if here.visit == there.visit:
        return False
    teams = tuple((officer,) if each == at else () for each in range(len(here.teams)))
    standing.put(msgspec.structs.replace(here, teams=teams))
    serves = _has_time(standing, standing.problem.officer_by_id[officer], there, index)
    standing.take(here.visit)
    return serves


def cliques(pairs: Collection[Pair]) -> Iterator[tuple[int, ...]]:
    """Sets of which any two are a pair (in order, the lower first), and every pair within one of them."""
    left = set(pairs)
    joined: dict[int, list[int]] = defaultdict(list)
    for one, other in sorted(pairs):
        joined[one].append(other)
    for pair in sorted(pairs):
        if pair in left:
            clique = list(pair)
            for each in joined[pair[0]]:
                if each > clique[-1] and all((member, each) in pairs for member in clique):
                    clique.append(each)
            left.difference_update(combinations(clique, 2))
            yield tuple(clique)


def _capped(problem: Problem, spots: Sequence[Spot], groups: Sequence[Group]) -> Iterator[Rule]:
    """Daily and weekly limits of on-site time, where the groups that an officer could serve exceed them."""
    within: dict[tuple[str, object], list[int]] = defaultdict(list)
    for index, (placement, at) in enumerate(spots):
        today = problem.date_of(placement.starts[at] // problem.day_ticks)
        for officer in groups[index].eligible:
            within[officer, today].append(index)
            within[officer, today.isocalendar()[:2]].append(index)
    bound: dict[tuple[tuple[int, ...], int], list[str]] = defaultdict(list)
    for (officer, span), indices in within.items():
        person = problem.officer_by_id[officer]
        most = person.weekly if isinstance(span, tuple) else person.daily
        if most is not None:
            bound[tuple(indices), most].append(officer)
    for (bundle, most), officers in bound.items():
        weights = [
            problem.visit_by_id[groups[index].visit].parties[spots[index][1]].duration for index in bundle
        ]
        if sum(weights) > most:
            yield Rule(officers=tuple(officers), groups=bundle, weights=tuple(weights), most=most)


def _seated(problem: Problem, spots: Sequence[Spot], groups: Sequence[Group]) -> Iterator[Rule]:
    """Vehicle seats of a pool in a half-day, where the groups could need more."""
    pool_of = {officer.id: officer.pool for officer in problem.officers if officer.pool is not None}
    within: dict[tuple[str, HalfDay], list[int]] = defaultdict(list)
    for index, (placement, at) in enumerate(spots):
        half_day = problem.half_day_of(placement.starts[at])
        for pool in {pool_of[each] for each in groups[index].eligible if each in pool_of}:
            within[pool, half_day].append(index)
    for (pool, half_day), indices in within.items():
        vehicles = [each for each in problem.vehicles if each.pool == pool]
        seats = sum(each.seats for each in vehicles if half_day not in each.unavailable)
        riders = {each for index in indices for each in groups[index].eligible if pool_of.get(each) == pool}
        if min(len(riders), sum(groups[index].seats for index in indices)) > seats:
            yield Rule(
                officers=tuple(sorted(riders)),
                groups=tuple(indices),
                weights=(1,) * len(indices),
                most=seats,
                together=True,
            )
