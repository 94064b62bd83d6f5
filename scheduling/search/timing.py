"""When everything starts, given the routes.

Start times are the earliest that the routes allow; after a change, only the visits that it can reach are computed
again, in the order of the times they had (a valid order of precedence, since every part lasts).
"""

from scheduling.search import model as at
from scheduling.search.jit import Ints, SmallInts, kernel
from scheduling.search.routes import count_out, waiting_between
from scheduling.search.trail import add, enqueue, enqueue_task, put

#: See `objectives.MOVE_WEIGHT`.
MOVE_WEIGHT = 10


@kernel
def count_half(m: Ints, s: Ints, visit: int, day: int, start: int, change: int) -> None:
    """What a visit's half-day decides: preferences, and the half-days of its group."""
    half = 0 if start < m[at.NOON] else 1
    add(s, s[at.TERMS] + at.T_DISLIKED, change * m[m[at.DISLIKE] + (visit * m[at.DAYS] + day) * 2 + half])
    group = m[m[at.GROUP] + visit]
    if group == at.NONE:
        return
    row = s[at.IN_HALF] + group * (2 * m[at.DAYS] + 1)
    cell = row + 2 * day + half
    old = s[cell]
    put(s, cell, old + change)
    taken = row + 2 * m[at.DAYS]
    more = int(old + change > 0) - int(old > 0)
    if more != 0:
        count = s[taken]
        add(s, s[at.TERMS] + at.T_SPLITS, max(0, count + more - 1) - max(0, count - 1))
        put(s, taken, count + more)


@kernel
def refresh_move_cost(m: Ints, s: Ints, visit: int) -> None:
    if m[m[at.BOOKED_DAY] + visit] == at.NONE:
        return
    first = m[m[at.VISIT_NODES] + visit]
    cost = MOVE_WEIGHT
    same_day = s[s[at.DAY] + visit] == m[m[at.BOOKED_DAY] + visit]
    if same_day and s[s[at.START] + first] == m[m[at.BOOKED_START] + visit]:
        cost = 0
        last_node = m[m[at.VISIT_NODES] + visit + 1]
        for party in range(m[m[at.NODE_PARTIES] + first], m[m[at.NODE_PARTIES] + last_node]):
            cost += _replaced(m, s, party)
        cost = min(cost, MOVE_WEIGHT)
    cost *= m[m[at.BOOKED_COST] + visit]
    add(s, s[at.TERMS] + at.T_MOVED, cost - s[s[at.MOVE_COST] + visit])
    put(s, s[at.MOVE_COST] + visit, cost)


@kernel
def _replaced(m: Ints, s: Ints, party: int) -> int:
    from_task, to_task = m[m[at.PARTY_TASKS] + party], m[m[at.PARTY_TASKS] + party + 1]
    count = 0
    for task in range(from_task, to_task):
        officer = s[s[at.OFFICER] + task]
        if officer == at.NONE:
            continue
        known = False
        for other in range(from_task, to_task):
            known = known or m[m[at.BOOKED_OFFICER] + other] == officer
        if not known:
            count += 1
    return count


@kernel
def shift(m: Ints, s: Ints, tt: SmallInts, node: int, start: int) -> None:
    """Gives a node another start, and wakes whatever follows it."""
    cell = s[at.START] + node
    old = s[cell]
    if old == start:
        return
    visit = m[m[at.TASK_VISIT] + m[m[at.NODE_TASKS] + node]]
    day = s[s[at.DAY] + visit]
    over_noon = (old < m[at.NOON]) != (start < m[at.NOON])
    first_task, last_task = m[m[at.NODE_TASKS] + node], m[m[at.NODE_TASKS] + node + 1]
    track = m[at.TRACK_WAITING] == 1
    idle = 0
    for task in range(first_task, last_task):
        behind = s[s[at.BEHIND] + task]
        if behind != at.NONE:
            enqueue_task(m, s, behind)
        if track:
            idle -= waiting_between(m, s, tt, s[s[at.BEFORE] + task], task) + waiting_between(
                m, s, tt, task, behind
            )
        if over_noon:
            count_out(m, s, s[s[at.OFFICER] + task], day, old, -1)
    put(s, cell, start)
    for task in range(first_task, last_task):
        if track:
            behind = s[s[at.BEHIND] + task]
            idle += waiting_between(m, s, tt, s[s[at.BEFORE] + task], task) + waiting_between(
                m, s, tt, task, behind
            )
        if over_noon:
            count_out(m, s, s[s[at.OFFICER] + task], day, start, 1)
    add(s, s[at.TERMS] + at.T_WAITING, idle)
    if over_noon and node == m[m[at.VISIT_NODES] + visit]:
        count_half(m, s, visit, day, old, -1)
        count_half(m, s, visit, day, start, 1)


