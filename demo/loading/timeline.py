"""The rows that one case leaves behind: its state, its timeline, its parties, letters and clocks.

Events and states are those of the inspection area's own machines; what an event does to clocks follows from its table
of transitions, and a step that the machines do not know is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from core.clock import LOCAL
from core.ledger import Record
from core.outbox import OutboxEvent
from core.printed import verification_code
from demo.cases import Case, Participation, Visit
from demo.chance import stream
from demo.loading.clockwork import Clockwork
from demo.loading.people import People
from demo.loading.rows import Row, Rows
from inspection import models
from inspection.commands import letters
from inspection.commands.application import PROFILES
from inspection.reckoning import Reckoning
from inspection.refusals import WrongState
from inspection.rules import TRANSITIONS, check_party_move
from inspection.states import CaseKind, CaseState, Event, LetterKind, PartyState, Violation
from inspection.triggers import Risk

BY_EVENT = {row.event: row for row in TRANSITIONS}
#: When people are at their desks, and how soon they are done with anything.
OPENS, CLOSES = timedelta(hours=9), timedelta(hours=17, minutes=30)
SOONEST = timedelta(minutes=20)


def at_desk(first: datetime, last: datetime, share: float) -> datetime:
    """The moment at this share of the time between, moved into the hours of its day when somebody works."""
    moment = (first + (last - first) * share).astimezone(LOCAL)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    working = midnight + OPENS + (moment - midnight) / timedelta(days=1) * (CLOSES - OPENS)
    return min(max(working, first + SOONEST), last)


@dataclass(frozen=True, slots=True)
class Scene:
    """What all cases share."""

    rows: Rows
    people: People
    matters: dict[str, models.Matter]  # by department
    reckoning: Reckoning
    now: datetime


class Timeline:
    def __init__(self, scene: Scene, case: Case, segment_id: int) -> None:
        self.scene, self.case, self.rows, self.people = scene, case, scene.rows, scene.people
        self.now = scene.now
        self.last = case.history[-1]
        self.rng: Random = stream("replay", case.number)
        self.owner = self.people.owners[case.project.owner.credit_code]
        profile = PROFILES[Risk(case.project.risk)]
        self.row = self.rows.add(
            models.Case,
            code=case.number,
            kind=CaseKind(case.kind),
            segment_id=segment_id,
            applicant_id=self.owner,
            state=CaseState.DRAFT,
            profile=profile,
            promised_days=None,
            priority=case.project.is_key,
            round=1,
            owner_reschedules=0,
            deficiency_notices=0,
            suspended_from=None,
            created_at=case.history[0].at,
            submitted_at=None,
            received_at=None,
            accepted_at=None,
            first_visit_at=None,
            issued_at=None,
            dispatcher_id=None,
            issuer_id=None,
        )
        self.clockwork = Clockwork(self.rows, scene.reckoning, self.row["id"], profile, self._lamp_note)
        self.parties: dict[str, Row] = {}
        self.events: list[Row] = []
        self.findings: list[tuple[Participation, Row]] = []  # not yet cleared
        self.visits = iter(case.visits)  # those not yet booked
        self.standing: tuple[Visit, Row] | None = None  # booked, and not yet closed

    @property
    def booked(self) -> tuple[Visit, Row]:
        """The visit that stands, and its row. Raises LookupError where there is none."""
        if self.standing is None:
            raise LookupError(self.case.number)
        return self.standing

    def note(
        self,
        at: datetime,
        name: str,
        *,
        by: int | None = None,
        before: str = "",
        after: str = "",
        party: Row | None = None,
        **data: Any,
    ) -> None:
        self.events.append(
            {
                "case_id": self.row["id"],
                "party_id": party["id"] if party else None,
                "at": at,
                "by": by,
                "name": name,
                "state_before": before,
                "state_after": after,
                "data": data,
            }
        )

    def _lamp_note(self, at: datetime, name: str, party: Row | None, data: Row) -> None:
        self.note(at, name, party=party, **data)

    def write_timeline(self) -> None:
        """In order of time; lamps are lit at midnight, after the fact."""
        departments = {party["id"]: code for code, party in self.parties.items()}
        for event in sorted(self.events, key=lambda event: event["at"]):
            self.rows.add(models.CaseEvent, **event)
            facts = {"before": event["state_before"], "after": event["state_after"], **event["data"]}
            if event["party_id"]:
                facts["party"] = departments[event["party_id"]]
            actor = f"account:{event['by']}" if event["by"] else "system"
            name, subject = f"case.{event['name']}", f"case:{self.case.number}"
            self.rows.records.append(Record(event["at"], actor, name, subject, facts))

    def move(self, event: Event, at: datetime, by: int | None, **data: Any) -> None:
        row, before = BY_EVENT[event], self.row["state"]
        if before not in row.sources:
            raise WrongState(state=before.value, event=event.value)
        self.row["state"] = row.target or CaseState(self.row["suspended_from"])
        self.note(at, event.value, by=by, before=before.value, after=self.row["state"].value, **data)
        self.clockwork.apply(row, at)

    def move_party(self, party: Row, target: PartyState, at: datetime, by: int | None, **data: Any) -> None:
        check_party_move(party["state"], target)
        before, party["state"] = party["state"], target
        self.note(at, f"party.{target}", by=by, before=before.value, after=target.value, party=party, **data)

    def letter(
        self,
        kind: LetterKind,
        at: datetime,
        content: Row,
        party: Row | None = None,
        reply_by: date | None = None,
    ) -> None:
        to = f"department:{party['department_code']}" if party else f"account:{self.owner}"
        read = at + timedelta(minutes=self.rng.randrange(5, 200))
        letter = self.rows.add(
            models.Letter,
            case_id=self.row["id"],
            party_id=party["id"] if party else None,
            kind=kind,
            recipient=to,
            content=content,
            sent_at=at,
            reply_by=reply_by,
            read_at=read if read <= self.now else None,
            read_by=self.people.liaisons[party["department_code"]] if party else self.owner,
            verification_code=verification_code(),
        )
        if letter["read_at"] is None:
            letter["read_by"] = None
            if party:
                self._when_unread(letter)
        data = {"letter": letter["id"], "kind": kind.value, "recipient": to, "content": content}
        self.rows.records.append(Record(at, "system", "letter.send", f"case:{self.case.number}", data))

    def _when_unread(self, letter: Row) -> None:
        hours = self.scene.reckoning.rules["letter.unread"]
        self.rows.add(
            OutboxEvent,
            topic=letters.UNREAD,
            payload={"letter_id": letter["id"]},
            created_at=letter["sent_at"],
            due=max(self.now, letter["sent_at"] + timedelta(hours=hours)),
            key=f"letter:{letter['id']}",
        )

    def violation(self, party: Row, kind: Violation, at: datetime, text: str = "") -> None:
        self.rows.add(
            models.ViolationRecord,
            case_id=self.row["id"],
            party_id=party["id"],
            department_code=party["department_code"],
            kind=kind,
            at=at,
            note=text,
        )
        self.note(at, "violation", party=party, kind=kind.value, note=text)
