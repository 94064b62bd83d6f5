"""Whole plans of the city: how soon, how good, how near to the bound, and the peers beside us.

Every solver is given the same objective: after service, one cost in minutes (`city.COST`).
"""

import math
import resource
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection

from bench.peers import PEERS
from bench.scheduling import city
from bench.targets import Row, at_most, say, target
from scheduling.bounds import level_bounds
from scheduling.checker import Report, check
from scheduling.engine import Budget, solve
from scheduling.plan import Plan
from scheduling.problem import Problem, Term

#: Up to this size the gap to the lower bound is a target.
LARGEST_FOR_BOUND = 100
#: A peer that builds its model for long may overrun its seconds so much, and take so long to start.
GRACE = 2.0
START_SECONDS = 60.0
MEBIBYTE_KIB = 1024


def run(sizes: list[int], peers: list[str], *, seconds: float, workers: int, seed: int) -> list[Row]:
    rows = []
    for size in sizes:
        # A process of its own, so that memory and the first start are this size's alone.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            rows.append(process.submit(ours, size, seconds, workers, seed).result())
        say(rows[-1])
        for name in peers:
            rows.append(_peer(name, size, seconds, workers))
            say(rows[-1])
    return rows


def ours(size: int, seconds: float, workers: int, seed: int) -> Row:
    solve(city.instance(5), budget=Budget(moves=200))  # loads the compiled kernels
    problem = city.instance(size, levels=city.COST_LEVELS)
    cpu = time.process_time()
    solution = solve(problem, budget=Budget(seconds=seconds, workers=workers), seed=seed)
    cpu = time.process_time() - cpu
    complete = next((step.seconds for step in solution.trace if step.served == size), None)
    row = _row("yichuang", problem, solution.report) | {
        "first_plan_seconds": round(solution.first_plan_seconds, 2),
        "complete_seconds": None if complete is None else round(complete, 2),
        "seconds": round(solution.seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "moves": solution.moves,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEBIBYTE_KIB,
    }
    if size <= LARGEST_FOR_BOUND:
        bound = level_bounds(problem, seconds=seconds)[-1] / city.UNITS
        row |= {"lower_bound": round(bound), "gap_percent": round((row["cost"] / bound - 1) * 100, 1)}
    return row


def _peer(name: str, size: int, seconds: float, workers: int) -> Row:
    problem = city.instance(size, levels=city.COST_LEVELS)
    started = time.monotonic()
    answer = ask_peer(name, size, seconds, workers, limit=GRACE * seconds + START_SECONDS)
    plan = answer or Plan()
    took = round(time.monotonic() - started, 1)
    broken = len(check(problem, plan).violations)
    sound = without_breaches(problem, plan)
    return _row(name, problem, check(problem, sound)) | {
        "seconds": took,
        "violations": broken,
        "answered": answer is not None,
        "placed": len(sound.placements),
    }


def ask_peer(name: str, size: int, seconds: float, workers: int, *, limit: float) -> Plan | None:
    """The peer's plan, from a process of its own; None if it fails, or the limit passes."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(there, name, size, seconds, workers), daemon=True)
    process.start()
    there.close()
    try:
        plan: Plan | None = here.recv() if here.poll(limit) else None
    except EOFError:
        plan = None
    process.kill()
    process.join()
    return plan


def _answer(there: Connection, name: str, size: int, seconds: float, workers: int) -> None:
    problem = city.instance(size, levels=city.COST_LEVELS)
    there.send(PEERS[name](problem, seconds=seconds, workers=workers))


def without_breaches(problem: Problem, plan: Plan) -> Plan:
    """A peer's plan less the visits that break a rule, which then count as unserved like any other."""
    while broken := {violation.visit for violation in check(problem, plan).violations}:
        plan = Plan(placements=tuple(each for each in plan.placements if each.visit not in broken))
    return plan


def _row(solver: str, problem: Problem, report: Report) -> Row:
    return {
        "solver": solver,
        "visits": len(problem.visits),
        "officers": len(problem.officers),
        "cost": round(city.cost(report.terms)),
        "unserved": report.terms[Term.UNSERVED],
        "terms": {term.value: value for term, value in report.terms.items() if value},
        "violations": len(report.violations),
    }


def curve(rows: list[Row]) -> list[Row]:
    """How time and memory grow with the size."""
    names = ("visits", "officers", "first_plan_seconds", "complete_seconds", "memory_mb")
    return [{name: row[name] for name in names} for row in rows if row["solver"] == "yichuang"]


def growth_power(rows: list[Row]) -> float | None:
    """The time to a first plan grows as this power of the number of visits, from the smallest size to the largest."""
    own = [row for row in rows if row["solver"] == "yichuang"]
    points = [(row["visits"], max(0.01, row["first_plan_seconds"])) for row in own]
    (small, soon), (large, late) = min(points), max(points)
    return round(math.log(late / soon) / math.log(large / small), 2) if large > small else None


def targets(rows: list[Row]) -> list[Row]:
    own = {row["visits"]: row for row in rows if row["solver"] == "yichuang"}
    judged = []
    for size, limit in ((50, 1.0), (500, 5.0)):
        if size in own:
            value = own[size]["complete_seconds"]
            judged.append(at_most(f"city first complete plan at {size} visits", limit, value, "s"))
    judged.append(
        at_most("rules broken by the city's plans", 0, sum(row["violations"] for row in own.values()), "")
    )
    for size, row in own.items():
        if "gap_percent" in row:
            judged.append(at_most(f"city gap to the bound at {size} visits", 2, row["gap_percent"], "%"))
    peers: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["solver"] != "yichuang":
            peers[row["visits"]].append(row)
    for size, others in sorted(peers.items()):
        costs = [row["cost"] for row in others if row["placed"]]
        value = round(own[size]["cost"] / min(costs), 3) if costs else "no peer placed a visit"
        met = not own[size]["unserved"] and (not costs or own[size]["cost"] < min(costs))
        judged.append(target(f"city cost against the best peer at {size} visits", "< 1", value, met=met))
    power = growth_power(rows)
    if power is not None:
        judged.append(at_most("growth of the time to a first plan, as a power of the visits", 2, power, ""))
    if 500 in own:
        judged.append(at_most("memory at 500 visits", 1024, own[500]["memory_mb"], "MB"))
    return judged
