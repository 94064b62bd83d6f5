"""What a dispatcher waits for: slots, explanations and repairs in a city with many standing bookings."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from random import Random
from typing import Any

import msgspec

from bench.scheduling.city import instance
from bench.targets import Row, at_most, say
from scheduling.checker import check
from scheduling.disturbances import OfficerOut
from scheduling.engine import Budget, solve
from scheduling.explain import NoSlot
from scheduling.narrow import altered, only
from scheduling.plan import Plan
from scheduling.problem import Leave, Problem
from scheduling.repair import repair
from scheduling.slots import Slots, propose_slots

#: How long the standing plan is looked for, and the proof of a small repair.
STANDING_SECONDS = 20.0
PROOF_SECONDS = 20.0
#: Visits of a city in which a repair is proven.
SMALL = 8


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
    times, offered = [], []
    for visit in random.sample(problem.visits, count):
        wall, cpu, answer = timed(partial(propose_slots, problem, visit.id, plan=plan))
        if isinstance(answer, Slots):
            times.append((wall, cpu))
            offered.append(len(answer.slots))
    return {**summary(times), "offered": sorted(offered)}


def ask_explanations(problem: Problem, plan: Plan, random: Random, count: int) -> dict[str, Any]:
    """Why a visit has no slot when one of its departments is away for as long as it is promised."""
    times: list[tuple[float, float]] = []
    causes, ways_out = [], []
    while len(times) < count:
        visit = random.choice(problem.visits)
        department = random.choice(visit.parties).department
        away = Leave(first=problem.first_day, last=problem.deadline_of(visit) or date.max)
        officers = tuple(
            msgspec.structs.replace(each, leave=(*each.leave, away))
            if each.department == department
            else each
            for each in problem.officers
        )
        there = {each.id for each in problem.officers if each.department != department}
        standing = Plan(placements=tuple(only(each, there) for each in plan.placements))
        wall, cpu, answer = timed(
            partial(propose_slots, altered(problem, officers=officers), visit.id, plan=standing)
        )
        if isinstance(answer, NoSlot):
            times.append((wall, cpu))
            causes.append(min(map(len, answer.conflicts)))
            ways_out.append(len(answer.relaxations))
    return {**summary(times), "causes": sorted(causes), "ways_out": sorted(ways_out)}


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


def ask_small_repairs(count: int) -> list[float]:
    """Cost of repairs within two seconds over the proven least, for cities small enough to prove it."""
    ratios = []
    for seed in range(count):
        problem = instance(SMALL, seed=seed)
        plan = solve(problem, budget=Budget(seconds=None, moves=2_000)).plan
        first = plan.placements[0]
        day = problem.half_day_of(first.start).day
        out = (OfficerOut(officer=first.teams[0][0], first=day, last=day),)
        quick, proven = (
            repair(problem, out, plan=plan),
            repair(problem, out, plan=plan, seconds=PROOF_SECONDS),
        )
        least = sum(change.cost for change in proven.changes)
        if proven.proven and least:
            ratios.append(round(sum(change.cost for change in quick.changes) / least, 3))
    return ratios


def run(visits: int, questions: int) -> Row:
    problem = instance(visits)
    standing = solve(problem, budget=Budget(seconds=STANDING_SECONDS)).plan
    random = Random(1)
    row: Row = {
        "visits": visits,
        "standing": len(standing.placements),
        "violations": len(check(problem, standing).violations),
    }
    asks = (("slots", ask_slots), ("explanations", ask_explanations), ("repairs", ask_repairs))
    for name, ask in asks:
        row[name] = ask(problem, standing, random, questions)
        say({name: row[name]})
    row["small_repairs"] = ask_small_repairs(questions)
    return row


def targets(row: Row) -> list[Row]:
    at = f"with {row['standing']} bookings"
    judged = [
        at_most(name, limit, row[kind][figure], "s") | {"cpu_seconds": row[kind]["p95_cpu"]}
        for name, limit, kind, figure in (
            (f"slots {at}, p95", 2, "slots", "p95"),
            (f"explanation {at}, longest", 5, "explanations", "max"),
            (f"repair of an officer's day {at}, p95", 2, "repairs", "p95"),
        )
    ]
    judged.append(at_most("rules broken by the standing plan", 0, row["violations"], ""))
    if row["small_repairs"]:
        judged.append(
            at_most("repair's moves over the proven least", 1.1, max(row["small_repairs"]), "times")
        )
    return judged
