"""Where a visit could go: the best team for a moment, and the best moment."""

from scheduling.search import model as at
from scheduling.search.chance import draw, draw_below
from scheduling.search.jit import Floats, Ints, SmallInts, kernel
from scheduling.search.moments import AFTERNOON, BOTH, MORNING, cheapest_start
from scheduling.search.placing import place
from scheduling.search.pricing import (
    CHANCE,
    IMPOSSIBLE,
    JITTER,
    can_serve,
    moment_cost,
    presence_cost,
)
from scheduling.search.routes import detour, find_gap, task_behind
from scheduling.search.timing import after_floor, fit_spans, settle
from scheduling.search.trail import rollback


@kernel
def _officer_cost(
    m: Ints, s: Ints, tt: SmallInts, w: Floats, task: int, officer: int, day: int, when: int, strict: bool
) -> float:
    """What the officer would cost for a part around `when`. `strict`: IMPOSSIBLE if anything had to shift for him."""
    route = officer * m[at.DAYS] + day
    here = m[m[at.TASK_SITE] + task]
    duration = m[m[at.TASK_DURATION] + task]
    before = find_gap(m, s, officer, day, when)
    behind = task_behind(m, s, officer, day, before)
    noon = m[at.NOON]
    lunch = m[m[at.LUNCH] + officer]
    if before == at.NONE:
        ready = m[m[at.SPAN] + route * m[at.SPANS] * 2] + tt[m[m[at.OFFICE] + officer], here]
    else:
        began = s[s[at.START] + m[m[at.TASK_NODE] + before]]
        ready = began + m[m[at.TASK_DURATION] + before] + tt[m[m[at.TASK_SITE] + before], here]
        if began < noon <= max(ready, when):
            ready += lunch
    begin = fit_spans(m, route, max(ready, when), duration)
    if begin >= at.FAR or (strict and begin > when):
        return IMPOSSIBLE
    cost = w[at.T_TRAVEL] * detour(m, tt, task, officer, before, behind)
    visit = m[m[at.TASK_VISIT] + task]
    late_weight = w[at.T_TARDINESS] + w[at.T_MAX_TARDINESS] * 0.2
    cost += late_weight * max(0, begin - max(when, m[m[at.WANTED_END] + visit]))
    if behind == at.NONE:
        closing = m[m[at.SPAN] + (route * m[at.SPANS] + m[m[at.SPAN_COUNT] + route] - 1) * 2 + 1]
        if begin + duration + tt[here, m[m[at.OFFICE] + officer]] > closing:
            return IMPOSSIBLE
    else:
        starts = s[s[at.START] + m[m[at.TASK_NODE] + behind]]
        arrival = begin + duration + tt[here, m[m[at.TASK_SITE] + behind]]
        if begin < noon <= starts:
            arrival += lunch
        if arrival > starts:
            if strict:
                return IMPOSSIBLE
            cost += late_weight * max(
                0, arrival - max(starts, m[m[at.WANTED_END] + m[m[at.TASK_VISIT] + behind]])
            )
    return cost + presence_cost(m, s, w, task, officer, day)


@kernel
def choose_team(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    visit: int,
    day: int,
    when: int,
    strict: bool,
    manner: int,
    limit: float,
) -> float:
    """Fills `TEAM` for a start around `when`; returns the estimated cost.

    IMPOSSIBLE if a party cannot be filled, or as soon as the cost reaches `limit`.
    """
    total = 0.0
    stamp = visit
    first_node = m[m[at.VISIT_NODES] + visit]
    last_node = m[m[at.VISIT_NODES] + visit + 1]
    first_party, last_party = m[m[at.NODE_PARTIES] + first_node], m[m[at.NODE_PARTIES] + last_node]
    # Marks are per visit: clear those that an earlier proposal for it left.
    for task in range(m[m[at.PARTY_TASKS] + first_party], m[m[at.PARTY_TASKS] + last_party]):
        officer = s[s[at.TEAM] + task]
        if officer != at.NONE:
            s[s[at.MARK] + officer] = at.NONE
            s[s[at.TEAM] + task] = at.NONE
    for party in range(first_party, last_party):
        task = m[m[at.PARTY_TASKS] + party]
        cost = _choose_party(
            m, s, tt, w, party, day, when + m[m[at.LAG_MIN] + m[m[at.TASK_NODE] + task]], strict, manner
        )
        if cost >= IMPOSSIBLE:
            return IMPOSSIBLE
        total += cost
        if total >= limit:
            _forget_party(m, s, party)
            return IMPOSSIBLE
        for each in range(task, m[m[at.PARTY_TASKS] + party + 1]):
            s[s[at.MARK] + s[s[at.TEAM] + each]] = stamp
    return total


