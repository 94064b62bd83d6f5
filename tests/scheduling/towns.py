"""Small random towns: problems to try the engine on, and a plan that stands in them."""

from datetime import date
from random import Random
from typing import Any

from core.workdays import WorkCalendar
from scheduling.openings import Allowance, openings
from scheduling.plan import Placement, Plan
from scheduling.problem import (
    Booking,
    Certificate,
    DayWindow,
    Hold,
    Office,
    Officer,
    Party,
    Post,
    Problem,
    Site,
    Vehicle,
    Visit,
)
from scheduling.standing import Standing

MONDAY = date(2026, 3, 9)
DEPARTMENTS = ("质监", "消防", "规划", "人防", "园林", "水务")


def officer(name: str, department: str, **values: Any) -> Officer:
    standard: dict[str, Any] = {"office": "中心", "certificates": (Certificate(name=department),)}
    return Officer(id=name, department=department, **standard | values)


def party(department: str, *, duration: int = 90, **values: Any) -> Party:
    return Party(
        id=department, department=department, duration=duration, certificates=(department,), **values
    )


def visit(name: str, *departments: str, site: str = "一号地", duration: int = 90, **values: Any) -> Visit:
    parties = tuple(party(department, duration=duration) for department in departments)
    standard: dict[str, Any] = {"parties": parties}
    return Visit(id=name, site=site, **standard | values)


def problem(visits: tuple[Visit, ...], officers: tuple[Officer, ...], **values: Any) -> Problem:
    """Five working days from Monday, 9 March 2026; two sites 4 km apart, the office between them."""
    standard: dict[str, Any] = {
        "first_day": MONDAY,
        "days": 5,
        "grid": 15,
        "offices": (Office(id="中心", lon=120.0, lat=30.0),),
        "sites": (Site(id="一号地", lon=120.02, lat=30.0), Site(id="二号地", lon=119.98, lat=30.0)),
        "calendar": WorkCalendar("test", {}, frozenset({2026})),
    }
    return Problem(visits=visits, officers=officers, **standard | values)


def town(seed: int, *, visits: int = 12, days: int = 5, departments: int = 4, **values: Any) -> Problem:
    """Visits of two to all departments, three A and one B post in each, vehicles and access windows on some."""
    rng = Random(seed)
    names = DEPARTMENTS[:departments]
    officers = tuple(
        officer(
            f"{name}{number}",
            name,
            post=Post.PRIMARY if number < 3 else Post.SUBSTITUTE,
            lunch=rng.choice((0, 60)),
            daily=rng.choice((None, 300)),
            pool="车队" if rng.random() < 0.3 else None,
        )
        for name in names
        for number in range(4)
    )
    sites = tuple(
        Site(
            id=f"地块{number}",
            lon=120 + rng.uniform(-0.15, 0.15),
            lat=30 + rng.uniform(-0.15, 0.15),
            access=rng.choice(((), (DayWindow(start=570, end=630), DayWindow(start=840, end=915)))),
        )
        for number in range(max(2, visits * 2 // 3))
    )
    drawn = tuple(
        visit(
            f"件{number:03}",
            *rng.sample(names, rng.randint(2, len(names))),
            site=rng.choice(sites).id,
            duration=rng.choice((60, 90, 120)),
            priority=rng.choice((1, 1, 3)),
            received=MONDAY,
            promised=rng.choice((days - 1, days + 2)),
            group=f"组{number % 5}" if rng.random() < 0.3 else None,
        )
        for number in range(visits)
    )
    standard: dict[str, Any] = {
        "days": days,
        "sites": sites,
        "vehicles": (Vehicle(id="车1", pool="车队", seats=4), Vehicle(id="车2", pool="车队", seats=3)),
    }
    return problem(drawn, officers, **standard | values)


def stand(town: Problem, *visits: str) -> Plan:
    """A plan of the visits, each at the first opening in the order given; those that find none stay out."""
    standing = Standing(town, Plan())
    for each in visits or tuple(visit.id for visit in town.visits):
        best = next(openings(standing, town.visit_by_id[each], Allowance(substitutes=True)), None)
        if best is not None:
            standing.put(best.placement)
    return Plan(placements=tuple(standing.placements.values()))


def booking(placement: Placement, *, hold: Hold = Hold.MOVABLE, cost: int = 1) -> Booking:
    return Booking(
        visit=placement.visit, starts=placement.starts, teams=placement.teams, hold=hold, cost=cost
    )
