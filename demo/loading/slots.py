"""Slots asked for, proposed, confirmed, answered, given up."""

from datetime import datetime, timedelta
from itertools import pairwise, product

from sqlalchemy.dialects.postgresql import Range

from core.clock import local_date
from core.outbox import OutboxEvent
from demo.cases import FAILED, Participation, Step, Visit
from demo.loading.rows import Row
from demo.loading.timeline import Timeline, at_desk
from inspection import models
from inspection.commands import bookings
from inspection.states import (
    BookingState,
    Event,
    LetterKind,
    Node,
    PartyState,
    PauseReason,
    SearchState,
    Violation,
    VisitState,
)

SOLVING = timedelta(minutes=3)
MOVED_REASONS = {"owner": "建设单位申请改期", "weather": "暴雨橙色预警，现场不具备条件"}


def invited(line: Timeline) -> list[Participation]:
    """With a part on site: everyone at first, then those whose findings cannot be cleared at a desk."""
    parts = line.case.participations
    if line.row["round"] == 1:
        return [p for p in parts if p.result != "na" and line.parties[p.department]["site"]]
    return [part for part in parts if part.result in FAILED and part.recheck != "desk"]


def ask_for_slots(line: Timeline) -> None:
    """The worker answers it, as it would any other."""
    search = _search(line, line.last.at, SearchState.PENDING)
    line.rows.add(
        OutboxEvent,
        topic=bookings.SEARCH_TOPIC,
        payload={"search_id": search["id"]},
        created_at=line.now,
        due=line.now,
        key=None,
    )


def _search(line: Timeline, at: datetime, state: SearchState) -> Row:
    at_work, found = line.scene.reckoning, state is SearchState.FOUND
    first = at_work.calendar.add_working_days(local_date(at if found else line.now), 1 if found else 2)
    search = line.rows.add(
        models.SlotSearch,
        case_id=line.row["id"],
        round=line.row["round"],
        first_day=first,
        last_day=at_work.calendar.add_working_days(first, at_work.rules["visit.horizon"]),
        state=state,
        asked_by=line.people.shown["dispatcher"],
        asked_at=at,
        answered_at=at + SOLVING if found else None,
        calendar_version=at_work.calendar.version,
    )
    line.move(Event.PROPOSE_SLOTS, at, line.people.shown["dispatcher"], search=search["id"])
    return search


def confirm_slot(line: Timeline, step: Step, before: Step) -> None:
    given_up = _is_given_up(line, step)
    # A booking that was given up stood on the day before the one that was kept.
    visit = line.case.visits[0] if given_up and line.case.visits else next(line.visits)
    shift = timedelta(days=1) if given_up else timedelta()
    asked = at_desk(before.at, step.at, 0.2)
    search = _search(line, asked, SearchState.FOUND)
    row = line.rows.add(
        models.Visit,
        case_id=line.row["id"],
        round=line.row["round"],
        state=VisitState.PLANNED,
        starts_at=visit.pieces[0].start - shift,
        ends_at=visit.pieces[-1].end - shift,
        confirmed_by=line.people.shown["dispatcher"],
        opened_at=None,
        closed_at=None,
        minutes_text="",
    )
    line.standing = (visit, row)
    parts, fixed = invited(line), at_desk(asked, step.at, 0.125)
    _book(line, parts, search, BookingState.CANCELLED if given_up else BookingState.BOOKED)
    by = line.row["dispatcher_id"] = line.people.shown["dispatcher"]
    data = {"visit": row["id"], "starts_at": row["starts_at"].isoformat(), "rank": 1}
    line.move(Event.CONFIRM_SLOT, fixed, by, **data)
    for part in parts:
        _invite(line, part, visit, row, fixed)
    for number, part in enumerate(parts, 1):
        _reply(line, part, row, at_desk(fixed, step.at, number / (len(parts) + 1)))
    line.move(Event.QUORUM, step.at, None, share=100)


