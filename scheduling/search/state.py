"""Changing the state so that every change can be taken back.

Every write leaves the old value on a trail: a move is tried on the state itself, and undone by `rollback` if its cost
is not accepted. Start times are the earliest that the routes allow; after a change, only the visits that it can reach
are computed again, in the order of the times they had (a valid order of precedence, since every part lasts).
"""

from scheduling.search import model as at
from scheduling.search.jit import Ints, SmallInts, kernel

#: See `objectives.MOVE_WEIGHT`.
MOVE_WEIGHT = 10


@kernel
def put(s: Ints, cell: int, value: int) -> None:
    old = s[cell]
    if old != value:
        count = s[s[at.TRAIL_COUNT]]
        spot = s[at.TRAIL] + 2 * count
        s[spot] = cell
        s[spot + 1] = old
        s[s[at.TRAIL_COUNT]] = count + 1
        s[cell] = value


@kernel
def add(s: Ints, cell: int, amount: int) -> None:
    if amount != 0:
        put(s, cell, s[cell] + amount)


@kernel
def rollback(s: Ints, mark: int) -> None:
    """Takes back every write since the trail was `mark` long."""
    trail = s[at.TRAIL]
    for entry in range(s[s[at.TRAIL_COUNT]] - 1, mark - 1, -1):
        spot = trail + 2 * entry
        s[s[spot]] = s[spot + 1]
    s[s[at.TRAIL_COUNT]] = mark


@kernel
def commit(s: Ints) -> None:
    s[s[at.TRAIL_COUNT]] = 0


@kernel
def enqueue(s: Ints, visit: int, key: int) -> None:
    """Asks for the visit's time to be computed again, in the order of `key`."""
    cell = s[at.KEY] + visit
    old = s[cell]
    if old == at.NONE:
        count = s[s[at.QUEUED]]
        s[s[at.QUEUE] + count] = visit
        s[s[at.QUEUED]] = count + 1
        s[cell] = key
    elif key < old:
        s[cell] = key


@kernel
def forget_queue(s: Ints) -> None:
    for spot in range(s[s[at.QUEUED]]):
        s[s[at.KEY] + s[s[at.QUEUE] + spot]] = at.NONE
    s[s[at.QUEUED]] = 0


@kernel
def enqueue_task(m: Ints, s: Ints, task: int) -> None:
    enqueue(s, m[m[at.TASK_VISIT] + task], s[s[at.START] + m[m[at.TASK_NODE] + task]])


@kernel
def waiting_between(m: Ints, s: Ints, tt: SmallInts, task: int, after: int) -> int:
    """Idle ticks between two tasks that follow each other within a half-day."""
    if task == at.NONE or after == at.NONE:  # noqa: PLR1714 - a kernel compares, it builds no tuples
        return 0
    start = s[s[at.START] + m[m[at.TASK_NODE] + task]]
    next_start = s[s[at.START] + m[m[at.TASK_NODE] + after]]
    if (start < m[at.NOON]) != (next_start < m[at.NOON]):
        return 0
    travel = tt[m[m[at.TASK_SITE] + task], m[m[at.TASK_SITE] + after]]
    return next_start - start - m[m[at.TASK_DURATION] + task] - travel


@kernel
def detour(m: Ints, tt: SmallInts, task: int, officer: int, before: int, behind: int) -> int:
    """Travel that the task adds between its neighbours (the office, where there is none)."""
    here = m[m[at.TASK_SITE] + task]
    office = m[m[at.OFFICE] + officer]
    origin = office if before == at.NONE else m[m[at.TASK_SITE] + before]
    target = office if behind == at.NONE else m[m[at.TASK_SITE] + behind]
    saved = 0 if before == at.NONE and behind == at.NONE else tt[origin, target]
    return tt[origin, here] + tt[here, target] - saved


@kernel
def _charge_load(m: Ints, s: Ints, officer: int, day: int, ticks: int) -> None:
    """Moves an officer's loads by `ticks`, with the overload and the caps that follow."""
    terms = s[at.TERMS]
    limit = m[m[at.FAIR_LIMIT] + officer]
    old = s[s[at.LOAD] + officer]
    add(s, terms + at.T_OVERLOAD, max(0, old + ticks - limit) - max(0, old - limit))
    add(s, s[at.LOAD] + officer, ticks)
    broken = s[at.BROKEN]
    daily = m[m[at.DAILY] + officer]
    if daily < at.FAR:
        cell = s[at.DAY_LOAD] + officer * m[at.DAYS] + day
        add(s, broken, int(s[cell] + ticks > daily) - int(s[cell] > daily))
        add(s, cell, ticks)
    weekly = m[m[at.WEEKLY] + officer]
    if weekly < at.FAR:
        cell = s[at.WEEK_LOAD] + officer * m[at.WEEKS] + m[m[at.WEEK] + day]
        add(s, broken, int(s[cell] + ticks > weekly) - int(s[cell] > weekly))
        add(s, cell, ticks)


