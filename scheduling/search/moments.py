"""The cheapest start of a visit's day at which nothing that stands has to shift.

All moments are priced together: each officer's route is read once for all of them, since what he costs changes only
where he stands in another gap of it.
"""

import numpy as np

from scheduling.search import model as at
from scheduling.search.chance import draw, draw_below
from scheduling.search.jit import Floats, Ints, SmallInts, kernel
from scheduling.search.pricing import IMPOSSIBLE, JITTER, can_serve, moment_cost, presence_cost
from scheduling.search.routes import detour
from scheduling.search.timing import after_floor

#: Moments of a day that are looked at, at most.
MOST = 160


#: Halves of a day, for `cheapest_start`.
MORNING, AFTERNOON, BOTH = 1, 2, 3


@kernel
def cheapest_start(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    visit: int,
    day: int,
    step: int,
    manner: int,
    blink: float,
    best: float,
    halves: int,
) -> tuple[float, int, int]:
    """Cost, moment and floor (see `place`); `best` and NONE if none costs less. No officer may fit two parties."""
    moments, floors, costs = np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.empty(MOST)
    count = _list_moments(m, s, w, visit, day, step, blink, best, halves, moments, floors, costs)
    first_party = m[m[at.NODE_PARTIES] + m[m[at.VISIT_NODES] + visit]]
    last_party = m[m[at.NODE_PARTIES] + m[m[at.VISIT_NODES] + visit + 1]]
    for party in range(first_party, last_party):
        if count == 0:
            break
        _add_team(m, s, tt, w, party, day, manner, moments, costs, count)
        kept = 0
        for spot in range(count):
            if costs[spot] < best:
                moments[kept], floors[kept], costs[kept] = moments[spot], floors[spot], costs[spot]
                kept += 1
        count = kept
    when, floor = at.NONE, 0
    for spot in range(count):
        if costs[spot] < best:
            best, when, floor = costs[spot], moments[spot], floors[spot]
    return best, when, floor


@kernel
def _list_moments(
    m: Ints,
    s: Ints,
    w: Floats,
    visit: int,
    day: int,
    step: int,
    blink: float,
    best: float,
    halves: int,
    moments: Ints,
    floors: Ints,
    costs: Floats,
) -> int:
    """Notes the starts to look at, in order, with what each costs whoever comes; returns how many."""
    count, grid = 0, m[at.GRID]
    floor = after_floor(m, s, visit, day)
    row = visit * m[at.DAYS] + day
    tardiest = m[m[at.WANTED_END] + visit] + 2 * step + s[s[at.TERMS] + at.T_MAX_TARDINESS]
    for span in range(m[m[at.WINDOW_COUNT] + row]):
        spot = m[at.WINDOW] + (row * m[at.SPANS] + span) * 2
        latest = min(m[spot + 1], tardiest)
        when = max(m[spot], floor)
        when += -when % grid
        if blink > 0.0 and latest - when > step:
            when += draw_below(s, step) // grid * grid
        while when <= latest and count < MOST:
            fits = halves & (1 if when < m[at.NOON] else 2)
            if fits and (blink == 0.0 or draw(s) >= blink):
                cost = moment_cost(m, s, w, visit, day, when)
                if cost < best:
                    moments[count], floors[count], costs[count] = when, m[spot], cost
                    count += 1
            when += step
    return count


@kernel
def _add_team(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    party: int,
    day: int,
    manner: int,
    moments: Ints,
    costs: Floats,
    count: int,
) -> None:
    """Adds to each moment's cost that of the party's cheapest officers then, IMPOSSIBLE where they are too few."""
    first = m[m[at.PARTY_TASKS] + party]
    need = m[m[at.PARTY_TASKS] + party + 1] - first
    cheapest = np.full((count, need), IMPOSSIBLE)
    each_class = m[m[at.PARTY_CLASS] + party]
    for spot in range(m[m[at.CLASS_START] + each_class], m[m[at.CLASS_START] + each_class + 1]):
        officer = m[m[at.CLASS_OFFICERS] + spot]
        if can_serve(m, first, day, officer):
            fixed = presence_cost(m, s, w, first, officer, day)
            if fixed < cheapest[:, need - 1].max():
                _offer(m, s, tt, w, first, officer, day, fixed, manner, moments, count, cheapest)
    for spot in range(count):
        if cheapest[spot, need - 1] >= IMPOSSIBLE:
            costs[spot] = IMPOSSIBLE
        else:
            for seat in range(need):
                costs[spot] += cheapest[spot, seat]


