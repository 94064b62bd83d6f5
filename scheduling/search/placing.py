"""Taking whole visits in and out of the state."""

from scheduling.search import model as at
from scheduling.search.chance import draw_below
from scheduling.search.jit import Ints, SmallInts, kernel
from scheduling.search.routes import link, unlink
from scheduling.search.timing import count_half, refresh_move_cost
from scheduling.search.trail import add, enqueue, put


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
    count_half(m, s, visit, day, when, 1)
    _close(s, visit)
    enqueue(s, visit, when)


@kernel
def remove(m: Ints, s: Ints, tt: SmallInts, visit: int) -> None:
    """Takes a served visit out of its officers' routes."""
    day = s[s[at.DAY] + visit]
    first = m[m[at.VISIT_NODES] + visit]
    count_half(m, s, visit, day, s[s[at.START] + first], -1)
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


@kernel
def any_served(m: Ints, s: Ints) -> int:
    """A served visit that may be moved, or NONE after a few draws."""
    for _ in range(8):
        visit = draw_below(s, m[at.VISITS])
        if s[s[at.DAY] + visit] != at.NONE and m[m[at.FROZEN] + visit] == 0:
            return visit
    return at.NONE
