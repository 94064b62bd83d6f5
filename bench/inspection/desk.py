"""What people do in a case, each act in the transaction that it is given: owner, window, lead, departments."""

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bench.inspection.staff import Staff
from core.clock import local_date
from demo import cases as plans
from demo.loading.cases import facts_of
from inspection.commands import (
    application,
    bookings,
    case_documents,
    decisions,
    fieldwork,
    opinions,
    parties,
    replies,
    seats,
    visits,
)
from inspection.commands.application import GapPromise, ProjectForm, SegmentForm
from inspection.commands.fieldwork import FindingForm
from inspection.commands.opinions import CommitmentForm
from inspection.commands.transitions import lock_case, parties_of
from inspection.models import (
    Case,
    CaseEvent,
    Party,
    SlotProposal,
)
from inspection.reckoning import reckoning
from inspection.scheduling_problem import Question, build_question
from inspection.slot_answers import answer
from inspection.states import CaseState, DocumentState, PartyState, RecheckMode, Verdict

SLOT_SECONDS = 1.0


class Desk:
    """Counts the commands it carries out, and the seconds in which slots were looked for."""

    slot_limit = SLOT_SECONDS

    def __init__(self, staff: Staff) -> None:
        self.staff, self.people = staff, staff.people
        self.commands, self.slot_seconds = 0, 0.0

    async def apply(
        self,
        session: AsyncSession,
        *,
        plan: plans.Case,
        now: datetime,
        wanted: tuple[date, date] | None = None,
    ) -> tuple[str, int]:
        """The case's code and id; `wanted` are the days between which the owner wants the visit."""
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
        case = await application.create_case(session, segment, by=owner, wanted=wanted, now=now)
        for code in await case_documents.main_documents(session, case, local_date(now)):
            await case_documents.record_document(session, case, code=code, state=DocumentState.PRESENT)
        await application.submit_case(session, case, by=owner, now=now)
        self.commands += 2
        return case.code, case.id

    async def receive(self, session: AsyncSession, *, plan: plans.Case, code: str, now: datetime) -> None:
        case, window = await lock_case(session, code), self.people.shown["window"]
        await application.receive_case(session, case, by=window, now=now)
        if plan.missing:
            await application.send_deficiency_notice(session, case, items=plan.missing, by=window, now=now)

    async def resubmit(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        await application.resubmit(session, case, by=case.applicant_id, now=now)

    async def accept(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        """Unless it counts as accepted already; then the departments are drawn in."""
        case = await lock_case(session, code)
        if case.state is CaseState.RECEIVED:
            due = local_date(now) + timedelta(days=20)
            missing = await case_documents.missing_documents(session, case)
            gaps = [GapPromise(each, "补交", due) for each in missing]
            await application.accept_case(session, case, gaps=gaps, by=self.people.shown["window"], now=now)
        await parties.fan_out(session, case, by=self.people.shown["dispatcher"], now=now)
        self.commands += 2

    async def review(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        for party in await parties_of(session, case):
            await parties.record_party_review(
                session, case, party, result=PartyState.REVIEW_OK, by=self._liaison(party), now=now
            )
            self.commands += 1

    async def issue(self, session: AsyncSession, *, code: str, now: datetime) -> None:
        case = await lock_case(session, code)
        if case.state is CaseState.OPINION_READY:
            await decisions.issue_opinion(session, case, by=self.people.shown["issuer"], now=now)
            self.commands += 1

    def _liaison(self, party: Party) -> int:
        return self.people.liaisons[party.department_code]

    async def deliberate(self, session: AsyncSession, *, code: str, now: datetime) -> bool:
        """Whether everybody agrees."""
        case = await lock_case(session, code)
        await self._catch_up(session, case, now)
        await decisions.deliberate(session, case, by=self.people.shown["dispatcher"], now=now)
        return case.state is not CaseState.RECTIFYING

    async def stands(self, session: AsyncSession, *, code: str, visit: int) -> bool:
        case = await lock_case(session, code)
        standing = await bookings.standing_visit(session, case)
        return case.state is CaseState.SCHEDULED and standing is not None and standing.id == visit

    async def propose(self, session: AsyncSession, *, code: str, now: datetime) -> tuple[int, int]:
        """The search's id, and how many slots it offers."""
        search, question, version = await self.ask(session, code=code, now=now)
        began = time.monotonic()
        found = answer(question, seconds=self.slot_limit)
        self.slot_seconds += time.monotonic() - began
        await bookings.store_answer(session, search, found, calendar_version=version, now=now)
        self.commands += 2
        return search, len(found.proposals)

    async def ask(self, session: AsyncSession, *, code: str, now: datetime) -> tuple[int, Question, str]:
        """The search's id, what is to be solved, and the version of the calendar."""
        case = await lock_case(session, code)
        search = await bookings.propose_slots(session, case, by=self.people.shown["dispatcher"], now=now)
        at = await reckoning(session, now)
        question = await build_question(
            session, case, search, await parties.invited_parties(session, case), at
        )
        return search.id, question, at.calendar.version

    async def choose(
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

    async def reply(self, session: AsyncSession, *, code: str, plan: plans.Case, now: datetime) -> None:
        """As the plan says; the silent leave it to time."""
        case = await lock_case(session, code)
        says = {part.department: part.reply for part in plan.participations}
        for party in await parties.invited_parties(session, case):
            reply, by = says.get(party.department_code, "confirm"), self._liaison(party)
            if party.state is not PartyState.INVITED or reply == "silent":
                continue
            self.commands += 1
            if reply == "decline" and not await self._has_declined(session, party):
                await replies.decline_attendance(session, case, party, reason="另有任务", by=by, now=now)
                if not await replies.find_stand_ins(session, case, party, now=now):
                    return
            if party.state is PartyState.INVITED:
                await replies.confirm_attendance(session, case, party, by=by, now=now)

    async def _has_declined(self, session: AsyncSession, party: Party) -> bool:
        """Asked of the database, since who goes on after a kill remembers nothing."""
        refusal = sa.select(col(CaseEvent.id)).where(
            col(CaseEvent.party_id) == party.id, col(CaseEvent.name) == f"party.{PartyState.DECLINED.value}"
        )
        return await session.scalar(refusal.limit(1)) is not None

    async def hold_visit(self, session: AsyncSession, *, plan: plans.Case, code: str, now: datetime) -> int:
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
                for officer in await seats.booked_officers(session, visit, party):
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
                team = await seats.booked_officers(session, visit, party)
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

    async def rectify(self, session: AsyncSession, *, code: str, now: datetime) -> bool:
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