@kernel
def _offer(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    task: int,
    officer: int,
    day: int,
    fixed: float,
    manner: int,
    moments: Ints,
    count: int,
    cheapest: Floats,
) -> None:
    """Puts the officer among the cheapest of each moment at which he fits between what he has."""
    route = officer * m[at.DAYS] + day
    duration, lag = m[m[at.TASK_DURATION] + task], m[m[at.LAG_MIN] + m[m[at.TASK_NODE] + task]]
    spans, first_span = m[m[at.SPAN_COUNT] + route], m[at.SPAN] + route * m[at.SPANS] * 2
    need = cheapest.shape[1]
    before, behind, known = at.NONE, s[s[at.FIRST] + route], False
    first = last = first_pm = last_am = 0
    score = 0.0
    for spot in range(count):
        when = moments[spot] + lag
        while behind != at.NONE and s[s[at.START] + m[m[at.TASK_NODE] + behind]] < when:
            before, behind, known = behind, s[s[at.BEHIND] + behind], False
        if not known:
            known = True
            first, first_pm = _first_start(m, s, tt, task, officer, route, before)
            last_am, last = _last_start(m, s, tt, task, officer, route, behind)
            score = w[at.T_TRAVEL] * detour(m, tt, task, officer, before, behind) + fixed
            if manner == JITTER:
                score *= 1.0 + 0.5 * draw(s)
        am = when < m[at.NOON]
        if score < cheapest[spot, need - 1] and (first if am else first_pm) <= when <= (
            last_am if am else last
        ):
            for span in range(first_span, first_span + 2 * spans, 2):
                if m[span] <= when and when + duration <= m[span + 1]:
                    _note(cheapest, spot, need, score)
                    break


@kernel
def _first_start(
    m: Ints, s: Ints, tt: SmallInts, task: int, officer: int, route: int, before: int
) -> tuple[int, int]:
    """From when on the officer can be there after his task `before`, in the morning and in the afternoon."""
    here = m[m[at.TASK_SITE] + task]
    if before == at.NONE:
        start = m[m[at.SPAN] + route * m[at.SPANS] * 2] + tt[m[m[at.OFFICE] + officer], here]
        return start, start
    began = s[s[at.START] + m[m[at.TASK_NODE] + before]]
    start = began + m[m[at.TASK_DURATION] + before] + tt[m[m[at.TASK_SITE] + before], here]
    return start, start + m[m[at.LUNCH] + officer] if began < m[at.NOON] else start


@kernel
def _last_start(
    m: Ints, s: Ints, tt: SmallInts, task: int, officer: int, route: int, behind: int
) -> tuple[int, int]:
    """Until when the officer may start to be in time for his task `behind`, in the morning and in the afternoon."""
    here, duration = m[m[at.TASK_SITE] + task], m[m[at.TASK_DURATION] + task]
    if behind == at.NONE:
        spans = m[m[at.SPAN_COUNT] + route]
        closing = m[m[at.SPAN] + (route * m[at.SPANS] + spans - 1) * 2 + 1]
        start = closing - tt[here, m[m[at.OFFICE] + officer]] - duration
        return start, start
    starts = s[s[at.START] + m[m[at.TASK_NODE] + behind]]
    start = starts - tt[here, m[m[at.TASK_SITE] + behind]] - duration
    return start - m[m[at.LUNCH] + officer] if starts >= m[at.NOON] else start, start


@kernel
def _note(cheapest: Floats, spot: int, need: int, score: float) -> None:
    seat = need - 1
    while seat > 0 and score < cheapest[spot, seat - 1]:
        cheapest[spot, seat] = cheapest[spot, seat - 1]
        seat -= 1
    cheapest[spot, seat] = score