def _is_given_up(line: Timeline, step: Step) -> bool:
    return any(one is step and then.event == "reschedule" for one, then in pairwise(line.case.history))


def _book(line: Timeline, parts: list[Participation], search: Row, state: BookingState) -> None:
    """A visit over several half-days is booked half-day by half-day: nobody is taken overnight."""
    visit, row = line.booked
    shift = visit.pieces[0].start - row["starts_at"]
    teams = []
    for part, piece in product(parts, visit.pieces):
        party = line.parties[part.department]["id"]
        officers = [line.people.officer_ids[number] for number in visit.crew[part.department]]
        begins, ends = piece.start - shift, piece.end - shift
        times = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
        teams.append({"party_id": party, **times, "officer_ids": officers})
        for officer in officers:
            line.rows.add(
                models.Booking,
                visit_id=row["id"],
                party_id=party,
                officer_id=officer,
                during=Range(begins, ends),
                state=state,
            )
    line.rows.add(
        models.SlotProposal,
        search_id=search["id"],
        rank=1,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        teams=teams,
        reasons=[],
    )


def _invite(line: Timeline, part: Participation, visit: Visit, row: Row, at: datetime) -> None:
    party = line.parties[part.department]
    line.move_party(party, PartyState.INVITED, at, line.people.shown["dispatcher"], visit=row["id"])
    party |= {"deemed_attending": False, "replied_at": None, "reply_note": ""}
    clock = line.clockwork.start(Node.REPLY, f"department:{part.department}", at, party)
    content = {
        "case": line.case.number,
        "starts_at": row["starts_at"].isoformat(),
        "officers": list(visit.crew[part.department]),
        "reply_by": clock["due"].isoformat(),
    }
    line.letter(LetterKind.NOTICE, at, content, party, clock["due"])


def _reply(line: Timeline, part: Participation, row: Row, at: datetime) -> None:
    party, by = line.parties[part.department], line.people.liaisons[part.department]
    reply = part.reply if line.row["round"] == 1 else "confirm"
    if reply == "silent":
        line.move_party(party, PartyState.SILENT, at, None, rule="deemed_attendance")
        party["deemed_attending"] = True
        line.violation(party, Violation.NO_REPLY, at)
    else:
        if reply == "decline":
            reason, when = "原定人员另有任务", at - timedelta(minutes=5)
            line.move_party(party, PartyState.DECLINED, when, by, reason=reason, alternative="")
            line.move_party(party, PartyState.INVITED, when + timedelta(minutes=1), None, visit=row["id"])
        line.move_party(party, PartyState.CONFIRMED, at, by, officers=[])
        party["replied_at"] = at
    line.clockwork.stop((Node.REPLY,), at, party)


def reschedule(line: Timeline, step: Step, _: Step) -> None:
    row = line.booked[1]
    cause = next((other.moved for other in line.case.visits if other.moved), None) or "weather"
    by_owner, reason = cause == "owner", MOVED_REASONS[cause]
    by = line.owner if by_owner else line.people.shown["dispatcher"]
    line.move(Event.RESCHEDULE, step.at, by, visit=row["id"], reason=reason, by_owner=by_owner)
    line.row["owner_reschedules"] += by_owner
    row["state"], line.standing = VisitState.CANCELLED, None
    content = {"case": line.case.number, "starts_at": row["starts_at"].isoformat(), "reason": reason}
    for part in invited(line):
        party = line.parties[part.department]
        line.move_party(party, PartyState.REVIEW_OK, step.at, None)
        line.letter(LetterKind.CANCELLATION, step.at, content, party)
    line.letter(LetterKind.CANCELLATION, step.at, content)
    if by_owner:
        line.clockwork.pause(PauseReason.OWNER_RESCHEDULED, step.at)
        line.clockwork.resume(PauseReason.OWNER_RESCHEDULED, row["starts_at"] + timedelta(days=1))
