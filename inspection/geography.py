"""Distances between places given in WGS 84 degrees."""

import math
from decimal import Decimal

from scheduling.problem import Speed

EARTH_RADIUS_M = 6_371_000
SPEED = Speed()

Spot = tuple[Decimal, Decimal]
"""Longitude, latitude."""


def metres(one: Spot, other: Spot) -> int:
    """Along the great circle."""
    lon1, lat1, lon2, lat2 = (math.radians(float(degrees)) for degrees in (*one, *other))
    half_chord = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_M * math.asin(math.sqrt(half_chord)))


def travel_minutes(one: Spot, other: Spot) -> int:
    """As the scheduler reckons it (`scheduling.problem.Speed`)."""
    way = metres(one, other) * SPEED.detour / 1000
    if way == 0:
        return 0
    near = min(way, SPEED.near_km)
    return math.ceil(60 * (near / SPEED.kmh + (way - near) / SPEED.far_kmh) + SPEED.fixed)
