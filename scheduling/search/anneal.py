"""The search: small moves and ruin-and-recreate under simulated annealing, on whatever the model holds.

After Ceschia, Di Gaspero, Rosati and Schaerf (2024), who anneal the home-care problem, and Schrimpf et al. (2000) for
ruin and recreate. Moves change the state itself and are rolled back when refused.
"""

import math

import numpy as np

from scheduling.search import model as at
from scheduling.search.chance import draw, draw_below
from scheduling.search.insertion import choose_team, may_be_on, place_best, place_in_half
from scheduling.search.jit import Floats, Ints, SmallInts, kernel
from scheduling.search.placing import any_served, place, remove
from scheduling.search.pricing import CHANCE, GREEDY, IMPOSSIBLE, JITTER, can_serve
from scheduling.search.rematch import note_moments, rematch_touched
from scheduling.search.routes import link, unlink
from scheduling.search.ruin import ruin_recreate
from scheduling.search.timing import settle
from scheduling.search.trail import commit, enqueue, forget_queue, put, rollback


@kernel
def refresh_max_tardiness(m: Ints, s: Ints, w: Floats) -> None:
    if w[at.T_MAX_TARDINESS] == 0.0:
        return
    latest = 0
    for cell in range(s[at.TARDY], s[at.TARDY] + m[at.NODES]):
        latest = max(latest, s[cell])
    put(s, s[at.TERMS] + at.T_MAX_TARDINESS, latest)


@kernel
def cost_change(s: Ints, w: Floats) -> float:
    """Weighted change of the terms since `save_terms`."""
    change = 0.0
    for term in range(at.N_TERMS):
        change += w[term] * (s[s[at.TERMS] + term] - s[s[at.SAVED_TERMS] + term])
    return change


@kernel
def least_change(s: Ints, w: Floats) -> float:
    """What `cost_change` comes to at least, before the times are settled: terms of time can at best fall to nothing."""
    change = 0.0
    for term in range(at.N_TERMS):
        saved = s[s[at.SAVED_TERMS] + term]
        timeless = term in (at.T_UNSERVED, at.T_LATENESS, at.T_SUBSTITUTES, at.T_OVERLOAD, at.T_TRAVEL)
        change += w[term] * ((s[s[at.TERMS] + term] if timeless else 0) - saved)
    return change


@kernel
def _lead(s: Ints, best: Ints, w: Floats) -> float:
    """Weighted difference of the terms of two states."""
    lead = 0.0
    for term in range(at.N_TERMS):
        lead += w[term] * (s[s[at.TERMS] + term] - best[s[at.TERMS] + term])
    return lead


@kernel
def save_terms(s: Ints) -> None:
    for term in range(at.N_TERMS):
        s[s[at.SAVED_TERMS] + term] = s[s[at.TERMS] + term]


@kernel
def relocate(m: Ints, s: Ints, tt: SmallInts, w: Floats, step: int, strict: bool) -> bool:
    """One visit to another moment, with a team chosen for it."""
    visit = any_served(m, s)
    if visit == at.NONE:
        return False
    day = s[s[at.DAY] + visit]
    old = s[s[at.START] + m[m[at.VISIT_NODES] + visit]]
    chance = draw(s)
    if m[at.DAYS] > 1 and chance < 0.3:
        day = draw_below(s, m[at.DAYS])
    row = visit * m[at.DAYS] + day
    spans = m[m[at.WINDOW_COUNT] + row]
    if spans == 0 or not may_be_on(m, s, visit, day):
        return False
    spot = m[at.WINDOW] + (row * m[at.SPANS] + draw_below(s, spans)) * 2
    latest = min(m[spot + 1], m[m[at.WANTED_END] + visit] + step + s[s[at.TERMS] + at.T_MAX_TARDINESS])
    if chance > 0.85:
        when = min(max(old, m[spot]), m[spot + 1])
    else:
        when = m[spot] + draw_below(s, max(1, latest + 1 - m[spot]))
    floor = m[spot]
    if m[m[at.BOOKED_DAY] + visit] == day and draw(s) < 0.5:
        when = floor = m[m[at.BOOKED_START] + visit]
    remove(m, s, tt, visit)
    pick = draw(s)
    manner = CHANCE if pick < 0.4 and not strict else (JITTER if pick < 0.8 else GREEDY)
    if choose_team(m, s, tt, w, visit, day, when, strict and pick < 0.9, manner, IMPOSSIBLE) >= IMPOSSIBLE:
        return False
    place(m, s, tt, visit, day, when, floor)
    return True


