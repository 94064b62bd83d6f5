"""The public home-care benchmark: gaps to the best known costs."""

import csv
import json
import time
from pathlib import Path
from statistics import mean

from bench.scheduling import hhcrsp
from bench.targets import Row, at_most, say, target
from scheduling.engine import Budget, Solution, solve

#: (patients from, to, mean gap in per cent)
GOALS = ((25, 25, 0.2), (50, 100, 1.0), (200, 300, 3.0))


def best_known(folder: Path) -> dict[str, float]:
    path = folder / "best_known.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as lines:
        return {row["instance"]: float(row["best_total_cost"]) for row in csv.DictReader(lines)}


def run(
    paths: list[Path], known: dict[str, float], *, seconds: float, workers: int, seed: int, out: Path | None
) -> list[Row]:
    rows = []
    for path in paths:
        instance = hhcrsp.load(path)
        problem = hhcrsp.to_problem(instance)
        cpu = time.process_time()
        solution = solve(problem, budget=Budget(seconds=seconds, workers=workers), seed=seed)
        cpu = time.process_time() - cpu
        routes = hhcrsp.to_solution(instance, problem, solution.plan)
        if out:
            (out / path.name).write_text(json.dumps(routes), encoding="utf-8")
        best = known.get(path.name)
        cost = hhcrsp.judge(instance, routes)
        rows.append(
            {
                "instance": path.name,
                "patients": len(instance["patients"]),
                "cost": round(cost, 3),
                "best_known": best,
                "gap_percent": _gap(cost, best),
                "gap_percent_at_10s": _gap(_cost_at(solution, 10.0), best),
                "seconds": round(solution.seconds, 1),
                "cpu_seconds": round(cpu, 1),
                "moves": solution.moves,
            }
        )
        say(rows[-1])
    return rows


def _gap(cost: float | None, best: float | None) -> float | None:
    return round((cost / best - 1) * 100, 3) if cost and best else None


def _cost_at(solution: Solution, seconds: float) -> float | None:
    costs = [step.levels[-1] for step in solution.trace if step.seconds <= seconds and not step.levels[0]]
    return costs[-1] / (3 * hhcrsp.RESOLUTION) if costs else None


def targets(rows: list[Row]) -> list[Row]:
    judged = []
    for low, high, goal in GOALS:
        held = [row["gap_percent"] for row in rows if low <= row["patients"] <= high]
        gaps = [gap for gap in held if gap is not None]
        if gaps:
            name = f"hhcrsp mean gap at {low}–{high} patients"
            judged.append(at_most(name, goal, round(mean(gaps), 3), "%"))
    gained = sum(row["gap_percent"] is not None and row["gap_percent"] < -0.001 for row in rows)
    return [*judged, target("hhcrsp instances below the best known", "a prize", gained, met=gained > 0)]
