"""The search kernels, compiled at set-up and loaded before anyone asks for a plan: python -m scheduling.warm"""

from datetime import date

from scheduling.bounds import lower_bounds
from scheduling.engine import Budget, solve
from scheduling.problem import Booking, Office, Officer, Party, Problem, Site, Visit

MOVES = 200


def tiny_problem() -> Problem:
    """Two visits, one of them booked: the smallest problem that walks through every kernel."""
    parties = (Party(id="p", department="d", duration=60),)
    return Problem(
        first_day=date(2026, 3, 9),
        days=2,
        offices=(Office(id="o"),),
        sites=(Site(id="s", lon=0.01),),
        officers=tuple(Officer(id=name, department="d", office="o") for name in ("a", "b")),
        visits=tuple(Visit(id=name, site="s", parties=parties) for name in ("v", "w")),
        bookings=(Booking(visit="v", starts=(600,), teams=(("a", "b"),)),),
        grid=15,
    )


def warm() -> None:
    """Load every kernel into this process; compile those that the disk does not have."""
    solve(tiny_problem(), budget=Budget(seconds=None, moves=MOVES))
    lower_bounds(tiny_problem())


if __name__ == "__main__":
    warm()
