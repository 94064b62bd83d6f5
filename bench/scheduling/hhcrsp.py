"""The public home-care routing benchmark, mapped onto our own problem, and an independent judge of its solutions.

Mankowska, Meisel and Bierwirth (2014); instances and best known costs as published with Ceschia et al. (2024).
Cost = (distance + tardiness summed + greatest tardiness) / 3, in minutes.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from scheduling.plan import Plan
from scheduling.problem import (
    Certificate,
    DayWindow,
    Level,
    Matrix,
    Office,
    Officer,
    Party,
    Problem,
    Site,
    Term,
    Visit,
    Window,
)

#: The instances give times to a thousandth of a minute.
RESOLUTION = 1000
DAY = 1440 * RESOLUTION


def _ticks(minutes: float) -> int:
    return round(minutes * RESOLUTION)


def load(path: Path) -> dict[str, Any]:
    instance: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return instance


def to_problem(instance: dict[str, Any]) -> Problem:
    office = instance["central_offices"][0]["id"]
    return Problem(
        first_day=date(2024, 1, 1),
        days=1,
        resolution=RESOLUTION,
        offices=(Office(id=office),),
        sites=tuple(Site(id=patient["id"]) for patient in instance["patients"]),
        officers=tuple(
            Officer(
                id=caregiver["id"],
                department="care",
                office=office,
                hours=(DayWindow(start=0, end=DAY),),
                certificates=tuple(Certificate(name=ability) for ability in caregiver["abilities"]),
            )
            for caregiver in instance["caregivers"]
        ),
        visits=tuple(_visit(patient) for patient in instance["patients"]),
        travel=Matrix(
            places=(office, *(patient["id"] for patient in instance["patients"])),
            ticks=tuple(tuple(_ticks(minutes) for minutes in row) for row in instance["distances"]),
        ),
        levels=(
            Level(weights={Term.UNSERVED: 1}),
            Level(weights={Term.TRAVEL: 1, Term.TARDINESS: 1, Term.MAX_TARDINESS: 1}),
        ),
    )


def _visit(patient: dict[str, Any]) -> Visit:
    synchronization = patient.get("synchronization", {})
    lag = (0, 0)
    if synchronization.get("type") == "sequential":
        low, high = synchronization["distance"]
        lag = (_ticks(low), _ticks(high))
    parties = tuple(
        Party(
            id=f"{number}",
            department="care",
            certificates=(need["service"],),
            duration=_ticks(need["duration"]),
            officers=1,
            lag=lag if number else (0, 0),
        )
        for number, need in enumerate(patient["required_caregivers"])
    )
    start, end = patient["time_window"]
    return Visit(
        id=patient["id"],
        site=patient["id"],
        parties=parties,
        wanted=Window(start=_ticks(start), end=_ticks(end)),
    )


def to_solution(instance: dict[str, Any], problem: Problem, plan: Plan) -> dict[str, Any]:
    """The plan in the suite's own format."""
    stops: dict[str, list[dict[str, Any]]] = {caregiver["id"]: [] for caregiver in instance["caregivers"]}
    for placement in plan.placements:
        visit = problem.visit_by_id[placement.visit]
        for party, start, team in zip(visit.parties, placement.starts, placement.teams, strict=True):
            stops[team[0]].append(
                {
                    "patient": visit.id,
                    "service": party.certificates[0],
                    "arrival_time": start / RESOLUTION,
                    "departure_time": (start + party.duration) / RESOLUTION,
                }
            )
    return {
        "routes": [
            {"caregiver_id": caregiver, "locations": sorted(locations, key=lambda stop: stop["arrival_time"])}
            for caregiver, locations in stops.items()
        ]
    }


def judge(instance: dict[str, Any], solution: dict[str, Any]) -> float:
    """The cost of a solution, computed from the instance alone. Raises AssertionError for an infeasible one."""
    row = {patient["id"]: number + 1 for number, patient in enumerate(instance["patients"])}
    abilities = {caregiver["id"]: set(caregiver["abilities"]) for caregiver in instance["caregivers"]}
    starts: dict[str, dict[str, tuple[float, str]]] = {patient: {} for patient in row}
    distance = 0.0
    eps = 1e-6
    for route in solution["routes"]:
        here, free = 0, 0.0
        for stop in route["locations"]:
            there = row[stop["patient"]]
            patient = instance["patients"][there - 1]
            duration = {need["service"]: need["duration"] for need in patient["required_caregivers"]}
            ride = instance["distances"][here][there]
            assert stop["service"] in abilities[route["caregiver_id"]], "ability"
            assert stop["arrival_time"] + eps >= free + ride, "travel"
            assert stop["arrival_time"] + eps >= patient["time_window"][0], "window"
            assert abs(stop["departure_time"] - stop["arrival_time"] - duration[stop["service"]]) < eps, (
                "duration"
            )
            assert stop["service"] not in starts[stop["patient"]], "twice"
            starts[stop["patient"]][stop["service"]] = (stop["arrival_time"], route["caregiver_id"])
            distance += ride
            here, free = there, stop["departure_time"]
        distance += instance["distances"][here][0]
    late: list[float] = []
    for patient in instance["patients"]:
        services = [need["service"] for need in patient["required_caregivers"]]
        held = starts[patient["id"]]
        assert set(held) == set(services), "unserved"
        late += [max(0.0, held[service][0] - patient["time_window"][1]) for service in services]
        if len(services) > 1:
            (first, one), (second, other) = (held[service] for service in services)
            assert one != other, "same caregiver"
            low, high = patient["synchronization"].get("distance", (0, 0))
            assert low - eps <= second - first <= high + eps, "synchronisation"
    return (distance + sum(late) + max(late)) / 3
