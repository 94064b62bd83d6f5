"""Pseudo-random numbers that are part of the state, so that a seed gives the same plan on every machine."""

from scheduling.search import model as at
from scheduling.search.jit import Ints, kernel


@kernel
def draw(s: Ints) -> float:
    """The next number in [0, 1), by xorshift."""
    cell = s[at.RANDOM]
    x = s[cell]
    x ^= (x << 13) & 0x7FFFFFFFFFFFFFFF
    x ^= x >> 7
    x ^= (x << 17) & 0x7FFFFFFFFFFFFFFF
    s[cell] = x
    return (x >> 10) / 9007199254740992.0


@kernel
def draw_below(s: Ints, limit: int) -> int:
    return int(draw(s) * limit)