@kernel
def _refresh_tardiness(m: Ints, s: Ints, visit: int, node: int) -> None:
    late = max(0, s[s[at.START] + node] - m[m[at.WANTED_END] + visit])
    parties = m[m[at.NODE_PARTIES] + node + 1] - m[m[at.NODE_PARTIES] + node]
    add(s, s[at.TERMS] + at.T_TARDINESS, parties * (late - s[s[at.TARDY] + node]))
    put(s, s[at.TARDY] + node, late)


@kernel
def fit_spans(m: Ints, route: int, start: int, duration: int) -> int:
    """The earliest start from `start` on at which a part lies within one working span of the officer's day."""
    spot = m[at.SPAN] + route * m[at.SPANS] * 2
    for _ in range(m[m[at.SPAN_COUNT] + route]):
        begin = max(start, m[spot])
        if begin + duration <= m[spot + 1]:
            return begin
        spot += 2
    return at.FAR


@kernel
def _fit_windows(m: Ints, visit: int, day: int, start: int) -> int:
    """The earliest start from `start` on that is on the grid and where the visit may begin."""
    booked = m[m[at.BOOKED_DAY] + visit] == day
    row = visit * m[at.DAYS] + day
    spot = m[at.WINDOW] + row * m[at.SPANS] * 2
    grid = m[at.GRID]
    for _ in range(m[m[at.WINDOW_COUNT] + row]):
        begin = max(start, m[spot])
        if not (booked and begin == m[m[at.BOOKED_START] + visit]):
            begin += -begin % grid
        if begin <= m[spot + 1]:
            return begin
        spot += 2
    return at.FAR


@kernel
def _earliest(m: Ints, s: Ints, tt: SmallInts, visit: int, day: int, node: int, start: int) -> int:
    """The earliest start from `start` on that the node's officers, their routes before and the site allow, or FAR."""
    here = m[m[at.SITE] + visit]
    first_task, last_task = m[m[at.NODE_TASKS] + node], m[m[at.NODE_TASKS] + node + 1]
    opens = node == m[m[at.VISIT_NODES] + visit]
    noon = m[at.NOON]
    while True:
        tried = start
        if opens:
            start = _fit_windows(m, visit, day, start)
        for task in range(first_task, last_task):
            officer = s[s[at.OFFICER] + task]
            route = officer * m[at.DAYS] + day
            before = s[s[at.BEFORE] + task]
            if before == at.NONE:
                start = max(
                    start, m[m[at.SPAN] + route * m[at.SPANS] * 2] + tt[m[m[at.OFFICE] + officer], here]
                )
            else:
                began = s[s[at.START] + m[m[at.TASK_NODE] + before]]
                free = began + m[m[at.TASK_DURATION] + before] + tt[m[m[at.TASK_SITE] + before], here]
                start = max(start, free)
                if began < noon <= start:
                    start = max(start, free + m[m[at.LUNCH] + officer])
            start = fit_spans(m, route, start, m[m[at.TASK_DURATION] + task])
        if start >= at.FAR:
            return at.FAR
        if start == tried:
            break
    for task in range(first_task, last_task):
        if s[s[at.BEHIND] + task] == at.NONE:
            officer = s[s[at.OFFICER] + task]
            route = officer * m[at.DAYS] + day
            closing = m[m[at.SPAN] + (route * m[at.SPANS] + m[m[at.SPAN_COUNT] + route] - 1) * 2 + 1]
            if start + m[m[at.TASK_DURATION] + task] + tt[here, m[m[at.OFFICE] + officer]] > closing:
                return at.FAR
    return start