@kernel
def _count_out(m: Ints, s: Ints, officer: int, day: int, start: int, change: int) -> None:
    """One task more or less that an officer of a vehicle pool has in the half-day."""
    pool = m[m[at.POOL] + officer]
    if pool == at.NONE:
        return
    half = 0 if start < m[at.NOON] else 1
    cell = s[at.OUT] + (officer * m[at.DAYS] + day) * 2 + half
    old = s[cell]
    put(s, cell, old + change)
    leaves = int(old + change > 0) - int(old > 0)
    if leaves != 0:
        spot = (pool * m[at.DAYS] + day) * 2 + half
        seats = m[m[at.SEATS] + spot]
        taken = s[s[at.POOL_OUT] + spot]
        add(s, s[at.BROKEN], int(taken + leaves > seats) - int(taken > seats))
        put(s, s[at.POOL_OUT] + spot, taken + leaves)


@kernel
def find_gap(m: Ints, s: Ints, officer: int, day: int, when: int) -> int:
    """The officer's last task of the day that starts before `when`, or NONE."""
    before = at.NONE
    task = s[s[at.FIRST] + officer * m[at.DAYS] + day]
    while task != at.NONE and s[s[at.START] + m[m[at.TASK_NODE] + task]] < when:
        before = task
        task = s[s[at.BEHIND] + task]
    return before


@kernel
def task_behind(m: Ints, s: Ints, officer: int, day: int, before: int) -> int:
    if before == at.NONE:
        return s[s[at.FIRST] + officer * m[at.DAYS] + day]
    return s[s[at.BEHIND] + before]


@kernel
def link(m: Ints, s: Ints, tt: SmallInts, task: int, officer: int, day: int) -> None:
    """Puts a task into the officer's day where its node's start falls."""
    route = officer * m[at.DAYS] + day
    start = s[s[at.START] + m[m[at.TASK_NODE] + task]]
    before = find_gap(m, s, officer, day, start)
    behind = task_behind(m, s, officer, day, before)
    terms = s[at.TERMS]
    add(s, terms + at.T_TRAVEL, detour(m, tt, task, officer, before, behind))
    if m[at.TRACK_WAITING] == 1:
        idle = waiting_between(m, s, tt, before, task) + waiting_between(m, s, tt, task, behind)
        add(s, terms + at.T_WAITING, idle - waiting_between(m, s, tt, before, behind))
    add(s, terms + at.T_SUBSTITUTES, m[m[at.SUBSTITUTE] + officer])
    _charge_load(m, s, officer, day, m[m[at.TASK_DURATION] + task])
    _count_out(m, s, officer, day, start, 1)
    put(s, s[at.OFFICER] + task, officer)
    put(s, s[at.BEFORE] + task, before)
    put(s, s[at.BEHIND] + task, behind)
    put(s, s[at.FIRST] + route if before == at.NONE else s[at.BEHIND] + before, task)
    put(s, s[at.LAST] + route if behind == at.NONE else s[at.BEFORE] + behind, task)
    if behind != at.NONE:
        enqueue_task(m, s, behind)


@kernel
def unlink(m: Ints, s: Ints, tt: SmallInts, task: int, day: int) -> None:
    officer = s[s[at.OFFICER] + task]
    route = officer * m[at.DAYS] + day
    before = s[s[at.BEFORE] + task]
    behind = s[s[at.BEHIND] + task]
    terms = s[at.TERMS]
    add(s, terms + at.T_TRAVEL, -detour(m, tt, task, officer, before, behind))
    if m[at.TRACK_WAITING] == 1:
        idle = waiting_between(m, s, tt, before, task) + waiting_between(m, s, tt, task, behind)
        add(s, terms + at.T_WAITING, waiting_between(m, s, tt, before, behind) - idle)
    add(s, terms + at.T_SUBSTITUTES, -m[m[at.SUBSTITUTE] + officer])
    _charge_load(m, s, officer, day, -m[m[at.TASK_DURATION] + task])
    _count_out(m, s, officer, day, s[s[at.START] + m[m[at.TASK_NODE] + task]], -1)
    put(s, s[at.OFFICER] + task, at.NONE)
    put(s, s[at.FIRST] + route if before == at.NONE else s[at.BEHIND] + before, behind)
    put(s, s[at.LAST] + route if behind == at.NONE else s[at.BEFORE] + behind, before)
    if behind != at.NONE:
        enqueue_task(m, s, behind)
    elif before != at.NONE:
        enqueue_task(m, s, before)  # it has become the last, and must reach the office in time