@kernel
def exchange(m: Ints, s: Ints, tt: SmallInts) -> bool:
    """Two officers of a department swap a stretch of their day: one part, some, or all that remains of it."""
    task = draw_below(s, m[at.TASKS])
    one = s[s[at.OFFICER] + task]
    if one == at.NONE:
        return False
    visit = m[m[at.TASK_VISIT] + task]
    day = s[s[at.DAY] + visit]
    each_class = m[m[at.PARTY_CLASS] + m[m[at.TASK_PARTY] + task]]
    first = m[m[at.CLASS_START] + each_class]
    other = m[m[at.CLASS_OFFICERS] + first + draw_below(s, m[m[at.CLASS_START] + each_class + 1] - first)]
    if other == one:
        return False
    begin = s[s[at.START] + m[m[at.TASK_NODE] + task]]
    pick = draw(s)
    if pick < 0.4:
        end = begin + 1
        begin_other = begin if pick < 0.2 else begin - draw_below(s, 2 * m[m[at.TASK_DURATION] + task] + 1)
        end_other = begin_other if pick < 0.1 else begin + draw_below(s, 4 * m[m[at.TASK_DURATION] + task])
    elif pick < 0.7:
        end = end_other = at.FAR
        begin_other = begin
    else:
        end = end_other = begin + draw_below(s, 8 * m[m[at.TASK_DURATION] + task])
        begin_other = begin
    count_one = _pick_stretch(m, s, one, other, day, begin, end, 0)
    if count_one < 0:
        return False
    count = _pick_stretch(m, s, other, one, day, begin_other, end_other, count_one)
    if count < 0:
        return False
    for spot in range(count):
        unlink(m, s, tt, s[s[at.PICKED] + spot], day)
    for spot in range(count):
        link(m, s, tt, s[s[at.PICKED] + spot], other if spot < count_one else one, day)
        _wake(m, s, s[s[at.PICKED] + spot])
    return count > 0


@kernel
def _wake(m: Ints, s: Ints, task: int) -> None:
    from_state = s[s[at.START] + m[m[at.TASK_NODE] + task]]
    enqueue(s, m[m[at.TASK_VISIT] + task], from_state)


@kernel
def _pick_stretch(
    m: Ints, s: Ints, owner: int, taker: int, day: int, begin: int, end: int, count: int
) -> int:
    """Notes the owner's tasks that start in [begin, end) behind the `count` noted; -1 if the taker may not have one."""
    task = s[s[at.FIRST] + owner * m[at.DAYS] + day]
    while task != at.NONE:
        start = s[s[at.START] + m[m[at.TASK_NODE] + task]]
        if start >= end:
            break
        if start >= begin:
            visit = m[m[at.TASK_VISIT] + task]
            if m[m[at.FROZEN] + visit] == 1 or not can_serve(m, task, day, taker):
                return -1
            if _in_visit(m, s, visit, taker):
                return -1
            s[s[at.PICKED] + count] = task
            count += 1
        task = s[s[at.BEHIND] + task]
    return count


@kernel
def _in_visit(m: Ints, s: Ints, visit: int, officer: int) -> bool:
    first = m[m[at.NODE_TASKS] + m[m[at.VISIT_NODES] + visit]]
    last = m[m[at.NODE_TASKS] + m[m[at.VISIT_NODES] + visit + 1]]
    for task in range(first, last):
        if s[s[at.OFFICER] + task] == officer:
            return True
    return False