@kernel
def end_of(m: Ints, s: Ints, visit: int) -> int:
    end = 0
    for node in range(m[m[at.VISIT_NODES] + visit], m[m[at.VISIT_NODES] + visit + 1]):
        for task in range(m[m[at.NODE_TASKS] + node], m[m[at.NODE_TASKS] + node + 1]):
            end = max(end, s[s[at.START] + node] + m[m[at.TASK_DURATION] + task])
    return end


@kernel
def after_floor(m: Ints, s: Ints, visit: int, day: int) -> int:
    """When the visit that this one comes after has ended, on the same day; FAR if that is too late."""
    after = m[m[at.AFTER] + visit]
    if after == at.NONE:
        return 0
    its_day = s[s[at.DAY] + after]
    if its_day == at.NONE or its_day > day:
        return at.FAR
    return end_of(m, s, after) if its_day == day else 0


@kernel
def _wake_followers(m: Ints, s: Ints, visit: int, day: int) -> bool:
    """False if a visit that must come after this one is held on an earlier day."""
    for spot in range(m[m[at.FOLLOWERS_START] + visit], m[m[at.FOLLOWERS_START] + visit + 1]):
        follower = m[m[at.FOLLOWERS] + spot]
        its_day = s[s[at.DAY] + follower]
        if its_day == at.NONE:
            continue
        if day != at.NONE and its_day < day:
            return False
        if its_day == day or day == at.NONE:  # noqa: PLR1714 - a kernel compares, it builds no tuples
            enqueue(s, follower, s[s[at.START] + m[m[at.VISIT_NODES] + follower]])
    return True


@kernel
def _retime(m: Ints, s: Ints, tt: SmallInts, visit: int) -> bool:
    """Gives the visit the earliest start that its officers' routes allow; False if there is none on its day."""
    day = s[s[at.DAY] + visit]
    if day == at.NONE:
        return _wake_followers(m, s, visit, day)
    first, last = m[m[at.VISIT_NODES] + visit], m[m[at.VISIT_NODES] + visit + 1]
    start = _earliest(m, s, tt, visit, day, first, max(s[s[at.FLOOR] + visit], after_floor(m, s, visit, day)))
    node = first + 1
    while node < last and start < at.FAR:
        lagged = _earliest(m, s, tt, visit, day, node, start + m[m[at.LAG_MIN] + node])
        node += 1
        if lagged >= at.FAR:
            return False
        if lagged > start + m[m[at.LAG_MAX] + node - 1]:
            # The later part cannot begin so soon: the first one waits for it, and all are computed again.
            start = _earliest(m, s, tt, visit, day, first, lagged - m[m[at.LAG_MAX] + node - 1])
            node = first + 1
    if start >= at.FAR:
        return False
    shift(m, s, tt, first, start)
    _refresh_tardiness(m, s, visit, first)
    for node in range(first + 1, last):
        shift(m, s, tt, node, _earliest(m, s, tt, visit, day, node, start + m[m[at.LAG_MIN] + node]))
        _refresh_tardiness(m, s, visit, node)
    refresh_move_cost(m, s, visit)
    return _wake_followers(m, s, visit, day)


@kernel
def settle(m: Ints, s: Ints, tt: SmallInts) -> bool:
    """Computes the times of all queued visits and of those that follow; False if the plan is impossible."""
    rounds = 0
    fine = True
    queue = s[at.QUEUE]
    while s[s[at.QUEUED]] > 0:
        count = s[s[at.QUEUED]]
        chosen = 0
        for spot in range(1, count):
            if s[s[at.KEY] + s[queue + spot]] < s[s[at.KEY] + s[queue + chosen]]:
                chosen = spot
        visit = s[queue + chosen]
        s[queue + chosen] = s[queue + count - 1]
        s[s[at.QUEUED]] = count - 1
        s[s[at.KEY] + visit] = at.NONE
        if fine:
            rounds += 1
            # Chains that feed themselves (orders that contradict each other) would turn for ever.
            fine = rounds <= 8 * m[at.VISITS] + 64 and _retime(m, s, tt, visit)
    return fine and s[s[at.BROKEN]] == 0
