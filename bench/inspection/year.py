"""The year itself: each case is a process that acts, then sleeps; time fires between the acts what has fallen due."""

import heapq
import itertools
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from random import Random
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import col

from bench.inspection.desk import Desk
from bench.inspection.journal import Act, Journal
from bench.inspection.lanes import Lane
from bench.inspection.staff import Staff
from core.clock import LOCAL, local_date
from core.db import Database
from core.outbox import OutboxEvent
from demo import cases as plans
from demo.chance import stream
from demo.city import City
from inspection.commands import timers
from inspection.models import Clock
from inspection.refusals import SlotTaken
from inspection.states import Lamp

#: Working days on which a visit is looked for before the bench gives up.
TRIES = 30
T = TypeVar("T")
NOTHING = type(None)
Life = AsyncIterator[datetime]
#: By the events' keys, since nobody consumes the year's other events, of which there are soon tens of thousands.
_RUNNING = (
    sa.select(sa.func.concat("clock:", col(Clock.id)).label("key"), col(Clock.case_id))
    .where(
        col(Clock.case_id) == sa.any_(sa.bindparam("cases", type_=sa.ARRAY(sa.BigInteger))),
        col(Clock.stopped_at).is_(None),
        col(Clock.lamp) != Lamp.RED,
    )
    .cte("running")
    .prefix_with("MATERIALIZED")
)
_PENDING = (
    sa.select(col(OutboxEvent.id), col(OutboxEvent.due), _RUNNING.c.case_id)
    .join(_RUNNING, _RUNNING.c.key == col(OutboxEvent.key))
    .where(col(OutboxEvent.done_at).is_(None))
    .cte("pending")
    .prefix_with("MATERIALIZED")
)
#: What is due next, at the same moment perhaps in several cases. A case's other lamps may change with its first.
DUE = (
    sa.select(sa.func.min(_PENDING.c.id).label("id"), _PENDING.c.due)
    .where(
        _PENDING.c.due <= sa.bindparam("until"),
        _PENDING.c.due == sa.select(sa.func.min(_PENDING.c.due)).scalar_subquery(),
    )
    .group_by(_PENDING.c.case_id, _PENDING.c.due)
    .order_by("id")
)
DONE = (
    sa.update(OutboxEvent)
    .where(col(OutboxEvent.id) == sa.bindparam("event"), col(OutboxEvent.done_at).is_(None))
    .values(done_at=col(OutboxEvent.due))
    .returning(col(OutboxEvent.payload))
    .execution_options(synchronize_session=False)
)


class NeverBookedError(Exception):
    """No slot was found for the case on `TRIES` days."""

    def __init__(self, code: str) -> None:
        self.code = code


def _submitted(plan: plans.Case) -> datetime | None:
    return next((step.at for step in plan.history if step.event == "submit"), None)


