"""Benchmark instances of the fictional city 临澜市: two working weeks, fifteen departments, any number of visits.

Deterministic in (visits, seed). Figures of the demo city: areas lognormal, on-site minutes by area, parties by their
shares, A and B posts, leave, study afternoons. The staff grows with the work, so that A posts are loaded alike in every
size.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from scheduling.problem import (
    CITY_LEVELS,
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Leave,
    Level,
    Office,
    Officer,
    Party,
    Post,
    Problem,
    Recusal,
    Site,
    Speed,
    Term,
    Vehicle,
    Visit,
)

FIRST_DAY = date(2026, 3, 9)
DAYS = 12  # two working weeks with the weekend between them
GRID = 5
#: department: (share of cases that it takes part in, part of the on-site time that it needs)
DEPARTMENTS = {
    "quality": (1.00, 1.0),
    "planning": (1.00, 0.7),
    "fire": (0.95, 0.9),
    "water": (0.60, 0.6),
    "gardens": (0.55, 0.5),
    "civil-defence": (0.50, 0.6),
    "archives": (0.45, 0.5),
    "traffic": (0.30, 0.5),
    "elevators": (0.30, 0.6),
    "sanitation": (0.25, 0.4),
    "gas": (0.25, 0.5),
    "power": (0.25, 0.5),
    "environment": (0.15, 0.6),
    "telecom": (0.15, 0.4),
    "lightning": (0.06, 0.5),
}
STUDY_DEPARTMENTS = ("quality", "planning", "gardens", "water", "traffic")
#: (area below, minutes on site)
ON_SITE = ((3_000, 60), (10_000, 90), (30_000, 150), (50_000, 210), (100_000, 240), (math.inf, 420))
#: Longer visits are held in parts, on half-days of their own where need be.
LONGEST_PART = 150
ACCESS = (DayWindow(start=570, end=690), DayWindow(start=840, end=990))
#: Share of their half-days that A posts spend in the field. A half-day holds one visit of ordinary length.
LOAD = 0.85
HALF_DAYS = 20
#: B posts for each A post, as in the city's establishment of 52 and 30.
SUBSTITUTES = 30 / 52
#: What a plan costs besides visits without a place, in these parts of a minute.
UNITS = 20
COST = {
    Term.LATENESS: 10_000,
    Term.MOVED: 1_200,
    Term.SUBSTITUTES: 1_200,
    Term.OVERLOAD: 20,
    Term.TRAVEL: 20,
    Term.WAITING: 1,
    Term.SPLITS: 400,
    Term.DISLIKED: 400,
}
UNSERVED = 5_000
COST_LEVELS = (Level(weights={Term.UNSERVED: 1}), Level(weights=COST))
CENTRE = (118.0, 30.0)
KM_LAT = 1 / 111.2
KM_LON = 1 / (111.2 * math.cos(math.radians(CENTRE[1])))


@dataclass(frozen=True)
class Case:
    """One joint inspection, before it is cut into visits."""

    number: int
    minutes: int
    departments: tuple[str, ...]


def cost(terms: Mapping[Term, int]) -> float:
    """What a plan costs, in minutes; an unserved visit outweighs what is saved by leaving it out."""
    return (
        UNSERVED * terms[Term.UNSERVED] + sum(weight * terms[term] for term, weight in COST.items()) / UNITS
    )


def instance(visits: int, *, seed: int = 0, levels: tuple[Level, ...] = CITY_LEVELS) -> Problem:
    """A problem with exactly that many visits."""
    random = Random(f"{seed}/{visits}")
    offices = tuple(_office(random, name) for name in ("centre", "north", "south"))
    sites: list[Site] = []
    planned: list[Visit] = []
    for number in range(visits):
        if len(planned) >= visits:
            break
        site = _site(random, number)
        sites.append(site)
        planned += _visits_of(random, _case(random, number), site, _longest_part(site, offices))
    planned = planned[:visits]
    officers = tuple(_officers(random, planned, [office.id for office in offices]))
    return Problem(
        first_day=FIRST_DAY,
        days=DAYS,
        grid=GRID,
        offices=offices,
        sites=tuple(sites),
        officers=officers,
        visits=tuple(planned),
        vehicles=tuple(_vehicles(officers)),
        recusals=tuple(
            Recusal(officer=random.choice(officers).id, applicant=visit.applicant)
            for visit in planned
            if random.random() < 0.05
        ),
        travel=Speed(),
        levels=levels,
    )


def _spot(random: Random, spread_km: float, shift_km: float = 0.0) -> tuple[float, float]:
    angle = random.uniform(0, 2 * math.pi)
    east = random.gauss(0, spread_km) + shift_km * math.cos(angle)
    north = random.gauss(0, spread_km) + shift_km * math.sin(angle)
    return round(CENTRE[0] + east * KM_LON, 5), round(CENTRE[1] + north * KM_LAT, 5)


def _office(random: Random, name: str) -> Office:
    lon, lat = _spot(random, 3.0)
    return Office(id=f"office-{name}", lon=lon, lat=lat)


def _site(random: Random, number: int) -> Site:
    far = 20.0 if random.random() < 0.05 else 0.0
    lon, lat = _spot(random, 6.0, far)
    district = f"district-{random.randrange(5)}"
    return Site(id=f"site-{number}", lon=lon, lat=lat, district=district, access=ACCESS)


def _case(random: Random, number: int) -> Case:
    area = min(420_000.0, max(300.0, random.lognormvariate(9.667, 1.15)))
    minutes = next(minutes for below, minutes in ON_SITE if area < below)
    buildings = min(6, int(area / 20_000))
    departments = tuple(name for name, (share, _) in DEPARTMENTS.items() if random.random() < share)
    return Case(number, minutes + 12 * buildings + 20, departments)


def _longest_part(site: Site, offices: tuple[Office, ...]) -> int:
    """Minutes that fit between the way out at 9:00 and noon: a longer part could not be held there at all."""
    speed = Speed()
    km = speed.detour * max(
        math.hypot((site.lon - office.lon) / KM_LON, (site.lat - office.lat) / KM_LAT) for office in offices
    )
    way = (
        speed.fixed
        + 60 * min(km, speed.near_km) / speed.kmh
        + 60 * max(0, km - speed.near_km) / speed.far_kmh
    )
    return min(LONGEST_PART, 175 - math.ceil(way))


def _visits_of(random: Random, case: Case, site: Site, longest: int) -> Iterator[Visit]:
    """One visit, or several in order where the work is longer than a half-day."""
    parts = math.ceil(case.minutes / longest)
    minutes = case.minutes / parts
    risk = random.random()
    promised = 3 if risk < 0.18 else 7 if risk < 0.80 else 12
    received = FIRST_DAY + timedelta(days=random.randrange(-3, 7))
    earliest = max(received, FIRST_DAY)
    priority = 3 if random.random() < 0.09 else 1
    wish = HalfDay(
        day=FIRST_DAY + timedelta(days=random.choice((0, 1, 2, 3, 4, 7, 8, 9, 10, 11))),
        half=random.choice((Half.MORNING, Half.AFTERNOON)),
    )
    likes = random.random() < 0.2
    special = random.random() < 0.1
    for part in range(parts):
        yield Visit(
            id=f"visit-{case.number}-{part}",
            site=site.id,
            applicant=f"applicant-{case.number // 2}",
            parties=tuple(_party(name, minutes, special=special) for name in case.departments),
            priority=priority,
            earliest=earliest,
            received=received,
            promised=promised,
            preferred=(wish,) if likes else (),
            after=f"visit-{case.number}-{part - 1}" if part else None,
            group=f"case-{case.number}" if parts > 1 else None,
        )


def _party(department: str, minutes: float, *, special: bool) -> Party:
    share = DEPARTMENTS[department][1]
    certificates = (department, "special-works") if special and department == "fire" else (department,)
    return Party(
        id=department,
        department=department,
        certificates=certificates,
        duration=max(30, math.ceil(minutes * share / GRID) * GRID),
    )


def _officers(random: Random, visits: list[Visit], offices: list[str]) -> Iterator[Officer]:
    seats: Counter[str] = Counter()
    for visit in visits:
        for party in visit.parties:
            seats[party.department] += party.officers
    for index, department in enumerate(DEPARTMENTS):
        if not seats[department]:
            continue
        primaries = max(2, math.ceil(seats[department] / (LOAD * HALF_DAYS)))
        substitutes = max(2, math.ceil(primaries * SUBSTITUTES))
        for number in range(primaries + substitutes):
            names = [department] + (["special-works"] if department == "fire" and number % 2 == 0 else [])
            yield Officer(
                id=f"{department}-{number}",
                department=department,
                office=offices[index % len(offices)],
                post=Post.PRIMARY if number < primaries else Post.SUBSTITUTE,
                certificates=tuple(Certificate(name=name) for name in names),
                leave=tuple(_leave(random, department)),
                lunch=45,
                daily=360,
                weekly=1500,
                pool=f"pool-{department}",
            )


def _leave(random: Random, department: str) -> Iterator[Leave]:
    if random.random() < 0.3:
        day = FIRST_DAY + timedelta(days=random.choice((0, 1, 2, 3, 4, 7, 8, 9, 10, 11)))
        yield Leave(first=day, last=day)
    if department in STUDY_DEPARTMENTS:
        friday = FIRST_DAY + timedelta(days=4)
        yield Leave(first=friday, last=friday, part=DayWindow(start=780, end=1020))


def _vehicles(officers: tuple[Officer, ...]) -> Iterator[Vehicle]:
    """Cars of five seats for nine officers in ten of each department."""
    for pool, members in Counter(officer.pool for officer in officers).items():
        for number in range(math.ceil(members * 0.9 / 5)):
            yield Vehicle(id=f"{pool}-car-{number}", pool=str(pool), seats=5)
