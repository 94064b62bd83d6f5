"""The year itself: each case is a process that acts, then sleeps; time fires between the acts what has fallen due."""

import heapq
import itertools
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from functools import partial
from random import Random
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bench.inspection.journal import Act, Journal
from bench.inspection.lanes import Lane
from bench.inspection.staff import Staff
from core.clock import LOCAL, local_date
from core.db import Database
from core.outbox import OutboxEvent
from demo import cases as plans
from demo.chance import stream
from demo.city import City
from demo.loading.cases import facts_of
from inspection.commands import (
    application,
    bookings,
    decisions,
    fieldwork,
    opinions,
    parties,
    replies,
    timekeeping,
    timers,
    visits,
)
from inspection.commands.application import GapPromise, ProjectForm, SegmentForm
from inspection.commands.fieldwork import FindingForm
from inspection.commands.opinions import CommitmentForm
from inspection.commands.transitions import lock_case, parties_of
from inspection.models import (
    Case,
    Clock,
    Party,
    SlotProposal,
)
from inspection.reckoning import reckoning
from inspection.refusals import SlotTaken
from inspection.scheduling_problem import build_question
from inspection.slot_answers import answer
from inspection.states import CaseState, DocumentState, PartyState, RecheckMode, Verdict

SLOT_SECONDS = 1.0
#: Working days on which a visit is looked for before the bench gives up.
TRIES = 30
T = TypeVar("T")
NOTHING = type(None)
Life = AsyncIterator[datetime]
DUE = (
    sa.select(OutboxEvent)
    .join(Clock, col(Clock.id) == col(OutboxEvent.payload)["clock_id"].as_integer())
    .where(
        col(OutboxEvent.topic) == timekeeping.TOPIC,
        col(OutboxEvent.done_at).is_(None),
        col(OutboxEvent.due) <= sa.bindparam("until"),
        col(Clock.case_id) == sa.any_(sa.bindparam("cases", type_=sa.ARRAY(sa.BigInteger))),
    )
    .order_by(col(OutboxEvent.due), col(OutboxEvent.id))
    .limit(1)
)


class NeverBookedError(Exception):
    """No slot was found for the case on `TRIES` days."""

    def __init__(self, code: str) -> None:
        self.code = code


def _submitted(plan: plans.Case) -> datetime | None:
    return next((step.at for step in plan.history if step.event == "submit"), None)


