"""`python -m bench.scheduling`: the public home-care benchmark, the city's own instances, and the peers beside us.

Prints one JSON object on stdout and a table on stderr. A target that is missed is printed as missed.
"""

import argparse
import csv
import json
import os
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

from bench.peers import PEERS
from bench.scheduling import city, hhcrsp
from scheduling.bounds import lower_bounds
from scheduling.checker import Report, check
from scheduling.engine import Budget, Solution, solve
from scheduling.plan import Plan
from scheduling.problem import Problem, Term

SHARED = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
INSTANCES = SHARED / "data" / "scheduling" / "hhcrsp"
SIZES = (20, 50, 100, 200, 500, 1000)
#: Peers are asked up to this size; beyond it they have long stopped finding complete plans.
PEER_SIZES = (20, 50, 100, 200)
#: What a city plan costs, in minutes: service by level, and the minutes on the road.
CITY_COST = {
    Term.UNSERVED: 5000,
    Term.LATENESS: 500,
    Term.MOVED: 60,
    Term.SUBSTITUTES: 60,
    Term.OVERLOAD: 1,
    Term.TRAVEL: 1,
    Term.WAITING: 0.05,
    Term.SPLITS: 20,
    Term.DISLIKED: 20,
}
Row = dict[str, Any]


def city_cost(terms: dict[Term, int]) -> float:
    return sum(weight * terms[term] for term, weight in CITY_COST.items())


def target(name: str, goal: str, value: float | None, *, met: bool) -> Row:
    return {"name": name, "goal": goal, "value": value, "met": met}


def warm_up() -> None:
    """Loads the compiled kernels, so that the first instance is not charged for them."""
    solve(city.instance(5), budget=Budget(moves=200))


def best_known() -> dict[str, float]:
    with (INSTANCES / "best_known.csv").open(encoding="utf-8") as lines:
        return {row["instance"]: float(row["best_total_cost"]) for row in csv.DictReader(lines)}


def run_hhcrsp(paths: list[Path], seconds: float, workers: int, out: Path | None, seed: int) -> list[Row]:
    known = best_known() if (INSTANCES / "best_known.csv").exists() else {}
    rows = []
    for path in paths:
        instance = hhcrsp.load(path)
        problem = hhcrsp.to_problem(instance)
        cpu = time.process_time()
        solution = solve(problem, budget=Budget(seconds=seconds, workers=workers), seed=seed)
        cpu = time.process_time() - cpu
        routes = hhcrsp.to_solution(instance, problem, solution.plan)
        cost = hhcrsp.judge(instance, routes)
        best = known.get(path.name)
        row = {
            "instance": path.name,
            "patients": len(instance["patients"]),
            "cost": round(cost, 3),
            "best_known": best,
            "gap_percent": round((cost / best - 1) * 100, 3) if best else None,
            "gap_percent_at_10s": _gap_at(solution, best, 10.0),
            "seconds": round(solution.seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "moves": solution.moves,
        }
        rows.append(row)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / path.name).write_text(json.dumps(routes), encoding="utf-8")
        _say(row)
    return rows


def _gap_at(solution: Solution, best: float | None, seconds: float) -> float | None:
    costs = [step.levels[-1] for step in solution.trace if step.seconds <= seconds and not step.levels[0]]
    return round((costs[-1] / (3 * hhcrsp.RESOLUTION) / best - 1) * 100, 3) if best and costs else None


def hhcrsp_targets(rows: list[Row]) -> list[Row]:
    targets = []
    for low, high, goal in ((25, 25, 0.2), (50, 100, 1.0), (200, 300, 3.0)):
        gaps = [
            row["gap_percent"]
            for row in rows
            if low <= row["patients"] <= high and row["gap_percent"] is not None
        ]
        value = round(mean(gaps), 3) if gaps else None
        name = f"hhcrsp mean gap at {low}–{high} patients"
        targets.append(target(name, f"≤ {goal} %", value, met=value is not None and value <= goal))
    gained = sum(row["gap_percent"] is not None and row["gap_percent"] < -0.001 for row in rows)
    targets.append(target("hhcrsp new best known", "a prize", gained, met=gained > 0))
    return targets


