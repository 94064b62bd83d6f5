"""The clocks of one replayed case: started, paused and stopped at past moments, lamps lit when they would have been.

The transitions' table of the inspection area says which clocks an event starts, stops and pauses; the deadlines are
computed by its own arithmetic.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from core.clock import local_date
from core.outbox import OutboxEvent
from demo.loading.rows import Row, Rows
from inspection import clocks
from inspection.commands import timekeeping
from inspection.commands.transitions import RESPONSIBLE
from inspection.models import Clock, Pause
from inspection.reckoning import Reckoning
from inspection.rules import Transition
from inspection.states import Lamp, Node, PauseReason, Profile

Note = Callable[[datetime, str, Row | None, Row], None]
"""Writes a timeline entry: when, its name, the party, its data."""


class Clockwork:
    def __init__(self, rows: Rows, at: Reckoning, case_id: int, profile: Profile, note: Note) -> None:
        self.rows, self.at, self.case_id, self.profile, self.note = rows, at, case_id, profile, note
        self.running: list[tuple[Row, Row | None]] = []  # clock, party
        self.pauses: list[Row] = []

    def apply(self, row: Transition, now: datetime) -> None:
        """What a transition does to the clocks."""
        self.stop(row.stops, now)
        if row.pauses:
            self.pause(row.pauses, now)
        if row.resumes:
            self.resume(row.resumes, now)
        for node in row.starts:
            self.start(node, RESPONSIBLE[node], now)

    def start(self, node: Node, responsible: str, now: datetime, party: Row | None = None) -> Row:
        rule = f"clock.{node}.{self.profile}" if node is Node.WHOLE else f"clock.{node}"
        days, start = self.at.rules[rule], local_date(now)
        found = self.at.deadline(start, days)
        clock = self.rows.add(
            Clock,
            case_id=self.case_id,
            party_id=party["id"] if party else None,
            node=node,
            responsible=responsible,
            started_on=start,
            days=days,
            paused_days=0,
            due=found.due,
            yellow_on=found.yellow_on,
            rule=rule,
            article=" ".join(filter(None, self.at.rules.cite(rule))),
            calendar_version=self.at.calendar.version,
            provisional=found.provisional,
            lamp=Lamp.GREEN,
            stopped_at=None,
        )
        self.running.append((clock, party))
        return clock

    def stop(self, nodes: Collection[Node], now: datetime, party: Row | None = None) -> None:
        """All parties' clocks of these nodes, or those of one."""
        for clock, whose in list(self.running):
            if clock["node"] in nodes and (party is None or whose is party):
                self._light(clock, whose, now)
                clock["stopped_at"] = now
                self.running.remove((clock, whose))

    def pause(self, reason: PauseReason, now: datetime, detail: str = "") -> None:
        self._light_all(now)
        self.pauses.append(
            self.rows.add(
                Pause,
                case_id=self.case_id,
                reason=reason,
                detail=detail,
                started_on=local_date(now),
                ended_on=None,
            )
        )

    def resume(self, reason: PauseReason, now: datetime) -> None:
        for pause in self.pauses:
            if pause["reason"] is reason and pause["ended_on"] is None:
                pause["ended_on"] = local_date(now)
        for clock, _ in self.running:
            if clock["node"] in clocks.PAUSED_NODES[reason]:
                self._recompute(clock)

    def _recompute(self, clock: Row) -> None:
        spans = [
            (pause["started_on"], pause["ended_on"])
            for pause in self.pauses
            if pause["ended_on"] and clock["node"] in clocks.PAUSED_NODES[pause["reason"]]
        ]
        found = self.at.deadline(clock["started_on"], clock["days"], spans)
        clock |= {"due": found.due, "yellow_on": found.yellow_on, "paused_days": found.paused_days}

    def leave_running(self, now: datetime) -> None:
        """Bring the lamps up to `now`, and set the timed event for each clock's next change."""
        self._light_all(now)
        for clock, _ in self.running:
            if clock["lamp"] is Lamp.RED or self._is_paused(clock):
                continue
            next_day = clock["yellow_on"] if clock["lamp"] is Lamp.GREEN else clock["due"] + clocks.ONE_DAY
            self.rows.add(
                OutboxEvent,
                topic=timekeeping.TOPIC,
                payload={"clock_id": clock["id"]},
                created_at=now,
                due=max(now, clocks.start_of(next_day)),
                key=f"clock:{clock['id']}",
            )

    def _is_paused(self, clock: Row) -> bool:
        return any(
            pause["ended_on"] is None and clock["node"] in clocks.PAUSED_NODES[pause["reason"]]
            for pause in self.pauses
        )

    def _light_all(self, now: datetime) -> None:
        for clock, party in self.running:
            if not self._is_paused(clock):
                self._light(clock, party, now)

    def _light(self, clock: Row, party: Row | None, now: datetime) -> None:
        """The lamps that came on by then, each on its day, on the timeline."""
        if self._is_paused(clock):
            return
        reached = clocks.lamp(local_date(now), yellow_on=clock["yellow_on"], due=clock["due"])
        days = {Lamp.YELLOW: clock["yellow_on"], Lamp.RED: clock["due"] + clocks.ONE_DAY}
        order = list(Lamp)
        for lamp in order[order.index(clock["lamp"]) + 1 : order.index(reached) + 1]:
            data = {
                "node": clock["node"].value,
                "lamp": lamp.value,
                "responsible": clock["responsible"],
                "due": clock["due"].isoformat(),
            }
            self.note(
                max(clocks.start_of(days[lamp]), clocks.start_of(clock["started_on"])), "lamp", party, data
            )
            clock["lamp"] = lamp
