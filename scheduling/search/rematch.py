"""Who goes on with what: the officers of a crew exchange the rest of a day in the best way at once.

At a moment of a day every officer has tasks behind him and tasks ahead. All officers who could stand in for each other,
one of them for every rest of a day, are matched anew at the least cost (Kuhn 1955). Exchanges of two find only what
pays step by step.
"""

import numpy as np

from scheduling.search import model as at
from scheduling.search.chance import draw_below
from scheduling.search.jit import Floats, Ints, SmallInts, kernel
from scheduling.search.pricing import booking_cost, can_serve
from scheduling.search.routes import link, unlink
from scheduling.search.timing import fit_spans, settle
from scheduling.search.trail import enqueue_task

#: Officers who are matched at once, at most.
MOST = 24
#: What cannot be. No number would do: weights by level grow beyond any.
BARRED = np.inf


@kernel
def rematch(m: Ints, s: Ints, tt: SmallInts, w: Floats, party: int, day: int, when: int) -> bool:
    """Matches the crew of a party anew for all that starts at `when` or later; False if all stays as it is."""
    officers, count = _crew(m, s, party, day)
    rests = np.empty(count, np.int64)
    ahead = 0
    for row in range(count):
        rests[row] = _rest(m, s, officers[row], day, when)
        ahead += rests[row] != at.NONE
    if count < 2 or ahead == 0:
        return False
    costs = np.empty((count, count))
    for row in range(count):
        home = _cost(m, s, tt, w, officers[row], day, rests[row], at.NONE)
        for column in range(count):
            if rests[column] == at.NONE:
                costs[row, column] = home
            else:
                costs[row, column] = _cost(m, s, tt, w, officers[row], day, rests[row], rests[column])
    chosen = match(_dear(costs))
    if _gain(costs, chosen) < 1e-6:
        return False
    tasks, takers = np.empty(m[at.TASKS], np.int64), np.empty(m[at.TASKS], np.int64)
    moved = 0
    for row in range(count):
        task = rests[chosen[row]]
        while chosen[row] != row and task != at.NONE:
            tasks[moved], takers[moved] = task, officers[row]
            moved += 1
            task = s[s[at.BEHIND] + task]
    for spot in range(moved):
        unlink(m, s, tt, tasks[spot], day)
    for spot in range(moved):
        link(m, s, tt, tasks[spot], takers[spot], day)
        enqueue_task(m, s, tasks[spot])
    return moved > 0


@kernel
def _dear(costs: Floats) -> Floats:
    """The costs, with more than all that can be in place of what cannot: `match` wants numbers."""
    most = 1.0
    for cost in costs.flat:
        most += abs(cost) if cost != BARRED else 0.0
    dear = costs.copy()
    for row in range(len(costs)):
        for column in range(len(costs)):
            dear[row, column] = min(costs[row, column], most)
    return dear


@kernel
def _gain(costs: Floats, chosen: Ints) -> float:
    """Over everyone going on with his own; nothing where somebody cannot do what is chosen for him."""
    gain = 0.0
    for row in range(len(costs)):
        if costs[row, chosen[row]] == BARRED:
            return 0.0
        gain += costs[row, row] - costs[row, chosen[row]]
    return gain


@kernel
def note_moments(m: Ints, s: Ints, days: Ints, starts: Ints) -> None:
    for visit in range(m[at.VISITS]):
        days[visit] = s[s[at.DAY] + visit]
        starts[visit] = s[s[at.START] + m[m[at.VISIT_NODES] + visit]]


@kernel
def rematch_touched(m: Ints, s: Ints, tt: SmallInts, w: Floats, days: Ints, starts: Ints) -> bool:
    """Matches crews anew where a visit has come or gone since `note_moments`; False if the plan is impossible."""
    for visit in range(m[at.VISITS]):
        day, when = s[s[at.DAY] + visit], s[s[at.START] + m[m[at.VISIT_NODES] + visit]]
        if day == days[visit] and (day == at.NONE or when == starts[visit]):
            continue
        if day != at.NONE:
            rematch_visit(m, s, tt, w, visit, day, when)
        if days[visit] != at.NONE:
            rematch_visit(m, s, tt, w, visit, days[visit], starts[visit])
    return settle(m, s, tt)