@kernel
def _forget_party(m: Ints, s: Ints, party: int) -> None:
    for task in range(m[m[at.PARTY_TASKS] + party], m[m[at.PARTY_TASKS] + party + 1]):
        s[s[at.TEAM] + task] = at.NONE


@kernel
def _keep_cheapest(s: Ints, w: Floats, first: int, need: int, found: int, officer: int, score: float) -> int:
    """Puts the officer among the `need` cheapest from task `first` on, in order; returns how many there are."""
    scores, team = at.N_TERMS, s[at.TEAM] + first
    if found < need:
        slot = found
        found += 1
    elif score < w[scores + need - 1]:
        slot = need - 1
    else:
        return found
    while slot > 0 and score < w[scores + slot - 1]:
        w[scores + slot] = w[scores + slot - 1]
        s[team + slot] = s[team + slot - 1]
        slot -= 1
    w[scores + slot] = score
    s[team + slot] = officer
    return found


@kernel
def _choose_party(
    m: Ints, s: Ints, tt: SmallInts, w: Floats, party: int, day: int, when: int, strict: bool, manner: int
) -> float:
    first = m[m[at.PARTY_TASKS] + party]
    need = m[m[at.PARTY_TASKS] + party + 1] - first
    visit = m[m[at.TASK_VISIT] + first]
    each_class = m[m[at.PARTY_CLASS] + party]
    first_spot, last_spot = m[m[at.CLASS_START] + each_class], m[m[at.CLASS_START] + each_class + 1]
    if manner == CHANCE and need == 1 and last_spot > first_spot:
        officer = m[m[at.CLASS_OFFICERS] + first_spot + draw_below(s, last_spot - first_spot)]
        if s[s[at.MARK] + officer] == visit or not can_serve(m, first, day, officer):
            return IMPOSSIBLE
        s[s[at.TEAM] + first] = officer
        return 0.0
    found = 0
    for spot in range(first_spot, last_spot):
        officer = m[m[at.CLASS_OFFICERS] + spot]
        if s[s[at.MARK] + officer] == visit or not can_serve(m, first, day, officer):
            continue
        score = _officer_cost(m, s, tt, w, first, officer, day, when, strict)
        if score >= IMPOSSIBLE:
            continue
        if manner == JITTER:
            score *= 1.0 + 0.5 * draw(s)
        elif manner == CHANCE:
            score = draw(s)
        found = _keep_cheapest(s, w, first, need, found, officer, score)
    if found < need:
        _forget_party(m, s, party)
        return IMPOSSIBLE
    cost = 0.0
    for slot in range(need):
        cost += w[at.N_TERMS + slot]
    return cost


@kernel
def may_be_on(m: Ints, s: Ints, visit: int, day: int) -> bool:
    """Whether the order of segments leaves the visit this day."""
    if after_floor(m, s, visit, day) >= at.FAR:
        return False
    for spot in range(m[m[at.FOLLOWERS_START] + visit], m[m[at.FOLLOWERS_START] + visit + 1]):
        held = s[s[at.DAY] + m[m[at.FOLLOWERS] + spot]]
        if held != at.NONE and held < day:
            return False
    return True


@kernel
def _try_moment(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    visit: int,
    day: int,
    when: int,
    strict: bool,
    manner: int,
    best: float,
) -> float:
    """The estimated cost of the visit there and then, IMPOSSIBLE unless it is less than `best`."""
    cost = moment_cost(m, s, w, visit, day, when)
    if cost >= best:
        return IMPOSSIBLE
    return cost + choose_team(m, s, tt, w, visit, day, when, strict, manner, best - cost)


