"""What a moment costs, and what an officer costs, whatever else the visit takes."""

from scheduling.search import model as at
from scheduling.search.jit import Floats, Ints, kernel

IMPOSSIBLE = 1e300
#: How a team is chosen: the cheapest, the cheapest with chance mixed in, or by chance alone.
GREEDY, JITTER, CHANCE = range(3)


@kernel
def can_serve(m: Ints, task: int, day: int, officer: int) -> bool:
    """Whether the officer may take the task that day, his time apart."""
    row = m[m[at.PARTY_CLASS] + m[m[at.TASK_PARTY] + task]] * m[at.DAYS] + day
    visit = m[m[at.TASK_VISIT] + task]
    return (
        m[m[at.ABLE] + row * m[at.OFFICERS] + officer] == 1
        and m[m[at.BARRED] + visit * m[at.OFFICERS] + officer] == 0
        and m[m[at.SPAN_COUNT] + officer * m[at.DAYS] + day] > 0
    )


@kernel
def presence_cost(m: Ints, s: Ints, w: Floats, task: int, officer: int, day: int) -> float:
    """What the officer costs for the task that day, whenever it is; IMPOSSIBLE beyond his caps."""
    duration = m[m[at.TASK_DURATION] + task]
    limit = m[m[at.FAIR_LIMIT] + officer]
    load = s[s[at.LOAD] + officer]
    cost = w[at.T_SUBSTITUTES] * m[m[at.SUBSTITUTE] + officer]
    cost += w[at.T_OVERLOAD] * (max(0, load + duration - limit) - max(0, load - limit))
    return cost + _cap_cost(m, s, w, task, officer, day, duration)


@kernel
def _cap_cost(m: Ints, s: Ints, w: Floats, task: int, officer: int, day: int, duration: int) -> float:
    """IMPOSSIBLE beyond the officer's caps; else what replacing a booked officer costs."""
    if s[s[at.DAY_LOAD] + officer * m[at.DAYS] + day] + duration > m[m[at.DAILY] + officer]:
        return IMPOSSIBLE
    week = s[s[at.WEEK_LOAD] + officer * m[at.WEEKS] + m[m[at.WEEK] + day]]
    if week + duration > m[m[at.WEEKLY] + officer]:
        return IMPOSSIBLE
    return booking_cost(m, w, task, officer, day)


@kernel
def booking_cost(m: Ints, w: Floats, task: int, officer: int, day: int) -> float:
    """What it costs if the officer takes the place of one who is booked."""
    visit = m[m[at.TASK_VISIT] + task]
    if m[m[at.BOOKED_DAY] + visit] != day:
        return 0.0
    party = m[m[at.TASK_PARTY] + task]
    for other in range(m[m[at.PARTY_TASKS] + party], m[m[at.PARTY_TASKS] + party + 1]):
        if m[m[at.BOOKED_OFFICER] + other] == officer:
            return 0.0
    return w[at.T_MOVED] * m[m[at.BOOKED_COST] + visit]


@kernel
def moment_cost(m: Ints, s: Ints, w: Floats, visit: int, day: int, when: int) -> float:
    """What the moment costs whoever comes: lateness, tardiness, preference, group, a booking moved."""
    half = 0 if when < m[at.NOON] else 1
    cost = w[at.T_LATENESS] * m[m[at.LATE] + visit * m[at.DAYS] + day]
    cost += w[at.T_DISLIKED] * m[m[at.DISLIKE] + (visit * m[at.DAYS] + day) * 2 + half]
    group = m[m[at.GROUP] + visit]
    if group != at.NONE:
        row = s[at.IN_HALF] + group * (2 * m[at.DAYS] + 1)
        if s[row + 2 * m[at.DAYS]] > 0 and s[row + 2 * day + half] == 0:
            cost += w[at.T_SPLITS]
    if m[m[at.BOOKED_DAY] + visit] != at.NONE:
        stays = m[m[at.BOOKED_DAY] + visit] == day and m[m[at.BOOKED_START] + visit] == when
        if not stays:
            cost += w[at.T_MOVED] * 10.0 * m[m[at.BOOKED_COST] + visit]
    return cost + w[at.T_TARDINESS] * max(0, when - m[m[at.WANTED_END] + visit])
