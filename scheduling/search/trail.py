"""Writing to the state so that every change can be taken back.

Every write leaves the old value on a trail: a move is tried on the state itself, and undone by `rollback` if its cost
is not accepted. Beside it, the queue of visits whose times must be computed again.
"""

from scheduling.search import model as at
from scheduling.search.jit import Ints, kernel


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
