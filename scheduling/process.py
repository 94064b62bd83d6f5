"""A solve in a process of its own: python -m scheduling.process

Standard input: one line with a `Task`; any further byte, or its end, cancels. Standard output: lines of JSON, tagged
`progress` while the search goes on and one `result` at the end.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from scheduling.engine import Budget, Progress, solve
from scheduling.plan import Plan
from scheduling.problem import Problem, Record, Term


class Task(Record, frozen=True, kw_only=True):
    problem: Problem
    seconds: float = 10.0
    seed: int = 0
    start: Plan | None = None


class Step(Record, frozen=True, kw_only=True, tag="progress"):
    """`levels` are those of the best plan so far."""

    seconds: float
    served: int
    levels: tuple[int, ...]


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


Line = Step | Result


def run(task: bytes, target: BinaryIO, *, cancelled: Callable[[], bool]) -> None:
    asked = msgspec.json.decode(task, type=Task)

    def tell(line: Line) -> None:
        target.write(msgspec.json.encode(line) + b"\n")
        target.flush()

    solution = solve(
        asked.problem,
        budget=Budget(seconds=asked.seconds),
        seed=asked.seed,
        start=asked.start,
        on_progress=lambda progress: tell(_step(progress)),
        cancelled=cancelled,
    )
    tell(
        Result(
            plan=solution.plan,
            terms=solution.report.terms,
            levels=solution.report.levels,
            unserved=solution.plan.unserved(asked.problem),
            feasible=solution.report.feasible,
            seconds=solution.seconds,
            cancelled=solution.cancelled,
            trace=tuple(map(_step, solution.trace)),
        )
    )


def _step(progress: Progress) -> Step:
    return Step(seconds=progress.seconds, served=progress.served, levels=progress.levels)


def main() -> None:
    task = sys.stdin.buffer.readline()
    cancelled = threading.Event()

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        cancelled.set()

    threading.Thread(target=wait, daemon=True).start()
    run(task, sys.stdout.buffer, cancelled=cancelled.is_set)


if __name__ == "__main__":
    main()