@kernel
def rematch_visit(m: Ints, s: Ints, tt: SmallInts, w: Floats, visit: int, day: int, when: int) -> None:
    """Matches the crews of a visit anew for what starts at `when` or later, and for what starts after that."""
    first = m[m[at.NODE_PARTIES] + m[m[at.VISIT_NODES] + visit]]
    last = m[m[at.NODE_PARTIES] + m[m[at.VISIT_NODES] + visit + 1]]
    for party in range(first, last):
        rematch(m, s, tt, w, party, day, when)
        rematch(m, s, tt, w, party, day, when + 1)


@kernel
def _crew(m: Ints, s: Ints, party: int, day: int) -> tuple[Ints, int]:
    """Officers of the party's department who are there that day: those in the party, then others, `MOST` at most."""
    officers, count = np.empty(MOST, np.int64), 0
    first, last = m[m[at.PARTY_TASKS] + party], m[m[at.PARTY_TASKS] + party + 1]
    for task in range(first, last):
        if (
            s[s[at.OFFICER] + task] != at.NONE
            and s[s[at.DAY] + m[m[at.TASK_VISIT] + task]] == day
            and count < MOST
        ):
            officers[count] = s[s[at.OFFICER] + task]
            count += 1
    inside = count
    each_class = m[m[at.PARTY_CLASS] + party]
    low = m[m[at.CREW_START] + each_class]
    size = m[m[at.CREW_START] + each_class + 1] - low
    turn = draw_below(s, size) if size > MOST else 0
    for spot in range(size):
        officer = m[m[at.CREW_OFFICERS] + low + (spot + turn) % size]
        if m[m[at.SPAN_COUNT] + officer * m[at.DAYS] + day] == 0:
            continue
        known = False
        for other in range(inside):
            known = known or officers[other] == officer
        if not known and count < MOST:
            officers[count] = officer
            count += 1
    return officers, count


@kernel
def _rest(m: Ints, s: Ints, officer: int, day: int, when: int) -> int:
    """The officer's first task that starts at `when` or later, or NONE."""
    task = s[s[at.FIRST] + officer * m[at.DAYS] + day]
    while task != at.NONE and s[s[at.START] + m[m[at.TASK_NODE] + task]] < when:
        task = s[s[at.BEHIND] + task]
    return task


@kernel
def _load(m: Ints, s: Ints, task: int) -> int:
    """Ticks on site from the task on."""
    ticks = 0
    while task != at.NONE:
        ticks += m[m[at.TASK_DURATION] + task]
        task = s[s[at.BEHIND] + task]
    return ticks


@kernel
def _cost(m: Ints, s: Ints, tt: SmallInts, w: Floats, officer: int, day: int, own: int, rest: int) -> float:
    """What it costs if the officer gives his `own` rest away and goes on with `rest`; BARRED if he cannot."""
    before = s[s[at.LAST] + officer * m[at.DAYS] + day] if own == at.NONE else s[s[at.BEFORE] + own]
    more = _load(m, s, rest) - _load(m, s, own)
    over = max(0, s[s[at.LOAD] + officer] + more - m[m[at.FAIR_LIMIT] + officer])
    cost = w[at.T_OVERLOAD] * over + _way_cost(m, s, tt, w, officer, day, before, rest)
    if rest == at.NONE or cost == BARRED:
        return cost
    if own != rest:
        task = rest
        while task != at.NONE:
            if _is_among(m, s, before, m[m[at.TASK_VISIT] + task]):
                return BARRED
            task = s[s[at.BEHIND] + task]
    week = s[s[at.WEEK_LOAD] + officer * m[at.WEEKS] + m[m[at.WEEK] + day]]
    today = s[s[at.DAY_LOAD] + officer * m[at.DAYS] + day]
    if today + more > m[m[at.DAILY] + officer] or week + more > m[m[at.WEEKLY] + officer]:
        return BARRED
    return cost + _rest_cost(m, s, tt, w, officer, day, rest)


