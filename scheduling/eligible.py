"""The draw of a plan's officers: who may fill its seats at the times it has, and what binds one choice to another."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from scheduling.ballot import Ballot, Group, Rule
from scheduling.checker import PlanRejectedError, check
from scheduling.draw import Drawn, draw
from scheduling.plan import Placement, Plan
from scheduling.problem import HalfDay, Hold, Problem
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
    standing = Standing(problem, Plan())
    eligible = [frozenset(group.eligible) for group in groups]
    days = [placement.starts[0] // problem.day_ticks for placement, _ in spots]
    for one, other in combinations(range(len(groups)), 2):
        if days[one] != days[other] or eligible[one].isdisjoint(eligible[other]):
            continue
        shared = sorted(eligible[one] & eligible[other])
        here, there = spots[one][0], spots[other][0]
        if here.visit != there.visit:
            standing.put(_part(here, spots[one][1], shared))
            shared = list(_unable(standing, spots[other], shared))
            standing.take(here.visit)
        if shared:
            yield Rule(officers=tuple(shared), groups=(one, other), weights=(1, 1), most=1)


def _unable(standing: Standing, spot: Spot, officers: Sequence[str]) -> Iterator[str]:
    """Those who could not serve there. Who has the same office, hours and limits is not asked again."""
    placement, index = spot
    visit, day = (
        standing.problem.visit_by_id[placement.visit],
        placement.starts[0] // standing.problem.day_ticks,
    )
    today = standing.problem.date_of(day)
    known: dict[tuple[object, ...], bool] = {}
    for each in officers:
        officer = standing.problem.officer_by_id[each]
        alike = (
            standing.may_take(officer, visit, visit.parties[index], today),
            officer.office,
            officer.lunch,
            officer.daily,
            officer.weekly,
            *standing.spans(each, day),
        )
        if alike not in known:
            known[alike] = could_serve(standing, placement, index, each)
        if not known[alike]:
            yield each


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