@kernel
def _count_half(m: Ints, s: Ints, visit: int, day: int, start: int, change: int) -> None:
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
            _count_out(m, s, s[s[at.OFFICER] + task], day, old, -1)
    put(s, cell, start)
    for task in range(first_task, last_task):
        if track:
            behind = s[s[at.BEHIND] + task]
            idle += waiting_between(m, s, tt, s[s[at.BEFORE] + task], task) + waiting_between(
                m, s, tt, task, behind
            )
        if over_noon:
            _count_out(m, s, s[s[at.OFFICER] + task], day, start, 1)
    add(s, s[at.TERMS] + at.T_WAITING, idle)
    if over_noon and node == m[m[at.VISIT_NODES] + visit]:
        _count_half(m, s, visit, day, old, -1)
        _count_half(m, s, visit, day, start, 1)


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


@kernel
def place(m: Ints, s: Ints, tt: SmallInts, visit: int, day: int, when: int, floor: int) -> None:
    """Puts an open visit, with the officers in `TEAM`, into their routes around `when`; `settle` computes its time."""
    put(s, s[at.DAY] + visit, day)
    put(s, s[at.FLOOR] + visit, floor)
    for node in range(m[m[at.VISIT_NODES] + visit], m[m[at.VISIT_NODES] + visit + 1]):
        put(s, s[at.START] + node, when + m[m[at.LAG_MIN] + node])
        for task in range(m[m[at.NODE_TASKS] + node], m[m[at.NODE_TASKS] + node + 1]):
            link(m, s, tt, task, s[s[at.TEAM] + task], day)
    terms = s[at.TERMS]
    add(s, terms + at.T_UNSERVED, -m[m[at.PRIORITY] + visit])
    add(s, terms + at.T_LATENESS, m[m[at.LATE] + visit * m[at.DAYS] + day])
    _count_half(m, s, visit, day, when, 1)
    _close(s, visit)
    enqueue(s, visit, when)


@kernel
def remove(m: Ints, s: Ints, tt: SmallInts, visit: int) -> None:
    """Takes a served visit out of its officers' routes."""
    day = s[s[at.DAY] + visit]
    first = m[m[at.VISIT_NODES] + visit]
    _count_half(m, s, visit, day, s[s[at.START] + first], -1)
    terms = s[at.TERMS]
    for node in range(first, m[m[at.VISIT_NODES] + visit + 1]):
        for task in range(m[m[at.NODE_TASKS] + node], m[m[at.NODE_TASKS] + node + 1]):
            unlink(m, s, tt, task, day)
        parties = m[m[at.NODE_PARTIES] + node + 1] - m[m[at.NODE_PARTIES] + node]
        add(s, terms + at.T_TARDINESS, -parties * s[s[at.TARDY] + node])
        put(s, s[at.TARDY] + node, 0)
    add(s, terms + at.T_UNSERVED, m[m[at.PRIORITY] + visit])
    add(s, terms + at.T_LATENESS, -m[m[at.LATE] + visit * m[at.DAYS] + day])
    put(s, s[at.DAY] + visit, at.NONE)
    refresh_move_cost(m, s, visit)
    count = s[s[at.OPEN_COUNT]]
    put(s, s[at.OPEN] + count, visit)
    put(s, s[at.OPEN_AT] + visit, count)
    put(s, s[at.OPEN_COUNT], count + 1)
    if m[m[at.FOLLOWERS_START] + visit] < m[m[at.FOLLOWERS_START] + visit + 1]:
        enqueue(s, visit, s[s[at.START] + first])


@kernel
def _close(s: Ints, visit: int) -> None:
    """Takes a visit from the list of those not served."""
    count = s[s[at.OPEN_COUNT]] - 1
    spot = s[s[at.OPEN_AT] + visit]
    last = s[s[at.OPEN] + count]
    put(s, s[at.OPEN] + spot, last)
    put(s, s[at.OPEN_AT] + last, spot)
    put(s, s[at.OPEN_COUNT], count)
    put(s, s[at.OPEN_AT] + visit, at.NONE)
