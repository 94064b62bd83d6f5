"""Who may fill the seats of a plan whose times are fixed, and what binds one choice to another."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from scheduling.plan import Placement, Plan
from scheduling.problem import HalfDay, Hold, Problem, Record
from scheduling.standing import Standing


class Group(Record, frozen=True, kw_only=True):
    """One party's seats in one visit: `seats` of the `eligible`, who are listed in the order of their ids."""

    visit: str
    party: str
    seats: int
    eligible: tuple[str, ...]


class Rule(Record, frozen=True, kw_only=True):
    """Over these groups (by index), each of the officers carries at most `most` of the `weights` of his groups.

    With `together` it is the number of different officers out of these that is at most `most`.
    """

    officers: tuple[str, ...]
    groups: tuple[int, ...]
    weights: tuple[int, ...]
    most: int
    together: bool = False


def keeps(rule: Rule, teams: Mapping[int, Sequence[str]]) -> bool:
    """Whether the teams, by group, keep the rule."""
    serving = [set(teams[index]).intersection(rule.officers) for index in rule.groups]
    if rule.together:
        return len(set().union(*serving)) <= rule.most
    load: dict[str, int] = defaultdict(int)
    for weight, officers in zip(rule.weights, serving, strict=True):
        for officer in officers:
            load[officer] += weight
    return max(load.values(), default=0) <= rule.most


def seat_groups(problem: Problem, plan: Plan) -> tuple[Group, ...]:
    """The seats of a plan in the order of time, with all who could fill them if they served nowhere else."""
    firm = {each.visit for each in problem.bookings if each.hold is Hold.PINNED}
    standing = Standing(problem, Plan())
    groups = []
    for placement in _in_time(plan):
        visit = problem.visit_by_id[placement.visit]
        for index, party in enumerate(visit.parties):
            if visit.id in firm:
                eligible = placement.teams[index]
            else:
                eligible = tuple(
                    each.id
                    for each in standing.officers_of[party.department]
                    if could_serve(standing, placement, index, each.id)
                )
            groups.append(
                Group(visit=visit.id, party=party.id, seats=party.officers, eligible=tuple(sorted(eligible)))
            )
    return tuple(groups)


def could_serve(standing: Standing, placement: Placement, index: int, officer: str) -> bool:
    """Whether the officer could take the party's part, all else being as it stands."""
    visit = standing.problem.visit_by_id[placement.visit]
    party, start = visit.parties[index], placement.starts[index]
    person = standing.problem.officer_by_id[officer]
    day = start // standing.problem.day_ticks
    return standing.may_take(person, visit, party, standing.problem.date_of(day)) and any(
        gap.first <= start <= gap.last for gap in standing.gaps(person, visit, party, day)
    )


def rules_of(problem: Problem, plan: Plan, groups: Sequence[Group]) -> tuple[Rule, ...]:
    """What keeps groups from choosing alone: the same moment, the way between, caps, vehicles."""
    spots = [(placement, index) for placement in _in_time(plan) for index in range(len(placement.teams))]
    return (
        *_apart(problem, spots, groups),
        *_capped(problem, spots, groups),
        *_seated(problem, spots, groups),
    )


Spot = tuple[Placement, int]


def _in_time(plan: Plan) -> list[Placement]:
    return sorted(plan.placements, key=lambda placement: (placement.starts, placement.visit))


def _apart(problem: Problem, spots: Sequence[Spot], groups: Sequence[Group]) -> Iterator[Rule]:
    """Officers who cannot serve in both of two groups."""
    for one, other in combinations(range(len(groups)), 2):
        shared = sorted(set(groups[one].eligible) & set(groups[other].eligible))
        here, there = spots[one][0], spots[other][0]
        if not shared or here.starts[0] // problem.day_ticks != there.starts[0] // problem.day_ticks:
            continue
        standing = Standing(problem, Plan())
        if here.visit != there.visit:
            standing.put(_part(here, spots[one][1], shared))
            shared = [each for each in shared if not could_serve(standing, *spots[other], each)]
        if shared:
            yield Rule(officers=tuple(shared), groups=(one, other), weights=(1, 1), most=1)


def _part(placement: Placement, index: int, officers: Sequence[str]) -> Placement:
    teams = tuple(tuple(officers) if at == index else () for at in range(len(placement.teams)))
    return Placement(visit=placement.visit, starts=placement.starts, teams=teams)


def _capped(problem: Problem, spots: Sequence[Spot], groups: Sequence[Group]) -> Iterator[Rule]:
    """Daily and weekly limits of on-site time, where the groups that an officer could serve exceed them."""
    within: dict[tuple[str, object], list[int]] = defaultdict(list)
    for index, (placement, at) in enumerate(spots):
        today = problem.date_of(placement.starts[at] // problem.day_ticks)
        for officer in groups[index].eligible:
            within[officer, today].append(index)
            within[officer, today.isocalendar()[:2]].append(index)
    for (officer, span), indices in within.items():
        person = problem.officer_by_id[officer]
        most = person.weekly if isinstance(span, tuple) else person.daily
        weights = [
            problem.visit_by_id[groups[index].visit].parties[spots[index][1]].duration for index in indices
        ]
        if most is not None and sum(weights) > most:
            yield Rule(officers=(officer,), groups=tuple(indices), weights=tuple(weights), most=most)


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
