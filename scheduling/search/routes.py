"""The routes of officers' days as linked tasks, and the terms that follow from who is in them."""

from scheduling.search import model as at
from scheduling.search.jit import Ints, SmallInts, kernel
from scheduling.search.trail import add, enqueue_task, put


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
def count_out(m: Ints, s: Ints, officer: int, day: int, start: int, change: int) -> None:
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
    count_out(m, s, officer, day, start, 1)
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
    count_out(m, s, officer, day, s[s[at.START] + m[m[at.TASK_NODE] + task]], -1)
    put(s, s[at.OFFICER] + task, at.NONE)
    put(s, s[at.FIRST] + route if before == at.NONE else s[at.BEHIND] + before, behind)
    put(s, s[at.LAST] + route if behind == at.NONE else s[at.BEFORE] + behind, before)
    if behind != at.NONE:
        enqueue_task(m, s, behind)
    elif before != at.NONE:
        enqueue_task(m, s, before)  # it has become the last, and must reach the office in time