class Year:
    """The part of the city's year that goes through one lane."""

    def __init__(
        self, database: Database, city: City, staff: Staff, lane: Lane, journal: Journal | None = None
    ) -> None:
        self.database, self.city, self.lane = database, city, lane
        self._looking = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.desk, self.journal = Desk(staff), journal
        self.acts: Counter[str] = Counter()
        self.days: list[date] = []
        self.timed = self.taken = 0
        self.case_ids: set[int] = set()
        self.unbookable: set[str] = set()

    async def run(self) -> None:
        order = itertools.count()
        heap: list[tuple[datetime, int, Life]] = []
        started = [(_submitted(plan), plan) for plan in self.city.cases if _submitted(plan)]
        mine = {plan.number for plan in self.lane.cases_of(self.city)}
        for submitted, plan in started:
            if submitted and plan.number in mine:
                heapq.heappush(heap, (submitted, next(order), self._life(plan, submitted)))
        today = min(local_date(submitted) for submitted, _ in started if submitted)
        while heap:
            moment, _, life = heapq.heappop(heap)
            while today < local_date(moment):
                self.lane.pass_night()
                today += timedelta(days=1)
            await self._pass_time(moment)
            self.days.append(today)
            if len(self.days) % 200 == 0:
                print(f"{moment:%F}: {len(self.days)} acts, {len(heap)} cases on their way", file=sys.stderr)
            following = await anext(life, None)
            if following:
                heapq.heappush(heap, (following, next(order), life))

    async def _pass_time(self, until: datetime) -> None:
        """Fire the own cases' clock events that are due, in order, each in its own transaction."""
        while True:
            async with self._looking.connect() as connection:
                asked = {"until": until, "cases": list(self.case_ids)}
                due = (await connection.execute(DUE, asked)).all()
            if not due:
                return
            for event in due:
                async with self.database.transaction() as session:
                    payload = await session.scalar(DONE, {"event": event.id})
                    if payload:  # not withdrawn by one before it
                        await timers.tick(session, payload["clock_id"], now=event.due)
                        self.timed += 1

    async def _life(self, plan: plans.Case, now: datetime) -> Life:
        try:
            async for moment in self._stages(plan, now):
                yield moment
        except NeverBookedError as never:
            self.unbookable.add(never.code)

    async def _stages(self, plan: plans.Case, now: datetime) -> Life:
        rng, once = stream("replay", plan.number), partial(self._once, plan)
        code, case_id = await once(tuple[str, int], partial(self.desk.apply, plan=plan, now=now))
        self.case_ids.add(case_id)
        yield (now := self._later(now, rng, 0, 1))
        await once(NOTHING, partial(self.desk.receive, plan=plan, code=code, now=now))
        if plan.missing:
            yield (now := self._later(now, rng, 1, 8))
            await once(NOTHING, partial(self.desk.resubmit, code=code, now=now))
        yield (now := self._later(now, rng, 0, 2))
        await once(NOTHING, partial(self.desk.accept, code=code, now=now))
        yield (now := self._later(now, rng, 0, 2))
        await once(NOTHING, partial(self.desk.review, code=code, now=now))
        async for moment in self._visits(plan, code, rng, now):
            now = moment
            yield moment
        yield (now := self._later(now, rng, 0, 1))
        await once(NOTHING, partial(self.desk.issue, code=code, now=now))

    async def _once(self, plan: plans.Case, kind: type[T], act: Act[T]) -> T:
        self.acts[plan.number] += 1
        if self.journal:
            return await self.journal.once(f"{plan.number}:{self.acts[plan.number]}", kind, act)
        async with self.database.transaction() as session:
            return await act(session)

    def _later(self, now: datetime, rng: Random, least: int, most: int) -> datetime:
        """Some working hour between `least` and `most` working days on, later than now."""
        day = self.city.calendar.add_working_days(local_date(now), rng.randint(least, most))
        moment = datetime.combine(day, clock_time(9), LOCAL) + timedelta(minutes=rng.randrange(20, 430))
        return max(moment, now + timedelta(minutes=rng.randrange(5, 30)))

    async def _visits(self, plan: plans.Case, code: str, rng: Random, now: datetime) -> Life:
        """Rounds of visit, rectification and recheck until everybody agrees."""
        once = partial(self._once, plan)
        while True:
            async for moment in self._book(plan, code, rng, now):
                now = moment
                yield moment
            number = await once(int, partial(self.desk.hold_visit, plan=plan, code=code, now=now))
            yield (now := self._later(now, rng, 1, 1))
            if await once(bool, partial(self.desk.deliberate, code=code, now=now)):
                return
            yield (now := self._later(now, rng, 2, 6 + 3 * number))
            if await once(bool, partial(self.desk.rectify, code=code, now=now)):
                return

    async def _book(self, plan: plans.Case, code: str, rng: Random, now: datetime) -> Life:
        """Until a visit stands whose parties have answered; ends at its start."""
        once = partial(self._once, plan)
        for _ in range(TRIES):
            visit = await self._confirm(plan, code, now)
            if visit is None:
                yield (now := self._later(now, rng, 1, 1))
                continue
            yield (now := now + timedelta(hours=rng.uniform(0.5, 4)))
            await once(NOTHING, partial(self.desk.reply, code=code, plan=plan, now=now))
            yield (now := max(now, visit[1]))
            if await once(bool, partial(self.desk.stands, code=code, visit=visit[0])):
                return
        raise NeverBookedError(code)

    async def _confirm(self, plan: plans.Case, code: str, now: datetime) -> tuple[int, datetime] | None:
        """The visit's id and start."""
        once = partial(self._once, plan)
        search, offered = await once(tuple[int, int], partial(self.desk.propose, code=code, now=now))
        for rank in range(1, offered + 1):
            try:
                return await once(
                    tuple[int, datetime],
                    partial(self.desk.choose, code=code, search=search, rank=rank, now=now),
                )
            except SlotTaken:
                self.taken += 1
        return None
