"""Times of slots, explanations and repairs in a city with 500 standing bookings: python -m bench.scheduling_service

Prints one JSON object. `--visits`, `--questions` and `--seconds` (for the standing plan) make it smaller.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from random import Random
from typing import Any

from bench.scheduling.city import instance
from scheduling.disturbances import OfficerOut
from scheduling.engine import Budget, solve
from scheduling.plan import Plan
from scheduling.problem import Problem
from scheduling.repair import repair
from scheduling.slots import Slots, propose_slots


def timed(question: Callable[[], Any]) -> tuple[float, float, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = question()
    return time.perf_counter() - wall, time.process_time() - cpu, answer


def summary(times: list[tuple[float, float]]) -> dict[str, float]:
    wall, cpu = (sorted(column) for column in zip(*times, strict=True))
    at = min(len(wall) - 1, int(0.95 * len(wall)))
    return {
        "n": len(wall),
        "p50": round(wall[len(wall) // 2], 3),
        "p95": round(wall[at], 3),
        "p95_cpu": round(cpu[at], 3),
        "max": round(wall[-1], 3),
    }


def ask_slots(problem: Problem, plan: Plan, random: Random, count: int) -> dict[str, Any]:
    slots, refusals, offered = [], [], []
    for visit in random.sample(problem.visits, count):
        wall, cpu, answer = timed(partial(propose_slots, problem, visit.id, plan=plan))
        if isinstance(answer, Slots):
            slots.append((wall, cpu))
            offered.append(len(answer.slots))
        else:
            refusals.append((wall, cpu))
    return {
        "slots": summary(slots) if slots else None,
        "offered": sorted(offered),
        "explanations": summary(refusals) if refusals else None,
    }


def ask_repairs(problem: Problem, plan: Plan, random: Random, count: int) -> dict[str, Any]:
    times, proven, changes = [], 0, 0
    for placement in random.sample(plan.placements, count):
        officer = random.choice(random.choice(placement.teams))
        day: date = problem.half_day_of(placement.start).day
        out = OfficerOut(officer=officer, first=day, last=day)
        wall, cpu, done = timed(partial(repair, problem, (out,), plan=plan))
        times.append((wall, cpu))
        proven += done.proven
        changes += len(done.changes)
    return {**summary(times), "proven_least": proven, "changes": changes}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--visits", type=int, default=500)
    arguments.add_argument("--questions", type=int, default=20)
    arguments.add_argument("--seconds", type=float, default=20.0)
    given = arguments.parse_args()
    problem = instance(given.visits)
    standing = solve(problem, budget=Budget(seconds=given.seconds)).plan
    random = Random(1)
    report = {
        "visits": given.visits,
        "standing": len(standing.placements),
        **ask_slots(problem, standing, random, given.questions),
        "repairs": ask_repairs(problem, standing, random, given.questions),
    }
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