def run_city(sizes: list[int], seconds: float, workers: int, seed: int, peers: list[str]) -> list[Row]:
    rows = []
    for size in sizes:
        problem = city.instance(size)
        cpu = time.process_time()
        solution = solve(problem, budget=Budget(seconds=seconds, workers=workers), seed=seed)
        cpu = time.process_time() - cpu
        complete = next((step.seconds for step in solution.trace if step.served == size), None)
        row = _city_row("yichuang", problem, solution.report) | {
            "first_plan_seconds": round(solution.first_plan_seconds, 2),
            "complete_seconds": None if complete is None else round(complete, 2),
            "seconds": round(solution.seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "moves": solution.moves,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        if size <= 100:
            bound = city_cost(lower_bounds(problem))
            row |= {"lower_bound": round(bound), "gap_percent": round((row["cost"] / bound - 1) * 100, 1)}
        rows.append(row)
        _say(row)
        for name in peers if size in PEER_SIZES else ():
            started = time.monotonic()
            plan = PEERS[name](problem, seconds=seconds, workers=workers)
            row = _city_row(name, problem, check(problem, plan)) | {
                "seconds": round(time.monotonic() - started, 1)
            }
            rows.append(row)
            _say(row)
    return rows


def without_breaches(problem: Problem, plan: Plan) -> Plan:
    """A peer's plan less the visits that break a rule, which then count as unserved like any other."""
    while broken := {violation.visit for violation in check(problem, plan).violations}:
        plan = Plan(placements=tuple(each for each in plan.placements if each.visit not in broken))
    return plan


def _city_row(solver: str, problem: Problem, report: Report) -> Row:
    return {
        "solver": solver,
        "visits": len(problem.visits),
        "officers": len(problem.officers),
        "cost": round(city_cost(report.terms)),
        "unserved": report.terms[Term.UNSERVED],
        "levels": list(report.levels),
        "violations": len(report.violations),
    }


def city_targets(rows: list[Row]) -> list[Row]:
    ours = {row["visits"]: row for row in rows if row["solver"] == "yichuang"}
    targets = []
    for size, goal in ((50, 1.0), (500, 5.0)):
        if size in ours:
            value = ours[size]["complete_seconds"]
            name = f"city first complete plan at {size} visits"
            targets.append(target(name, f"≤ {goal} s", value, met=value is not None and value <= goal))
    for size in (20, 50, 100):
        if size in ours:
            value = ours[size]["gap_percent"]
            targets.append(target(f"city gap to bound at {size} visits", "≤ 2 %", value, met=value <= 2))
    peers: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["solver"] != "yichuang":
            peers[row["visits"]].append(row)
    for size, others in sorted(peers.items()):
        value = round(ours[size]["cost"] / min(row["cost"] for row in others), 3)
        targets.append(
            target(f"city cost against the best peer at {size} visits", "< 1", value, met=value < 1)
        )
    if 500 in ours:
        value = ours[500]["memory_mb"]
        targets.append(target("memory at 500 visits", "≤ 1024 MB", value, met=value <= 1024))
    return targets


def _say(row: Row) -> None:
    print("  ".join(f"{name}={value}" for name, value in row.items()), file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scheduling", description=__doc__)
    parser.add_argument("--suite", choices=("hhcrsp", "city", "all"), default="all")
    parser.add_argument(
        "--instances", nargs="*", type=Path, help="home-care instances; all of them by default"
    )
    parser.add_argument(
        "--sizes", nargs="*", type=int, default=list(SIZES), help="visits of the city instances"
    )
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where solutions go, in the suite's own format")
    options = parser.parse_args()
    warm_up()
    result: dict[str, Any] = {"seconds": options.seconds, "workers": options.workers, "targets": []}
    if options.suite in ("hhcrsp", "all"):
        paths = options.instances or sorted(INSTANCES.glob("Instanz*.json"))
        rows = run_hhcrsp(paths, options.seconds, options.workers, options.out, options.seed)
        result["hhcrsp"] = rows
        result["targets"] += hhcrsp_targets(rows)
    if options.suite in ("city", "all"):
        rows = run_city(options.sizes, options.seconds, options.workers, options.seed, options.peers)
        result["city"] = rows
        result["targets"] += city_targets(rows)
    for each in result["targets"]:
        _say(each)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
