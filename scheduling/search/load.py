"""A plan into a state: every placement at its own time, as far as the constraints allow."""

from scheduling.plan import Placement, Plan
from scheduling.search import model as at
from scheduling.search.compile import Compiled
from scheduling.search.jit import Ints, SmallInts, kernel
from scheduling.search.placing import place
from scheduling.search.timing import settle
from scheduling.search.trail import commit, rollback


@kernel
def _try_place(m: Ints, s: Ints, tt: SmallInts, visit: int, day: int, when: int) -> bool:
    place(m, s, tt, visit, day, when, when)
    fine = settle(m, s, tt) and s[s[at.START] + m[m[at.VISIT_NODES] + visit]] == when
    if fine:
        commit(s)
    else:
        rollback(s, 0)
    return fine


def load_plan(compiled: Compiled, state: Ints, plan: Plan) -> tuple[str, ...]:
    """Places the plan's visits that are not served yet; returns those that their constraints no longer allow."""
    problem = compiled.problem
    officers = {officer.id: number for number, officer in enumerate(problem.officers)}
    visits = {visit.id: number for number, visit in enumerate(problem.visits)}
    refused = []
    for placement in sorted(plan.placements, key=lambda each: (each.starts[0], visits[each.visit])):
        number = visits[placement.visit]
        if state[state[at.DAY] + number] != at.NONE:
            continue
        day, when = divmod(placement.starts[0], problem.day_ticks)
        proposed = 0 <= day < problem.days and _propose(compiled, state, number, day, placement, officers)
        if not (proposed and _try_place(compiled.m, state, compiled.tt, number, day, when)):
            refused.append(placement.visit)
    return tuple(refused)


def _propose(
    compiled: Compiled, state: Ints, number: int, day: int, placement: Placement, officers: dict[str, int]
) -> bool:
    """Writes the placement's team into `TEAM`; False if one of them may not serve."""
    m = compiled.m
    taken: set[int] = set()
    for node in range(m[m[at.VISIT_NODES] + number], m[m[at.VISIT_NODES] + number + 1]):
        first = int(m[m[at.NODE_PARTIES] + node])
        for offset, party in enumerate(compiled.parties[node]):
            first_task, last_task = (int(m[m[at.PARTY_TASKS] + first + offset + end]) for end in (0, 1))
            team = [officers[each] for each in placement.teams[party]]
            if len(team) != last_task - first_task or taken & set(team):
                return False
            taken |= set(team)
            for task, officer in zip(range(first_task, last_task), team, strict=True):
                if not may_serve(compiled, task, day, officer):
                    return False
                state[state[at.TEAM] + task] = officer
    return True


def may_serve(compiled: Compiled, task: int, day: int, officer: int) -> bool:
    """Whether the officer is able, present and not recused; the interpreted twin of `insertion.can_serve`."""
    m = compiled.m
    row = m[m[at.PARTY_CLASS] + m[m[at.TASK_PARTY] + task]] * m[at.DAYS] + day
    visit = m[m[at.TASK_VISIT] + task]
    able = m[m[at.ABLE] + row * m[at.OFFICERS] + officer] == 1
    barred = m[m[at.BARRED] + visit * m[at.OFFICERS] + officer] == 1
    return bool(able and not barred and m[m[at.SPAN_COUNT] + officer * m[at.DAYS] + day] > 0)