@kernel
def _way_cost(
    m: Ints, s: Ints, tt: SmallInts, w: Floats, officer: int, day: int, before: int, rest: int
) -> float:
    """The way from what the officer has done to the rest, or home; BARRED if he would be late."""
    route, here, left = officer * m[at.DAYS] + day, m[m[at.OFFICE] + officer], 0
    spot = m[at.SPAN] + route * m[at.SPANS] * 2
    free = m[spot]
    if before != at.NONE:
        here, left = m[m[at.TASK_SITE] + before], s[s[at.START] + m[m[at.TASK_NODE] + before]]
        free = left + m[m[at.TASK_DURATION] + before]
    if rest == at.NONE:
        home = tt[here, m[m[at.OFFICE] + officer]]
        closing = m[spot + (m[m[at.SPAN_COUNT] + route] - 1) * 2 + 1]
        return BARRED if free + home > closing else w[at.T_TRAVEL] * home
    ride, start = tt[here, m[m[at.TASK_SITE] + rest]], s[s[at.START] + m[m[at.TASK_NODE] + rest]]
    ready = free + ride
    if before != at.NONE and left < m[at.NOON] <= start:
        ready += m[m[at.LUNCH] + officer]
    if ready > start:
        return BARRED
    waits = before != at.NONE and (left < m[at.NOON]) == (start < m[at.NOON])
    return w[at.T_TRAVEL] * ride + w[at.T_WAITING] * (start - ready if waits else 0)


@kernel
def _rest_cost(m: Ints, s: Ints, tt: SmallInts, w: Floats, officer: int, day: int, rest: int) -> float:
    """What the rest costs with this officer, the way home and no other in it; BARRED if he cannot serve it."""
    route = officer * m[at.DAYS] + day
    cost, task, ends, started = 0.0, rest, 0, 0
    last = rest
    while task != at.NONE:
        start, duration = s[s[at.START] + m[m[at.TASK_NODE] + task]], m[m[at.TASK_DURATION] + task]
        if not can_serve(m, task, day, officer) or fit_spans(m, route, start, duration) != start:
            return BARRED
        ride = tt[m[m[at.TASK_SITE] + last], m[m[at.TASK_SITE] + task]]
        if task != rest and started < m[at.NOON] <= start and ends + ride + m[m[at.LUNCH] + officer] > start:
            return BARRED
        cost += w[at.T_SUBSTITUTES] * m[m[at.SUBSTITUTE] + officer] + booking_cost(m, w, task, officer, day)
        last, started, ends = task, start, start + duration
        task = s[s[at.BEHIND] + task]
    return cost + _way_cost(m, s, tt, w, officer, day, last, at.NONE)


@kernel
def _is_among(m: Ints, s: Ints, task: int, visit: int) -> bool:
    """Whether the visit is that of the task or of one before it."""
    while task != at.NONE:
        if m[m[at.TASK_VISIT] + task] == visit:
            return True
        task = s[s[at.BEFORE] + task]
    return False


@kernel
def match(costs: Floats) -> Ints:
    """The column of each row such that the sum is least: shortest augmenting paths (Jonker and Volgenant 1987)."""
    size = len(costs)
    up, down = np.zeros(size + 1), np.zeros(size + 1)
    row_of = np.full(size + 1, -1)
    for row in range(size):
        row_of[size] = row
        column = size
        least, way = np.full(size, np.inf), np.full(size, -1)
        used = np.zeros(size + 1, np.bool_)
        while row_of[column] != -1:
            used[column] = True
            here, nearest, step = row_of[column], -1, np.inf
            for other in range(size):
                if not used[other]:
                    reduced = costs[here, other] - up[here] - down[other]
                    if reduced < least[other]:
                        least[other], way[other] = reduced, column
                    if least[other] < step:
                        step, nearest = least[other], other
            for other in range(size + 1):
                if used[other]:
                    up[row_of[other]] += step
                    down[other] -= step
                elif other < size:
                    least[other] -= step
            column = nearest
        while column != size:
            row_of[column] = row_of[way[column]]
            column = way[column]
    chosen = np.empty(size, np.int64)
    for column in range(size):
        chosen[row_of[column]] = column
    return chosen
