"""A plan: who is where, when. Plain data, in the terms of its problem."""

from functools import cached_property

from scheduling.problem import Booking, Problem, Record


class Placement(Record, frozen=True, kw_only=True):
    """A visit in its place: for each party in order, its start (absolute ticks) and its team of officers."""

    visit: str
    starts: tuple[int, ...]
    teams: tuple[tuple[str, ...], ...]

    @property
    def start(self) -> int:
        return min(self.starts)


class Plan(Record, frozen=True, kw_only=True, dict=True):
    """Visits without a placement are not served."""

    placements: tuple[Placement, ...] = ()

    @cached_property
    def by_visit(self) -> dict[str, Placement]:
        return {placement.visit: placement for placement in self.placements}

    def unserved(self, problem: Problem) -> tuple[str, ...]:
        return tuple(visit.id for visit in problem.visits if visit.id not in self.by_visit)


def booked_plan(problem: Problem) -> Plan:
    """The plan that the existing bookings already are."""
    return Plan(placements=tuple(_placement(booking) for booking in problem.bookings))


def _placement(booking: Booking) -> Placement:
    return Placement(visit=booking.visit, starts=booking.starts, teams=booking.teams)
