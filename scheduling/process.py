"""A solve in a process of its own: python -m scheduling.process

Standard input: one line with a `Task`; any further byte, or its end, cancels. Standard output: lines of JSON, tagged
`progress` while the search goes on and one `result` or `failure` at the end. A process that ends without has crashed.
"""

import os
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from scheduling.engine import Budget, Progress, solve
from scheduling.plan import Plan
from scheduling.problem import Problem, Record, Term
from scheduling.warm import warm


class Task(Record, frozen=True, kw_only=True):
    problem: Problem
    seconds: float = 10.0
    seed: int = 0
    start: Plan | None = None
    memory: int | None = None
    """Bytes that the solve may take beyond what the loaded program has."""


class Step(Record, frozen=True, kw_only=True, tag="progress"):
    """`levels` of the best plan so far, `bounds` of any that serves as much, and the gap between; see `engine`."""

    seconds: float
    served: int
    levels: tuple[int, ...]
    bounds: tuple[int, ...] = ()
    gap: float | None = None


class Result(Record, frozen=True, kw_only=True, tag="result"):
    """`unserved` names the visits without a place; `trace` says when the best plan became better."""

    plan: Plan
    terms: dict[Term, int]
    levels: tuple[int, ...]
    unserved: tuple[str, ...]
    feasible: bool
    seconds: float
    cancelled: bool
    trace: tuple[Step, ...]


class Failure(Record, frozen=True, kw_only=True, tag="failure"):
    """`failure` is out_of_memory, or crashed where the process could not say."""

    failure: str


Line = Step | Result | Failure


def run(task: bytes, target: BinaryIO, *, cancelled: Callable[[], bool]) -> None:
    def tell(line: Line) -> None:
        target.write(msgspec.json.encode(line) + b"\n")
        target.flush()

    try:
        asked = msgspec.json.decode(task, type=Task)
        limit_memory(asked.memory)
        tell(_solved(asked, tell, cancelled))
    except MemoryError:
        tell(Failure(failure="out_of_memory"))


def limit_memory(extra: int | None) -> None:
    """No more than this beyond what is mapped already; None leaves it as it is."""
    if extra is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + extra,) * 2)


def _solved(asked: Task, tell: Callable[[Line], None], cancelled: Callable[[], bool]) -> Result:
    solution = solve(
        asked.problem,
        budget=Budget(seconds=asked.seconds),
        seed=asked.seed,
        start=asked.start,
        on_progress=lambda progress: tell(_step(progress)),
        cancelled=cancelled,
    )
    return Result(
        plan=solution.plan,
        terms=solution.report.terms,
        levels=solution.report.levels,
        unserved=solution.plan.unserved(asked.problem),
        feasible=solution.report.feasible,
        seconds=solution.seconds,
        cancelled=solution.cancelled,
        trace=tuple(map(_step, solution.trace)),
    )


def _step(progress: Progress) -> Step:
    return Step(
        seconds=progress.seconds,
        served=progress.served,
        levels=progress.levels,
        bounds=progress.bounds,
        gap=progress.gap,
    )


def main() -> None:
    warm()
    task = sys.stdin.buffer.readline()
    if not task:  # whoever had it stand by is gone
        return
    cancelled = threading.Event()

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        cancelled.set()

    threading.Thread(target=wait, daemon=True).start()
    run(task, sys.stdout.buffer, cancelled=cancelled.is_set)


if __name__ == "__main__":
    main()
