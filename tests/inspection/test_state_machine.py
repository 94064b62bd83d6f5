"""A short random walk of the joint case by the real commands; `test_machines` walks the rules alone, whole."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import col

from core.db import Database, Transaction
from core.errors import Refusal
from inspection.commands import bookings, decisions, interruptions, parties, replies, visits
from inspection.commands.fieldwork import FindingForm
from inspection.commands.transitions import parties_of
from inspection.models import Booking, Case, CaseEvent, Clock, Opinion
from inspection.rules import PASSING
from inspection.states import BookingState, CaseState, PartyState, RecheckMode, SpecialProcedure, Verdict
from tests.conftest import Clones, settings_for
from tests.inspection.test_timers import pass_time
from tests.inspection.world import (
    SPOT,
    World,
    accepted,
    at,
    build_world,
    confirmed,
    load_world,
    proposals,
    slotting,
    speak,
    team_of,
    visited,
)

#: The table of the domain, written down a second time: event → (from, to).
WAYS = {
    "create": {("", "draft")},
    "submit": {("draft", "submitted")},
    "receive": {("submitted", "received")},
    "accept": {("received", "accepted")},
    "fan_out": {("accepted", "reviewing")},
    "reviews_done": {("reviewing", "slotting")},
    "propose_slots": {("slotting", "slotting")},
    "confirm_slot": {("slotting", "slotting")},
    "quorum": {("slotting", "scheduled")},
    "reschedule": {("slotting", "slotting"), ("scheduled", "slotting")},
    "open_visit": {("scheduled", "onsite")},
    "close_visit": {("onsite", "deliberating")},
    "conclude": {("deliberating", "opinion_ready"), ("desk_recheck", "opinion_ready")},
    "order_rectification": {("deliberating", "rectifying"), ("desk_recheck", "rectifying")},
    "rectified": {("rectifying", "recheck_requested")},
    "recheck_by_desk": {("recheck_requested", "desk_recheck")},
    "recheck_on_site": {("recheck_requested", "slotting")},
    "issue": {("opinion_ready", "issued")},
    "file": {("issued", "filed")},
    "archive": {("filed", "archived")},
}
OVER = {CaseState.ISSUED, CaseState.FILED, CaseState.ARCHIVED, CaseState.WITHDRAWN, CaseState.TERMINATED}


STARTS = ("reviewing", "slotting", "invited", "visited", "failed")


async def reach(session: AsyncSession, world: World, state: str) -> Case:
    """A case that has come so far. It began in the morning of the third of March."""
    now = at(3)
    if state == "slotting":
        return await slotting(session, world, now)
    if state == "invited":
        return await confirmed(session, world, now)
    if state == "reviewing":
        case = await accepted(session, world, now)
        await parties.fan_out(session, case, by=world.dispatcher, now=now)
        return case
    failing: Any = {"fire": [FindingForm(text="问题")]} if state == "failed" else {}
    case, later = await visited(session, world, now, 1, **failing)
    await decisions.deliberate(session, case, by=world.dispatcher, now=later)
    return case


class CaseMachine(RuleBasedStateMachine):
    """One case in a transaction that is rolled back; time only goes forward."""

    urls: ClassVar[dict[str, str]] = {}

    @initialize(reached=st.sampled_from(STARTS))
    def begin(self, reached: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = create_async_engine(self.urls[reached])
        self._run(self._begin())

    def _run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _begin(self) -> None:
        self.connection = await self.engine.connect()
        self.transaction = await self.connection.begin()
        self.session = Transaction(
            bind=self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        self.world: World = await load_world(self.session)
        self.case: Case = (await self.session.scalars(sa.select(Case))).one()
        last = await self.session.scalar(sa.select(sa.func.max(col(CaseEvent.at))))
        self.now: datetime = max(at(3), last or at(3))

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self._run(self._end())
            self.loop.close()

    async def _end(self) -> None:
        await self.session.close()
        await self.transaction.rollback()
        await self.connection.close()
        await self.engine.dispose()

    def _try(self, verb: Callable[[], Awaitable[Any]]) -> None:
        """A refusal leaves everything as it was."""

        async def attempt() -> None:
            try:
                async with self.session.begin_nested():
                    await verb()
            except Refusal:
                await self.session.refresh(self.case)
                for party in await parties_of(self.session, self.case):
                    await self.session.refresh(party)

        self._run(attempt())

    # --- what people do ---

    @rule(
        result=st.sampled_from(
            [PartyState.REVIEW_OK] * 8 + [PartyState.REVIEW_REJECT, PartyState.NOT_CONCERNED]
        )
    )
    @precondition(lambda self: self.case.state is CaseState.REVIEWING)
    def review(self, result: PartyState) -> None:
        async def verb() -> None:
            for party in await parties_of(self.session, self.case):
                if party.state in {PartyState.NOTIFIED, PartyState.READ, PartyState.REVIEW_REJECT}:
                    by = self.world.liaisons[party.department_code]
                    mine = PartyState.REVIEW_OK if party.department_code == "quality" else result
                    await parties.record_party_review(
                        self.session, self.case, party, result=mine, note_text="注", by=by, now=self.now
                    )

        self._try(verb)

    @rule()
    @precondition(lambda self: self.case.state is CaseState.SLOTTING)
    def book(self) -> None:
        async def verb() -> None:
            first, *_ = await proposals(self.session, self.world, self.case, self.now)
            await bookings.confirm_slot(
                self.session, self.case, first.id, by=self.world.dispatcher, now=self.now
            )

        self._try(verb)

    @rule(declining=st.sampled_from([None, None, None, None, "fire"]))
    @precondition(lambda self: self.case.state is CaseState.SLOTTING)
    def answer_invitations(self, declining: str | None) -> None:
        async def verb() -> None:
            for party in await parties.invited_parties(self.session, self.case):
                by = self.world.liaisons[party.department_code]
                if party.department_code == declining:
                    await replies.decline_attendance(
                        self.session, self.case, party, reason="冲突", by=by, now=self.now
                    )
                    await replies.find_stand_ins(self.session, self.case, party, now=self.now)
                elif party.state is PartyState.INVITED:
                    await replies.confirm_attendance(self.session, self.case, party, by=by, now=self.now)

        self._try(verb)

    @rule(by_owner=st.booleans())
    @precondition(lambda self: self.case.state in {CaseState.SLOTTING, CaseState.SCHEDULED})
    def move_visit(self, by_owner: bool) -> None:
        by = self.world.owner if by_owner else self.world.dispatcher
        self._try(lambda: bookings.reschedule(self.session, self.case, by=by, reason="改期", now=self.now))

    @rule()
    @precondition(lambda self: self.case.state is CaseState.SCHEDULED)
    def go_on_site(self) -> None:
        async def verb() -> None:
            visit = await bookings.standing_visit(self.session, self.case)
            assert visit is not None
            await self._wait_until(visit.starts_at)
            for party in await parties.invited_parties(self.session, self.case):
                for officer in await team_of(self.session, self.case, party):
                    await visits.check_in(
                        self.session,
                        self.case,
                        party,
                        by=self.world.account(officer),
                        now=self.now,
                        place=SPOT,
                        override_reason="定位漂移",
                    )
            await visits.open_visit(self.session, self.case, by=self.world.dispatcher, now=self.now)

        self._try(verb)

    @rule(
        failing=st.sampled_from([None, None, "fire", "quality"]),
        recheck=st.sampled_from([RecheckMode.DESK, RecheckMode.SITE]),
    )
    @precondition(lambda self: self.case.state in {CaseState.ONSITE, CaseState.DESK_RECHECK})
    def opine_and_close(self, failing: str | None, recheck: RecheckMode) -> None:
        async def verb() -> None:
            speaking = {PartyState.CHECKED_IN, PartyState.RECTIFY}
            for party in await parties_of(self.session, self.case):
                at_desk = not party.site and party.state is PartyState.REVIEW_OK
                if party.state in speaking or at_desk:
                    fails = party.department_code == failing
                    findings = [FindingForm(text="问题", recheck=recheck)] if fails else []
                    verdict = Verdict.RECTIFY if fails else Verdict.AGREE
                    await speak(
                        self.session,
                        self.world,
                        self.case,
                        party,
                        verdict=verdict,
                        now=self.now,
                        findings=findings,
                    )
            if self.case.state is CaseState.ONSITE:
                await visits.close_visit(self.session, self.case, by=self.world.dispatcher, now=self.now)
            await decisions.deliberate(self.session, self.case, by=self.world.dispatcher, now=self.now)

        self._try(verb)

    @rule()
    @precondition(lambda self: self.case.state is CaseState.RECTIFYING)
    def rectify(self) -> None:
        async def verb() -> None:
            for finding in await decisions.open_findings(self.session, self.case):
                await decisions.rectify_finding(
                    self.session,
                    self.case,
                    finding.id,
                    text="已改",
                    evidence=["p"],
                    by=self.world.owner,
                    now=self.now,
                )
            await decisions.request_recheck(self.session, self.case, by=self.world.owner, now=self.now)
            await decisions.recheck(self.session, self.case, by=self.world.dispatcher, now=self.now)

        self._try(verb)

    @rule()
    @precondition(
        lambda self: self.case.state in {CaseState.OPINION_READY, CaseState.ISSUED, CaseState.FILED}
    )
    def finish(self) -> None:
        verbs = {
            CaseState.OPINION_READY: decisions.issue_opinion,
            CaseState.ISSUED: decisions.file_case,
            CaseState.FILED: decisions.archive_case,
        }
        verb: Any = verbs[self.case.state]
        self._try(lambda: verb(self.session, self.case, by=self.world.issuer, now=self.now))

    @rule(days=st.integers(0, 9))
    @precondition(lambda self: self.case.state not in OVER)
    def interrupt(self, days: int) -> None:
        async def verb() -> None:
            lead = self.world.dispatcher
            await interruptions.suspend(
                self.session,
                self.case,
                procedure=SpecialProcedure.TESTING,
                reason="检测",
                by=lead,
                now=self.now,
            )
            await self._wait_until(self.now + timedelta(days=days))
            await interruptions.resume(self.session, self.case, by=lead, now=self.now)

        self._try(verb)

    @rule(days=st.integers(1, 4))
    def wait(self, days: int) -> None:
        self._run(self._wait_until(self.now + timedelta(days=days)))

    async def _wait_until(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        await pass_time(self.session, self.now)

    # --- what always holds ---

    @invariant()
    def timeline_is_a_way_through_the_table(self) -> None:
        for event in self._run(self._events()):
            pair = (event.state_before, event.state_after)
            if event.name == "suspend":
                assert pair[1] == "suspended"
            elif event.name == "resume":
                assert pair[0] == "suspended"
            elif event.name in WAYS:
                assert pair in WAYS[event.name]
            last = event
        assert last.state_after == self.case.state.value

    async def _events(self) -> list[CaseEvent]:
        rows = await self.session.scalars(
            sa.select(CaseEvent)
            .where(
                col(CaseEvent.case_id) == self.case.id,
                col(CaseEvent.name).in_([*WAYS, "suspend", "resume"]),
            )
            .order_by(col(CaseEvent.id))
        )
        return list(rows)

    @invariant()
    def ended_case_has_no_running_clock(self) -> None:
        clocks = self._run(
            self.session.scalars(
                sa.select(col(Clock.node)).where(
                    col(Clock.case_id) == self.case.id, col(Clock.stopped_at).is_(None)
                )
            )
        ).all()
        if self.case.state in OVER:
            assert clocks == []
        else:
            assert len(clocks) == len(set(clocks)) or {"review", "reply", "opinion"} & set(clocks)
            assert "whole" in clocks

    @invariant()
    def booked_officers_belong_to_the_standing_visit(self) -> None:
        visit = self._run(bookings.standing_visit(self.session, self.case))
        booked = self._run(
            self.session.scalars(
                sa.select(Booking).where(
                    col(Booking.state) == BookingState.BOOKED,
                    sa.func.lower(col(Booking.during)) > self.now,
                )
            )
        ).all()
        assert {booking.visit_id for booking in booked} <= ({visit.id} if visit else set())

    @invariant()
    def issued_means_agreed_and_signed_twice(self) -> None:
        if self.case.state in {CaseState.ISSUED, CaseState.FILED, CaseState.ARCHIVED}:
            everyone = self._run(parties_of(self.session, self.case))
            assert PASSING.issuperset(party.verdict for party in everyone)
            signers = self._run(
                self.session.execute(sa.select(col(Opinion.first_signer), col(Opinion.second_signer)))
            ).all()
            assert all(first != second and second for first, second in signers)


@pytest.fixture
def cities(clones: Clones) -> Iterator[dict[str, str]]:
    """A database for each start, by its name; walks roll back what they do."""
    names = {state: clones.make() for state in STARTS}

    async def build(state: str) -> None:
        database = Database(settings_for(names[state]))
        async with database.transaction() as session:
            await reach(session, await build_world(session, at(2)), state)
        await database.close()

    loop = asyncio.new_event_loop()
    for state in STARTS:
        loop.run_until_complete(build(state))
    loop.close()
    yield {state: settings_for(name).sqlalchemy_url for state, name in names.items()}
    for name in names.values():
        clones.drop(name)


@pytest.mark.timeout(600)  # a busy machine
def test_random_walks_never_leave_the_table(cities: dict[str, str]) -> None:
    CaseMachine.urls = cities
    run_state_machine_as_test(
        CaseMachine,
        settings=settings(
            max_examples=4,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # shrinking walks on a database takes minutes
        ),
    )
