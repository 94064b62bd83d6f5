"""`python -m bench.scheduling`: the public home-care benchmark, the city's plans with peers beside us, and the service.

Prints one JSON object on stdout; progress, tables and targets go to stderr. `--quick` takes about five minutes, all
about an hour on two cores.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from bench.peers import PEERS
from bench.scheduling import growth, home_care, plans, service
from bench.scheduling.city import instance
from bench.targets import say, table
from scheduling.engine import Budget, solve

SHARED = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
INSTANCES = SHARED / "data" / "scheduling" / "hhcrsp"
SIZES = (20, 50, 100, 200, 500, 1000)
#: What `--quick` looks at.
QUICK_SIZES = (20, 50, 200)
QUICK_INSTANCES = ("25_1", "50_1", "75_1", "100_1", "200_1")
QUICK_SECONDS = 10.0
QUICK_VISITS = 200
QUICK_QUESTIONS = 5


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scheduling", description=__doc__)
    parser.add_argument("--suite", choices=("hhcrsp", "city", "service", "all"), default="all")
    parser.add_argument("--instances", nargs="*", type=Path, help="home-care instances; all by default")
    parser.add_argument("--sizes", nargs="*", type=int, help="visits of the city's instances")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--visits", type=int, default=500, help="bookings that stand in the service's city")
    parser.add_argument("--questions", type=int, default=20, help="what the service is asked of each kind")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each solve")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, help="where solutions go, in the suite's own format, and the picture"
    )
    parser.add_argument("--quick", action="store_true", help="a few small instances, ten seconds each")
    options = parser.parse_args()
    paths = sorted(INSTANCES.glob("Instanz*.json"))
    if options.quick:
        paths = [path for path in paths if path.stem.split("HCSRP_")[1] in QUICK_INSTANCES]
        options.seconds, options.visits, options.questions = QUICK_SECONDS, QUICK_VISITS, QUICK_QUESTIONS
    if options.instances is None:
        options.instances = paths
    if options.sizes is None:
        options.sizes = list(QUICK_SIZES if options.quick else SIZES)
    return options


def main() -> None:
    options = parse()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    every = options.suite == "all"
    budget = {"seconds": options.seconds, "workers": options.workers, "seed": options.seed}
    result: dict[str, Any] = {**budget, "load": os.getloadavg()[0], "targets": []}
    solve(instance(5), budget=Budget(moves=200))  # loads the compiled kernels
    if every or options.suite == "hhcrsp":
        known = home_care.best_known(INSTANCES)
        result["hhcrsp"] = home_care.run(options.instances, known, out=options.out, **budget)
        result["targets"] += home_care.targets(result["hhcrsp"])
        table(result["hhcrsp"], ("instance", "cost", "gap_percent_at_10s", "gap_percent", "cpu_seconds"))
    if every or options.suite == "city":
        result["city"] = plans.run(options.sizes, options.peers, **budget)
        result["growth"] = plans.curve(result["city"])
        result["targets"] += plans.targets(result["city"])
        table(
            result["city"],
            (
                "visits",
                "solver",
                "cost",
                "unserved",
                "violations",
                "answered",
                "complete_seconds",
                "gap_percent",
            ),
        )
        if result["growth"]:
            table(result["growth"], tuple(result["growth"][0]))
        if options.out and result["growth"]:
            (options.out / "growth.svg").write_text(growth.picture(result["growth"]), encoding="utf-8")
    if every or options.suite == "service":
        result["service"] = service.run(options.visits, options.questions)
        result["targets"] += service.targets(result["service"])
    for each in result["targets"]:
        say(each)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
