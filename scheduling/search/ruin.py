"""Ruin and recreate: a few visits are taken out and put back, each where it costs least.

After Schrimpf et al. (2000).
"""

from scheduling.search import model as at
from scheduling.search.chance import draw, draw_below
from scheduling.search.insertion import may_be_on, place_best
from scheduling.search.jit import Floats, Ints, SmallInts, kernel
from scheduling.search.placing import any_served, remove
from scheduling.search.pricing import GREEDY, JITTER
from scheduling.search.timing import settle


@kernel
def ruin_recreate(m: Ints, s: Ints, tt: SmallInts, w: Floats, step: int, most: int, strict: bool) -> bool:
    """Takes a few visits out and puts them back, after one that had no place, one by one where each costs least."""
    if s[s[at.OPEN_COUNT]] > 0 and draw(s) < 0.7:
        count = _make_room(m, s, tt, most)
        if count == 0:
            return False
    else:
        seed = any_served(m, s)
        if seed == at.NONE:
            return False
        start = s[s[at.START] + m[m[at.VISIT_NODES] + seed]]
        day = s[s[at.DAY] + seed]
        size = draw_below(s, most)
        count = _take_out(m, s, tt, seed, 0)
        count = _ruin(m, s, tt, seed, day, start, size, count)
    if not settle(m, s, tt):
        return False
    manner = JITTER if draw(s) < 0.7 else GREEDY
    blink = 0.05 if m[at.DAYS] == 1 or draw(s) < 0.1 else 0.5
    if s[s[at.OPEN_COUNT]] == count and draw(s) < 0.5:
        _largest_first(m, s, count)
    for spot in range(count):
        visit = s[s[at.PICKED] + spot]
        if s[s[at.DAY] + visit] == at.NONE:
            place_best(m, s, tt, w, visit, step, strict, manner, blink)
    return True


@kernel
def _make_room(m: Ints, s: Ints, tt: SmallInts, most: int) -> int:
    """Notes a visit that has no place, and takes out those that stand where it might go.

    What it must come after may stand too late: then that is taken out and placed again before it.
    """
    visit = s[s[at.OPEN] + draw_below(s, s[s[at.OPEN_COUNT]])]
    leader, count = visit, 0
    while m[m[at.AFTER] + leader] != at.NONE and draw(s) < 0.7:
        leader = m[m[at.AFTER] + leader]
    if leader != visit:
        if s[s[at.DAY] + leader] == at.NONE or m[m[at.FROZEN] + leader] == 1:
            return 0
        count = _take_out(m, s, tt, leader, 0)
    s[s[at.PICKED] + count] = visit
    count += 1
    for _ in range(8):
        day = draw_below(s, m[at.DAYS])
        row = leader * m[at.DAYS] + day
        spans = m[m[at.WINDOW_COUNT] + row]
        if spans > 0 and may_be_on(m, s, leader, day):
            spot = m[at.WINDOW] + (row * m[at.SPANS] + draw_below(s, spans)) * 2
            when = m[spot] + draw_below(s, m[spot + 1] - m[spot] + 1)
            return _ruin_day(m, s, tt, day, when, 1 + draw_below(s, most), count)
    return count


@kernel
def _ruin(m: Ints, s: Ints, tt: SmallInts, seed: int, day: int, start: int, size: int, count: int) -> int:
    """Takes out `size` visits near to the seed's place or to the moment, and notes them behind the `count` noted."""
    here = m[m[at.SITE] + seed]
    by_place = s[s[at.DAY] + seed] != at.NONE and draw(s) < 0.5
    size += count
    while count < size:
        # Of a few drawn, the nearest goes.
        nearest, chosen = at.FAR, at.NONE
        for _ in range(8):
            visit = any_served(m, s)
            if visit == at.NONE:
                continue
            far = tt[here, m[m[at.SITE] + visit]]
            if not by_place:
                far = abs(s[s[at.START] + m[m[at.VISIT_NODES] + visit]] - start)
                if s[s[at.DAY] + visit] != day:
                    far += 10 * m[at.NOON]
            if far < nearest:
                nearest, chosen = far, visit
        if chosen == at.NONE:
            break
        count = _take_out(m, s, tt, chosen, count)
    return count


@kernel
def _ruin_day(m: Ints, s: Ints, tt: SmallInts, day: int, when: int, size: int, count: int) -> int:
    """Takes out up to `size` visits of the day that start next to `when`, some passed over by chance."""
    size += count
    while count < size:
        nearest, chosen = at.FAR, at.NONE
        for visit in range(m[at.VISITS]):
            if s[s[at.DAY] + visit] == day and m[m[at.FROZEN] + visit] == 0:
                far = abs(s[s[at.START] + m[m[at.VISIT_NODES] + visit]] - when) + draw_below(s, 60)
                if far < nearest:
                    nearest, chosen = far, visit
        if chosen == at.NONE:
            break
        count = _take_out(m, s, tt, chosen, count)
    return count


@kernel
def _take_out(m: Ints, s: Ints, tt: SmallInts, visit: int, count: int) -> int:
    """Removes a visit and those that must come after it; returns how many are noted now."""
    done = count
    s[s[at.PICKED] + count] = visit
    count += 1
    while done < count:
        each = s[s[at.PICKED] + done]
        done += 1
        remove(m, s, tt, each)
        for spot in range(m[m[at.FOLLOWERS_START] + each], m[m[at.FOLLOWERS_START] + each + 1]):
            follower = m[m[at.FOLLOWERS] + spot]
            if s[s[at.DAY] + follower] != at.NONE:
                s[s[at.PICKED] + count] = follower
                count += 1
    return count


@kernel
def _largest_first(m: Ints, s: Ints, count: int) -> None:
    row = s[at.PICKED]
    for spot in range(1, count):
        visit = s[row + spot]
        hole = spot
        while hole > 0 and _officers_of(m, s[row + hole - 1]) < _officers_of(m, visit):
            s[row + hole] = s[row + hole - 1]
            hole -= 1
        s[row + hole] = visit


@kernel
def _officers_of(m: Ints, visit: int) -> int:
    first, last = m[m[at.VISIT_NODES] + visit], m[m[at.VISIT_NODES] + visit + 1]
    return m[m[at.NODE_TASKS] + last] - m[m[at.NODE_TASKS] + first]
