"""Laying rows out in one array, and a state in which nothing is served."""

import numpy as np

from scheduling.search import model as at
from scheduling.search.jit import Ints

Rows = dict[int, Ints | list[int] | int]


def pack(rows: Rows, directory: int) -> Ints:
    """One array: the directory, then the rows it points to."""
    parts: list[Ints] = [np.zeros(directory, np.int64)]
    end = directory
    for name in range(directory):
        value = rows[name]
        if isinstance(value, int):
            parts[0][name] = value
        else:
            row = np.asarray(value, np.int64).ravel()
            parts[0][name] = end
            parts.append(row)
            end += len(row)
    return np.concatenate(parts)


def empty_state(m: Ints, groups: int, seed: int) -> Ints:
    visits, nodes, tasks, officers, days = (int(m[name]) for name in range(5))
    route = officers * days
    lengths = {
        at.DAY: visits,
        at.FLOOR: visits,
        at.START: nodes,
        at.TARDY: nodes,
        at.OFFICER: tasks,
        at.BEFORE: tasks,
        at.BEHIND: tasks,
        at.FIRST: route,
        at.LAST: route,
        at.LOAD: officers,
        at.DAY_LOAD: route,
        at.WEEK_LOAD: officers * int(m[at.WEEKS]),
        at.OUT: 2 * route,
        at.POOL_OUT: 2 * days * int(m[at.POOLS]),
        at.IN_HALF: groups * (2 * days + 1),
        at.MOVE_COST: visits,
        at.OPEN: visits,
        at.OPEN_AT: visits,
        at.OPEN_COUNT: 1,
        at.TERMS: at.N_TERMS,
        at.BROKEN: 1,
        at.QUEUE: visits,
        at.QUEUED: 1,
        at.KEY: visits,
        at.TEAM: tasks,
        at.MARK: officers,
        at.PICKED: visits + tasks,
        at.SAVED_TERMS: at.N_TERMS,
        at.RANDOM: 1,
        at.TRAIL_COUNT: 1,
        at.TRAIL: 2 * at.TRAIL_LENGTH,
        at.S_SIZE: 0,
    }
    rows: Rows = {name: np.zeros(length, np.int64) for name, length in lengths.items()}
    for name in (at.DAY, at.OFFICER, at.BEFORE, at.BEHIND, at.FIRST, at.LAST, at.KEY, at.MARK, at.TEAM):
        rows[name] = np.full(lengths[name], at.NONE)
    rows[at.OPEN] = rows[at.OPEN_AT] = np.arange(visits)
    rows[at.OPEN_COUNT] = [visits]
    booked = m[m[at.BOOKED_DAY] : m[at.BOOKED_DAY] + visits] != at.NONE
    costs = np.where(booked, 10 * m[m[at.BOOKED_COST] : m[at.BOOKED_COST] + visits], 0)
    rows[at.MOVE_COST] = costs
    terms = np.zeros(at.N_TERMS, np.int64)
    terms[at.T_UNSERVED] = m[m[at.PRIORITY] : m[at.PRIORITY] + visits].sum()
    terms[at.T_MOVED] = costs.sum()
    rows[at.TERMS] = terms
    rows[at.RANDOM] = np.array(
        [np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1) | 1]
    )
    return pack(rows, at.S_DIRECTORY)