class Year:
    """The part of the city's year that goes through one lane."""

    slot_limit = SLOT_SECONDS

    def __init__(
        self, database: Database, city: City, staff: Staff, lane: Lane, journal: Journal | None = None
    ) -> None:
        self.database, self.city, self.staff, self.lane = database, city, staff, lane
        self.people, self.journal = staff.people, journal
        self.acts: Counter[str] = Counter()
        self.days: list[date] = []
        self.commands = self.timed = self.taken = 0
        self.case_ids: set[int] = set()
        self.unbookable: set[str] = set()
        self.declined: set[tuple[str, int]] = set()
        self.slot_seconds = 0.0

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
            async with self.database.transaction() as session:
                event = await session.scalar(DUE, {"until": until, "cases": list(self.case_ids)})
                if event is None:
                    return
                event.done_at = event.due
                await timers.tick(session, event.payload["clock_id"], now=event.due)
                self.timed += 1

    # --- one case ---

    async def _life(self, plan: plans.Case, now: datetime) -> Life:
        try:
            async for moment in self._stages(plan, now):
                yield moment
        except NeverBookedError as never:
            self.unbookable.add(never.code)

    async def _stages(self, plan: plans.Case, now: datetime) -> Life:
        rng, once = stream("replay", plan.number), partial(self._once, plan)
        code, case_id = await once(tuple[str, int], partial(self._apply, plan=plan, now=now))
        self.case_ids.add(case_id)
        yield (now := self._later(now, rng, 0, 1))
        await once(NOTHING, partial(self._receive, plan=plan, code=code, now=now))
        if plan.missing:
            yield (now := self._later(now, rng, 1, 8))
            await once(NOTHING, partial(self._resubmit, code=code, now=now))
        yield (now := self._later(now, rng, 0, 2))
        await once(NOTHING, partial(self._accept, code=code, now=now))
        yield (now := self._later(now, rng, 0, 2))
        await once(NOTHING, partial(self._review, code=code, now=now))
        async for moment in self._visits(plan, code, rng, now):
            now = moment
            yield moment
        yield (now := self._later(now, rng, 0, 1))
        await once(NOTHING, partial(self._issue, code=code, now=now))

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

    async def _apply(self, session: AsyncSession, *, plan: plans.Case, now: datetime) -> tuple[str, int]:
        project, site = plan.project, plan.project.site
        owner = self.people.owners[project.owner.credit_code]
        form = ProjectForm(
            code=project.code,
            name=project.name,
            owner_name=project.owner.name,
            owner_credit_code=project.owner.credit_code,
            address=site.address,
            district=site.district.name,
            lon=Decimal(f"{site.longitude:.6f}"),
            lat=Decimal(f"{site.latitude:.6f}"),
            key_project=project.is_key,
        )
        part = SegmentForm(
            number=plan.segment.number,
            name=plan.segment.name,
            facts=facts_of(project, plan.segment),
            buildings=len(plan.segment.buildings),
        )
        segment = await application.register_segment(session, form, part)
        case = await application.create_case(session, segment, by=owner, now=now)
        for code in await application.main_documents(session, case, local_date(now)):
            await application.record_document(session, case, code=code, state=DocumentState.PRESENT)
        await application.submit_case(session, case, by=owner, now=now)
        self.commands += 2
        return case.code, case.id

    async def _receive(self, session: AsyncSession, *, plan: plans.Case, code: str, now: datetime) -> None:
        case, window = await lock_case(session, code), self.people.shown["window"]
        await application.receive_case(session, case, by=window, now=now)
        if plan.missing:
            await application.send_deficiency_notice(session, case, items=plan.missing, by=window, now=now)

    async def _resubmit(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        await application.resubmit(session, case, by=case.applicant_id, now=now)

    async def _accept(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        """Unless it counts as accepted already; then the departments are drawn in."""
        case = await lock_case(session, code)
        if case.state is CaseState.RECEIVED:
            due = local_date(now) + timedelta(days=20)
            missing = await application.missing_documents(session, case)
            gaps = [GapPromise(each, "补交", due) for each in missing]
            await application.accept_case(session, case, gaps=gaps, by=self.people.shown["window"], now=now)
        await parties.fan_out(session, case, by=self.people.shown["dispatcher"], now=now)
        self.commands += 2

    async def _review(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        for party in await parties_of(session, case):
            await parties.record_party_review(
                session, case, party, result=PartyState.REVIEW_OK, by=self._liaison(party), now=now
            )
            self.commands += 1

    async def _issue(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        if case.state is CaseState.OPINION_READY:
            await decisions.issue_opinion(session, case, by=self.people.shown["issuer"], now=now)
            self.commands += 1

    def _liaison(self, party: Party) -> int:
        return self.people.liaisons[party.department_code]

    async def _visits(self, plan: plans.Case, code: str, rng: Random, now: datetime) -> Life:
        """Rounds of visit, rectification and recheck until everybody agrees."""
        once = partial(self._once, plan)
        while True:
            async for moment in self._book(plan, code, rng, now):
                now = moment
                yield moment
            number = await once(int, partial(self._hold_visit, plan=plan, code=code, now=now))
            yield (now := self._later(now, rng, 1, 1))
            if await once(bool, partial(self._deliberate, code=code, now=now)):
                return
            yield (now := self._later(now, rng, 2, 6 + 3 * number))
            if await once(bool, partial(self._rectify, code=code, now=now)):
                return

    async def _deliberate(self, session: AsyncSession, *, code: str, now: datetime) -> bool:
        """Whether everybody agrees."""
        case = await lock_case(session, code)
        await self._catch_up(session, case, now)
        await decisions.deliberate(session, case, by=self.people.shown["dispatcher"], now=now)
        return case.state is not CaseState.RECTIFYING

    async def _book(self, plan: plans.Case, code: str, rng: Random, now: datetime) -> Life:
        """Until a visit stands whose parties have answered; ends at its start."""
        once = partial(self._once, plan)
        for _ in range(TRIES):
            visit = await self._confirm(plan, code, now)
            if visit is None:
                yield (now := self._later(now, rng, 1, 1))
                continue
            yield (now := now + timedelta(hours=rng.uniform(0.5, 4)))
            await once(NOTHING, partial(self._reply, code=code, plan=plan, now=now))
            yield (now := max(now, visit[1]))
            if await once(bool, partial(self._stands, code=code, visit=visit[0])):
                return
        raise NeverBookedError(code)

    async def _stands(self, session: AsyncSession, *, code: str, visit: int) -> bool:
        case = await lock_case(session, code)
        standing = await bookings.standing_visit(session, case)
        return case.state is CaseState.SCHEDULED and standing is not None and standing.id == visit

    async def _confirm(self, plan: plans.Case, code: str, now: datetime) -> tuple[int, datetime] | None:
        """The visit's id and start."""
        once = partial(self._once, plan)
        search, offered = await once(tuple[int, int], partial(self._propose, code=code, now=now))
        for rank in range(1, offered + 1):
            try:
                return await once(
                    tuple[int, datetime], partial(self._choose, code=code, search=search, rank=rank, now=now)
                )
            except SlotTaken:
                self.taken += 1
        return None

    async def _propose(self, session: AsyncSession, *, code: str, now: datetime) -> tuple[int, int]:
        """The search's id, and how many slots it offers."""
        case = await lock_case(session, code)
        search = await bookings.propose_slots(session, case, by=self.people.shown["dispatcher"], now=now)
        at = await reckoning(session, now)
        question = await build_question(
            session, case, search, await parties.invited_parties(session, case), at
        )
        began = time.monotonic()
        found = answer(question, seconds=self.slot_limit)
        self.slot_seconds += time.monotonic() - began
        version = at.calendar.version
        await bookings.store_answer(session, search.id, found, calendar_version=version, now=now)
        self.commands += 2
        return search.id, len(found.proposals)

    async def _choose(
        self, session: AsyncSession, *, code: str, search: int, rank: int, now: datetime
    ) -> tuple[int, datetime]:
        """Raises `SlotTaken` where another lane's dispatcher was quicker."""
        case = await lock_case(session, code)
        proposal = await session.scalar(
            sa.select(col(SlotProposal.id)).where(
                col(SlotProposal.search_id) == search, col(SlotProposal.rank) == rank
            )
        )
        lead = self.people.shown["dispatcher"]
        visit = await bookings.confirm_slot(session, case, proposal or 0, by=lead, now=now)
        return visit.id, visit.starts_at

    async def _reply(self, session: AsyncSession, *, code: str, plan: plans.Case, now: datetime) -> None:
        """As the plan says; the silent leave it to time."""
        case = await lock_case(session, code)
        says = {part.department: part.reply for part in plan.participations}
        for party in await parties.invited_parties(session, case):
            reply, by = says.get(party.department_code, "confirm"), self._liaison(party)
            if party.state is not PartyState.INVITED or reply == "silent":
                continue
            self.commands += 1
            if reply == "decline" and (code, party.id) not in self.declined:
                self.declined.add((code, party.id))
                await replies.decline_attendance(session, case, party, reason="另有任务", by=by, now=now)
                if not await replies.find_stand_ins(session, case, party, now=now):
                    return
            if party.state is PartyState.INVITED:
                await replies.confirm_attendance(session, case, party, by=by, now=now)

    async def _hold_visit(self, session: AsyncSession, *, plan: plans.Case, code: str, now: datetime) -> int:
        """The round that it was."""
        case, lead = await lock_case(session, code), self.people.shown["dispatcher"]
        visit = await bookings.standing_visit(session, case)
        if visit is None:
            raise LookupError(case.code)
        planned = {part.department: part for part in plan.participations}
        invited = await parties.invited_parties(session, case)
        missing = [
            party
            for party in invited
            if party.department_code != "quality"
            and case.round == 1
            and getattr(planned.get(party.department_code), "attendance", "") == "absent"
        ]
        for party in invited:
            late = getattr(planned.get(party.department_code), "attendance", "") == "late"
            if party not in missing:
                arrived = now + timedelta(minutes=15 if late and case.round == 1 else 0)
                for officer in await bookings.booked_officers(session, visit, party):
                    await visits.check_in(
                        session,
                        case,
                        party,
                        by=self.staff.account_of[officer.id],
                        now=arrived,
                        override_reason="室内无定位",
                    )
                    self.commands += 1
        await visits.open_visit(session, case, by=lead, now=now)
        for party in missing:
            await visits.mark_absent(session, case, party, reason="未到场", by=lead, now=now)
        end = max(now + timedelta(minutes=30), visit.ends_at)
        for party in await parties_of(session, case):
            if party.state is PartyState.CHECKED_IN:
                team = await bookings.booked_officers(session, visit, party)
                signers = [self.staff.account_of[officer.id] for officer in team]
                await self._speak(
                    session,
                    case,
                    party,
                    signers=signers,
                    planned=planned.get(party.department_code),
                    now=end,
                )
        await visits.close_visit(session, case, by=lead, now=end)
        self.commands += 2
        return case.round

    async def _speak(
        self,
        session: AsyncSession,
        case: Case,
        party: Party,
        *,
        signers: Sequence[int],
        planned: plans.Participation | None = None,
        now: datetime,
    ) -> None:
        result, findings = "agree", list[FindingForm]()
        if planned and case.round == 1:
            result, mode = planned.result, RecheckMode(planned.recheck or "desk")
            findings = [
                FindingForm(text=each.text, safety_critical=each.is_safety_critical, recheck=mode)
                for each in planned.defects
            ]
        promise = CommitmentForm("按期完成", local_date(now) + timedelta(days=14))
        await opinions.give_opinion(
            session,
            case,
            party,
            verdict=Verdict(result),
            text="",
            by=signers[0],
            now=now,
            findings=findings,
            commitment=promise if result == "agree_with_commitment" else None,
        )
        await opinions.countersign_opinion(session, case, party, by=signers[1], now=now)
        self.commands += 2

    async def _catch_up(self, session: AsyncSession, case: Case, now: datetime) -> None:
        """Those who owe an opinion give it at their desks, once they have looked from afar where that was said."""
        awaited = await decisions.standing_verdicts(session, case)
        afar = [
            finding
            for finding in await decisions.open_findings(session, case)
            if finding.recheck is RecheckMode.REMOTE and finding.round < case.round
        ]
        for party, verdict in zip(await parties_of(session, case), awaited, strict=True):
            if verdict is None:
                signers = self.staff.teams[party.department_code][:2]
                for finding in afar:
                    if finding.party_id == party.id:
                        await fieldwork.look_from_afar(
                            session,
                            case,
                            party,
                            finding_id=finding.id,
                            text="视频所见已整改",
                            photos=["photo"],
                            by=signers[0],
                            now=now,
                        )
                await self._speak(session, case, party, signers=signers, now=now)

    async def _rectify(self, session: AsyncSession, *, code: str, now: datetime) -> bool:
        """Whether the recheck, at the desks, ended it."""
        case, lead = await lock_case(session, code), self.people.shown["dispatcher"]
        for finding in await decisions.open_findings(session, case):
            await decisions.rectify_finding(
                session, case, finding.id, text="已整改", evidence=["photo"], by=case.applicant_id, now=now
            )
        await decisions.request_recheck(session, case, by=case.applicant_id, now=now)
        await decisions.recheck(session, case, by=lead, now=now)
        self.commands += 2
        if case.state is not CaseState.DESK_RECHECK:
            return False
        await self._catch_up(session, case, now)
        await decisions.deliberate(session, case, by=lead, now=now)
        return True