@kernel
def swap(m: Ints, s: Ints, tt: SmallInts, w: Floats, step: int) -> bool:
    """Two visits change half-days, each with the cheapest team there."""
    one = any_served(m, s)
    if one == at.NONE:
        return False
    other = _partner(m, s, tt, one, 8 if draw(s) < 0.5 else 1)
    if other == at.NONE:
        return False
    day, when = s[s[at.DAY] + one], s[s[at.START] + m[m[at.VISIT_NODES] + one]]
    day_other, when_other = s[s[at.DAY] + other], s[s[at.START] + m[m[at.VISIT_NODES] + other]]
    if day == day_other and (when < m[at.NOON]) == (when_other < m[at.NOON]):
        return False
    remove(m, s, tt, one)
    remove(m, s, tt, other)
    if m[m[at.AFTER] + one] == other:  # what comes after another is placed after it
        one, other, day, when, day_other, when_other = other, one, day_other, when_other, day, when
    manner = JITTER if draw(s) < 0.3 else GREEDY
    return place_in_half(m, s, tt, w, one, day_other, when_other, step, manner) and place_in_half(
        m, s, tt, w, other, day, when, step, manner
    )


@kernel
def _partner(m: Ints, s: Ints, tt: SmallInts, visit: int, tries: int) -> int:
    """The nearest of a few visits drawn."""
    nearest, chosen = at.FAR, at.NONE
    for _ in range(tries):
        other = any_served(m, s)
        if other != at.NONE and other != visit:  # noqa: PLR1714 - a kernel compares, it builds no tuples
            far = tt[m[m[at.SITE] + visit], m[m[at.SITE] + other]]
            if far < nearest:
                nearest, chosen = far, other
    return chosen


@kernel
def construct(m: Ints, s: Ints, tt: SmallInts, w: Floats, order: Ints, step: int, strict: bool) -> int:
    """Places visits in the given order, each where it costs least; returns how many found a place."""
    placed = 0
    for visit in order:
        if s[s[at.DAY] + visit] == at.NONE and place_best(m, s, tt, w, visit, step, strict, GREEDY, 0.0):
            placed += 1
        commit(s)
    refresh_max_tardiness(m, s, w)
    commit(s)
    return placed


@kernel
def anneal(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    judge: Floats,
    best: Ints,
    moves: int,
    temperature: float,
    step: int,
    rates: Floats,
    most: int,
    strict: bool,
) -> int:
    """Tries `moves` moves at one temperature; returns how many were accepted.

    Moves are accepted by the weights `w`; `best` is overwritten by every state that costs less by those of `judge`.
    `rates` are the cumulated shares of relocate, exchange and swap; the rest is ruin-and-recreate. With `strict`,
    crews are matched anew after each move that is accepted.
    """
    size = s[at.QUEUE]
    accepted = 0
    days, starts = np.empty(m[at.VISITS], np.int64), np.empty(m[at.VISITS], np.int64)
    for _ in range(moves):
        save_terms(s)
        if strict:
            note_moments(m, s, days, starts)
        pick = draw(s)
        if s[s[at.OPEN_COUNT]] > 0 and draw(s) < 0.2:
            pick = 1.0  # as long as a visit has no place, that comes first
        if pick < rates[0]:
            done = relocate(m, s, tt, w, step, strict)
        elif pick < rates[1]:
            done = exchange(m, s, tt)
        elif pick < rates[2]:
            done = swap(m, s, tt, w, step)
        else:
            done = ruin_recreate(m, s, tt, w, step, most, strict)
        allowed = -temperature * math.log(1.0 - draw(s))
        if done and _is_accepted(m, s, tt, w, allowed, strict, days, starts):
            commit(s)
            accepted += 1
            if _lead(s, best, judge) < 0.0:
                best[:size] = s[:size]
        else:
            forget_queue(s)
            rollback(s, 0)
    return accepted


@kernel
def _is_accepted(
    m: Ints,
    s: Ints,
    tt: SmallInts,
    w: Floats,
    allowed: float,
    strict: bool,
    days: Ints,
    starts: Ints,
) -> bool:
    """Whether the state costs at most `allowed` more, with its times settled; then its crews are matched anew."""
    if least_change(s, w) > allowed or not settle(m, s, tt):
        return False
    refresh_max_tardiness(m, s, w)
    if cost_change(s, w) > allowed:
        return False
    return not strict or (rematch_touched(m, s, tt, w, days, starts) and cost_change(s, w) <= allowed)
