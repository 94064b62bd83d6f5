"""The known solvers on our instances, each in its best honest formulation. A peer takes a problem and returns a plan.

What a formulation leaves out is said in its module; the plan is judged by our checker like any other.
"""

from typing import Protocol

from scheduling.plan import Plan
from scheduling.problem import Problem


class Peer(Protocol):
    def __call__(self, problem: Problem, *, seconds: float, workers: int) -> Plan: ...


def _cpsat(problem: Problem, *, seconds: float, workers: int) -> Plan:
    from bench.peers.cpsat import solve

    return solve(problem, seconds=seconds, workers=workers)


def _pyjobshop(problem: Problem, *, seconds: float, workers: int) -> Plan:
    from bench.peers.pyjobshop import solve

    return solve(problem, seconds=seconds, workers=workers)


def _timefold(problem: Problem, *, seconds: float, workers: int) -> Plan:
    from bench.peers.timefold import solve

    return solve(problem, seconds=seconds, workers=workers)


PEERS: dict[str, Peer] = {"cpsat": _cpsat, "pyjobshop": _pyjobshop, "timefold": _timefold}
