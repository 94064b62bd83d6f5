"""Repeatable randomness. Every entity draws from a stream of its own, so adding one never changes the others."""

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
NORMAL = NormalDist()


def stream(*key: object) -> Random:
    return Random(":".join(map(str, key)))


def pick(rng: Random, shares: Mapping[T, float]) -> T:
    return rng.choices(list(shares), list(shares.values()))[0]


def quota(rng: Random, shares: Mapping[T, float], count: int) -> list[T]:
    """`count` values in exactly the given shares (largest remainder), shuffled."""
    total = sum(shares.values())
    exact = {value: share / total * count for value, share in shares.items()}
    taken = {value: int(number) for value, number in exact.items()}
    by_remainder = sorted(exact, key=lambda value: taken[value] - exact[value])
    for value in by_remainder[: count - sum(taken.values())]:
        taken[value] += 1
    drawn = [value for value, number in taken.items() for _ in range(number)]
    rng.shuffle(drawn)
    return drawn


def strata(rng: Random, count: int) -> list[float]:
    """One point from each of `count` equal strata of (0, 1), shuffled: little noise in sums even when few."""
    points = [(index + max(rng.random(), 1e-9)) / count for index in range(count)]
    rng.shuffle(points)
    return points


def spread(points: Sequence[float], weighted: Mapping[T, float]) -> list[T]:
    """The value below which each point falls, on the cumulated weights."""
    values, bounds = list(weighted), list(accumulate(weighted.values()))
    return [values[min(bisect(bounds, point * bounds[-1]), len(values) - 1)] for point in points]


def lognormal(rng: Random, median: float, p90: float) -> float:
    """A draw from the lognormal distribution with this median and ninth decile."""
    z = NORMAL.inv_cdf(max(rng.random(), 1e-9)) / NORMAL.inv_cdf(0.9)
    return median * math.exp(z * math.log(p90 / median))