@kernel
def _best_of_day(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    visit: int,
    day: int,
    step: int,
    strict: bool,
    manner: int,
    blink: float,
    best: float,
) -> tuple[float, int, int]:
    """Cost, moment and floor of the cheapest start of the day, the cost not below `best` if there is none."""
    best_when, best_floor = at.NONE, 0
    grid = m[at.GRID]
    row = visit * m[at.DAYS] + day
    if m[m[at.BOOKED_DAY] + visit] == day:
        when = m[m[at.BOOKED_START] + visit]
        cost = _try_moment(m, s, tt, w, visit, day, when, strict, manner, best)
        if cost < best:
            best, best_when, best_floor = cost, when, when
    if strict and m[m[at.SHARED] + visit] == 0:
        cost, when, floor = cheapest_start(m, s, tt, w, visit, day, step, manner, blink, best, BOTH)
        return (best, best_when, best_floor) if when == at.NONE else (cost, when, floor)
    floor = after_floor(m, s, visit, day)
    tardiest = m[m[at.WANTED_END] + visit] + 2 * step + s[s[at.TERMS] + at.T_MAX_TARDINESS]
    for span in range(m[m[at.WINDOW_COUNT] + row]):
        spot = m[at.WINDOW] + (row * m[at.SPANS] + span) * 2
        when = max(m[spot], floor)
        latest = min(m[spot + 1], tardiest)
        if blink > 0.0 and latest - when > step:
            when += draw_below(s, step) // grid * grid
        while when <= latest:
            if blink == 0.0 or draw(s) >= blink:
                cost = _try_moment(m, s, tt, w, visit, day, when, strict, manner, best)
                if cost < best:
                    best, best_when, best_floor = cost, when, m[spot]
            when += step
    return best, best_when, best_floor


@kernel
def place_best(
    m: Ints, s: Ints, tt: SmallInts, w: Floats, visit: int, step: int, strict: bool, manner: int, blink: float
) -> bool:
    """Places an open visit where it is estimated to cost least; False, with nothing changed, if nowhere.

    Moments are tried `step` ticks apart. Each, and each of several days, is passed over with probability `blink`.
    """
    best, best_day, best_when, best_floor = IMPOSSIBLE, 0, 0, 0
    for day in range(m[at.DAYS]):
        if m[m[at.WINDOW_COUNT] + visit * m[at.DAYS] + day] == 0 or not may_be_on(m, s, visit, day):
            continue
        booked = m[m[at.BOOKED_DAY] + visit] == day
        if blink > 0.0 and m[at.DAYS] > 1 and not booked and draw(s) < blink:
            continue
        cost, when, floor = _best_of_day(m, s, tt, w, visit, day, step, strict, manner, blink, best)
        if when != at.NONE:
            best, best_day, best_when, best_floor = cost, day, when, floor
    if best >= IMPOSSIBLE:
        return False
    mark = s[s[at.TRAIL_COUNT]]
    if choose_team(m, s, tt, w, visit, best_day, best_when, strict, manner, IMPOSSIBLE) < IMPOSSIBLE:
        place(m, s, tt, visit, best_day, best_when, best_floor)
        if settle(m, s, tt):
            return True
        rollback(s, mark)
    return False


@kernel
def place_in_half(
    m: Ints, s: Ints, tt: SmallInts, w: Floats, visit: int, day: int, near: int, step: int, manner: int
) -> bool:
    """Places an open visit where it costs least in the half-day of the moment `near`, nothing else shifted."""
    if m[m[at.WINDOW_COUNT] + visit * m[at.DAYS] + day] == 0 or not may_be_on(m, s, visit, day):
        return False
    half = MORNING if near < m[at.NOON] else AFTERNOON
    _, when, floor = cheapest_start(m, s, tt, w, visit, day, step, manner, 0.0, IMPOSSIBLE, half)
    if when == at.NONE or choose_team(m, s, tt, w, visit, day, when, True, manner, IMPOSSIBLE) >= IMPOSSIBLE:
        return False
    place(m, s, tt, visit, day, when, floor)
    return True
