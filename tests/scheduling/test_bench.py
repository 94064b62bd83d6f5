"""The benchmark's own instances and its judge."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bench.scheduling import city, hhcrsp
from bench.scheduling.growth import picture
from bench.scheduling.plans import ask_peer, targets, without_breaches
from scheduling.bounds import lower_bounds
from scheduling.checker import check
from scheduling.engine import Budget, solve
from scheduling.exact import prove
from scheduling.plan import Plan
from scheduling.problem import Term

SHARED = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
INSTANCES = SHARED / "data" / "scheduling" / "hhcrsp"
needs_instances = pytest.mark.skipif(
    not INSTANCES.exists(), reason="the home-care instances are not on this machine"
)

#: Two patients 10 minutes from the office and from each other; the second needs two caregivers, 5–10 minutes apart.
TINY: dict[str, Any] = {
    "patients": [
        {"id": "p1", "time_window": [0, 60], "required_caregivers": [{"service": "s1", "duration": 20}]},
        {
            "id": "p2",
            "time_window": [30, 60],
            "required_caregivers": [{"service": "s1", "duration": 20}, {"service": "s2", "duration": 10}],
            "synchronization": {"type": "sequential", "distance": [5, 10]},
        },
    ],
    "caregivers": [{"id": "c1", "abilities": ["s1"]}, {"id": "c2", "abilities": ["s2"]}],
    "central_offices": [{"id": "d"}],
    "distances": [[0, 10, 10], [10, 0, 10], [10, 10, 0]],
}


def stop(patient: str, service: str, start: float, end: float) -> dict[str, Any]:
    return {"patient": patient, "service": service, "arrival_time": start, "departure_time": end}


def routes(*first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "routes": [
            {"caregiver_id": "c1", "locations": [*first]},
            {"caregiver_id": "c2", "locations": [second]},
        ]
    }


def test_judge_adds_distance_tardiness_and_the_worst() -> None:
    solution = routes(stop("p1", "s1", 10, 30), stop("p2", "s1", 62, 82), second=stop("p2", "s2", 67, 77))
    assert hhcrsp.judge(TINY, solution) == pytest.approx((50 + (2 + 7) + 7) / 3)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (stop("p2", "s2", 70, 80), "synchronisation"),
        (stop("p2", "s2", 67, 80), "duration"),
        (stop("p2", "s1", 67, 87), "ability"),
        (stop("p2", "s2", 9, 19), "travel"),
    ],
)
def test_judge_refuses_what_the_instance_forbids(second: dict[str, Any], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        hhcrsp.judge(TINY, routes(stop("p1", "s1", 10, 30), stop("p2", "s1", 58, 78), second=second))


def test_adapter_keeps_sequence_and_cost() -> None:
    problem = hhcrsp.to_problem(TINY)
    solution = solve(problem, budget=Budget(moves=2_000))
    cost = hhcrsp.judge(TINY, hhcrsp.to_solution(TINY, problem, solution.plan))
    assert cost == pytest.approx(solution.report.levels[-1] / 3 / hhcrsp.RESOLUTION)
    assert cost == pytest.approx(prove(problem, seconds=20).bounds[-1] / 3 / hhcrsp.RESOLUTION)


@needs_instances
@pytest.mark.parametrize(("number", "best"), [(1, 218.199), (2, 246.627), (4, 186.897), (5, 189.543)])
def test_home_care_instances_of_ten_patients_reach_the_best_known(number: int, best: float) -> None:
    instance = json.loads((INSTANCES / f"InstanzCPLEX_HCSRP_10_{number}.json").read_text())
    problem = hhcrsp.to_problem(instance)
    solution = solve(problem, budget=Budget(moves=40_000))
    assert hhcrsp.judge(instance, hhcrsp.to_solution(instance, problem, solution.plan)) <= best + 0.001


@needs_instances
def test_home_care_optimum_is_proven() -> None:
    instance = json.loads((INSTANCES / "InstanzCPLEX_HCSRP_10_2.json").read_text())
    proof = prove(hhcrsp.to_problem(instance), seconds=60)
    assert proof.proven == 2
    assert proof.bounds == (0, 739_880)


@pytest.mark.parametrize("visits", [1, 20, 57])
def test_city_instance_is_repeatable_and_of_the_size_asked_for(visits: int) -> None:
    assert city.instance(visits) == city.instance(visits)
    assert len(city.instance(visits).visits) == visits
    assert city.instance(visits) != city.instance(visits, seed=1)


def test_city_plan_is_sound_and_not_below_its_bound() -> None:
    problem = city.instance(8)
    report = solve(problem, budget=Budget(moves=3_000)).report
    bounds = lower_bounds(problem)
    assert report.feasible
    assert report.terms[Term.UNSERVED] == 0
    assert all(bounds[term] <= report.terms[term] for term in Term)
    assert 0 < city.cost(bounds) <= city.cost(report.terms)


def test_without_breaches_takes_out_only_visits_that_break_a_rule() -> None:
    problem = city.instance(5)
    plan = solve(problem, budget=Budget(moves=500)).plan
    assert without_breaches(problem, plan) == plan
    first, *others = plan.placements
    shifted = tuple(start + 1 for start in first.starts)
    broken = Plan(placements=(type(first)(visit=first.visit, starts=shifted, teams=first.teams), *others))
    sound = without_breaches(problem, broken)
    assert first.visit not in sound.by_visit
    assert check(problem, sound).feasible


def test_city_cost_weighs_as_its_levels_do() -> None:
    problem = city.instance(5, levels=city.COST_LEVELS)
    report = solve(problem, budget=Budget(moves=300)).report
    unserved, rest = report.levels
    assert city.cost(report.terms) == unserved * city.UNSERVED + rest / 20


def point(visits: int, **values: Any) -> dict[str, Any]:
    standard = {"solver": "yichuang", "visits": visits, "cost": 90, "complete_seconds": 2.0, "memory_mb": 300}
    return standard | {"first_plan_seconds": 0.5, "violations": 0, "unserved": 0} | values


def test_targets_say_what_is_missed() -> None:
    rows = [
        point(50, complete_seconds=1.5, gap_percent=30.0),
        {"solver": "a peer", "visits": 50, "cost": 100, "placed": 40},
        {"solver": "one that gave up", "visits": 50, "cost": 80, "placed": 0},
        {"solver": "one that gave up", "visits": 500, "cost": 80, "placed": 0},
        point(500, complete_seconds=4.0, violations=2),
    ]
    assert [(each["value"], each["met"]) for each in targets(rows)] == [
        (1.5, False),
        (4.0, True),
        (2, False),
        (30.0, False),
        (0.9, True),
        ("no peer placed a visit", True),
        (0.0, True),
        (300, True),
    ]


def test_growth_is_drawn_for_every_size() -> None:
    svg = picture([point(20), point(50, complete_seconds=None), point(1000, complete_seconds=30.0)])
    assert [svg.count(f">{size}<") for size in (20, 50, 1000)] == [1, 1, 1]
    assert svg.count("<circle") == 3 + 2 + 2


def test_peer_that_fails_gives_no_plan() -> None:
    assert ask_peer("nobody", 1, 1.0, 1, limit=120) is None
