"""Processes that replay the year side by side, as people at their desks do."""

from threading import Barrier, BrokenBarrierError

from demo.cases import Case
from demo.city import City


class Lane:
    """Where a process stands among those that replay the year together: nobody begins a day before all have ended
    the one before. Each has the cases of its own; officers and the ledger they share, as people at their desks do.
    """

    def __init__(self, number: int = 0, lanes: int = 1, gate: Barrier | None = None) -> None:
        self._number, self._lanes, self._gate = number, lanes, gate

    def cases_of(self, city: City) -> list[Case]:
        """All segments of a project go the same lane."""
        mine = {project.code for project in city.projects[self._number :: self._lanes]}
        return [plan for plan in city.cases if plan.project.code in mine]

    def pass_night(self) -> None:
        """Wait for the others. Who is done with its cases is not waited for."""
        if self._gate:
            try:
                self._gate.wait()
            except BrokenBarrierError:
                self._gate = None

    def leave(self) -> None:
        if self._gate:
            self._gate.abort()
