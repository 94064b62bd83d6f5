"""The visit, the opinions, rectification and recheck, the joint opinion."""

from datetime import datetime, timedelta
from decimal import Decimal

from core.clock import local_date
from demo.cases import FAILED, Participation, Step
from demo.loading.rows import Row
from demo.loading.timeline import Timeline
from inspection import models
from inspection.states import (
    Event,
    FindingState,
    LetterKind,
    Node,
    PartyState,
    PromiseKind,
    RecheckMode,
    Verdict,
    Violation,
    VisitState,
)

COMMITMENT_DAYS = 30
MINUTE = timedelta(minutes=1)
EARLY, LATE = -6 * MINUTE, 18 * MINUTE
SECOND_SIGNATURE = 4 * MINUTE
TEXTS = {
    "agree": "现场查验符合要求，同意通过。",
    "agree_with_commitment": "总体符合要求，剩余事项已书面承诺，同意通过。",
    "rectify": "存在问题，须整改后复验。",
    "disagree": "不符合规定，不同意通过。",
}


def open_visit(line: Timeline, step: Step, _: Step) -> None:
    """Everyone on time checks in, the lead opens, the late arrive and the absent are recorded."""
    row = line.booked[1]
    parts = [part for part in line.case.participations if line.parties[part.department]["state"] in _EXPECTED]
    again, lead = line.row["round"] > 1, parts[0].department
    punctual = [part for part in parts if again or part.attendance == "present" or part.department == lead]
    for part in punctual:
        _check_in(line, part, step.at + EARLY)
    line.move(Event.OPEN_VISIT, step.at, line.people.shown["dispatcher"], visit=row["id"])
    row["state"], row["opened_at"] = VisitState.OPEN, step.at
    line.row["first_visit_at"] = line.row["first_visit_at"] or step.at
    for part in parts:
        if part in punctual or step.at + 2 * LATE > line.now:
            continue
        party = line.parties[part.department]
        if part.attendance == "late":
            _check_in(line, part, step.at + LATE)
            line.violation(party, Violation.LATE_OR_ABSENT, step.at + LATE, "late")
        else:
            at, reason = step.at + 2 * LATE, "未到场"
            line.move_party(party, PartyState.ABSENT, at, line.people.shown["dispatcher"], reason=reason)
            line.violation(party, Violation.LATE_OR_ABSENT, at, reason)
            line.clockwork.start(Node.OPINION, f"department:{part.department}", at, party)


_EXPECTED = {PartyState.CONFIRMED, PartyState.SILENT}


def _check_in(line: Timeline, part: Participation, at: datetime) -> None:
    visit, row = line.booked
    party, site = line.parties[part.department], line.case.project.site
    for index, number in enumerate(visit.crew[part.department]):
        distance = line.rng.randrange(5, 180)
        line.rows.add(
            models.CheckIn,
            visit_id=row["id"],
            party_id=party["id"],
            officer_id=line.people.officer_ids[number],
            at=at + index * MINUTE,
            lon=Decimal(f"{site.longitude:.6f}"),
            lat=Decimal(f"{site.latitude:.6f}"),
            distance=distance,
            override_reason="",
        )
        data: Row = {"officer": number, "distance": distance, "override": ""}
        by = line.people.officers[number]
        if index == 0:
            line.move_party(party, PartyState.CHECKED_IN, at, by, **data)
        else:
            line.note(at + index * MINUTE, "party.joined", by=by, party=party, **data)


def close_visit(line: Timeline, step: Step, before: Step) -> None:
    row = line.booked[1]
    there = [
        part
        for part in line.case.participations
        if line.parties[part.department]["state"] is PartyState.CHECKED_IN
        or (line.row["round"] == 1 and part.result != "na" and not line.parties[part.department]["site"])
    ]
    for number, part in enumerate(there, 1):
        speak(line, part, before.at + (step.at - before.at) * (0.4 + 0.5 * number / (len(there) + 1)))
    minutes = f"各参验部门于{step.at:%Y年%m月%d日}到场查验，逐项提出意见，会议当场形成本纪要。"
    by = line.people.shown["dispatcher"]
    line.move(Event.CLOSE_VISIT, step.at, by, visit=row["id"], minutes=minutes)
    row |= {"state": VisitState.CLOSED, "closed_at": step.at, "minutes_text": minutes}
    line.standing = None


def speak(line: Timeline, part: Participation, at: datetime) -> None:
    """Two officers sign the party's opinion; in a recheck it has become positive."""
    party, number = line.parties[part.department], line.row["round"]
    result = part.result if number == 1 else "agree"
    booked = line.standing[0].crew.get(part.department) if line.standing else None
    at_desk = party["state"] is not PartyState.CHECKED_IN
    first, second = booked or (f"{part.department}-A01", f"{part.department}-A02")
    verdict = Verdict(result)
    line.rows.add(
        models.Opinion,
        party_id=party["id"],
        visit_id=None if at_desk or not line.standing else line.standing[1]["id"],
        round=number,
        verdict=verdict,
        text=TEXTS[result],
        first_signer=line.people.officer_ids[first],
        first_signed_at=at,
        second_signer=line.people.officer_ids[second],
        second_signed_at=at + SECOND_SIGNATURE,
    )
    data = {"verdict": result, "officer": first, "round": number, "text": TEXTS[result]}
    line.note(at, "opinion.first_signature", by=line.people.officers[first], party=party, **data)
    if result in FAILED and number == 1:
        _find(line, part, party, at)
    if verdict is Verdict.AGREE_WITH_COMMITMENT:
        _commit(line, party, at)
    by, signed = line.people.officers[second], at + SECOND_SIGNATURE
    data = {"verdict": result, "officer": second, "round": number}
    line.move_party(party, PartyState(result), signed, by, **data)
    party["verdict"] = verdict
    line.clockwork.stop((Node.OPINION,), signed, party)
    for whose, finding in line.findings:
        if number > 1 and whose is part:
            finding |= {"state": FindingState.CLEARED, "cleared_at": signed}


def _find(line: Timeline, part: Participation, party: Row, at: datetime) -> None:
    at_work = line.scene.reckoning
    for defect in part.defects:
        finding = line.rows.add(
            models.Finding,
            case_id=line.row["id"],
            party_id=party["id"],
            round=line.row["round"],
            text=defect.text,
            basis=line.scene.matters[part.department].basis,
            safety_critical=defect.is_safety_critical,
            recheck=RecheckMode(part.recheck or "desk"),
            due=at_work.calendar.add_working_days(local_date(at), at_work.rules["clock.rectify"]),
            place=None,
            photos=[],
            state=FindingState.OPEN,
            rectification="",
            evidence=[],
            rectified_at=None,
            cleared_at=None,
        )
        line.findings.append((part, finding))


def _commit(line: Timeline, party: Row, at: datetime) -> None:
    due = local_date(at) + timedelta(days=COMMITMENT_DAYS)
    kept = datetime.combine(due - timedelta(days=7), at.timetz())
    line.rows.add(
        models.Promise,
        case_id=line.row["id"],
        party_id=party["id"],
        kind=PromiseKind.COMMITMENT,
        subject=f"round:{line.row['round']}",
        text="承诺在期限内补齐标识并报送影像资料。",
        due=due,
        made_at=at,
        kept_at=kept if kept <= line.now else None,
    )


def conclude(line: Timeline, step: Step, before: Step) -> None:
    """By the next working day; who was absent, or rechecks at its desk, has spoken by then."""
    waiting = [part for part in line.case.participations if _owes_opinion(line, part)]
    for number, part in enumerate(waiting, 1):
        speak(line, part, before.at + (step.at - before.at) * number / (len(waiting) + 2))
    by = line.people.shown["dispatcher"]
    if step.state != "rectifying":
        line.move(Event.CONCLUDE, step.at, by)
        return
    findings = [finding for _, finding in line.findings]
    numbers = [finding["id"] for finding in findings]
    line.move(Event.ORDER_RECTIFICATION, step.at, by, findings=numbers, round=line.row["round"])
    listed = [
        {"text": finding["text"], "due": finding["due"].isoformat(), "recheck": finding["recheck"].value}
        for finding in findings
    ]
    line.letter(LetterKind.RECTIFICATION, step.at, {"findings": listed})


def _owes_opinion(line: Timeline, part: Participation) -> bool:
    state = line.parties[part.department]["state"]
    if line.row["round"] == 1:
        return state is PartyState.ABSENT
    return state in {PartyState.RECTIFY, PartyState.DISAGREE}


def rectified(line: Timeline, step: Step, _: Step) -> None:
    for _part, finding in line.findings:
        finding |= {
            "state": FindingState.RECTIFIED,
            "rectification": f"已整改：{finding['text']}，经监理复查合格。",
            "evidence": [f"rectification-{finding['id']}"],
            "rectified_at": step.at - 2 * MINUTE,
        }
        data = {"finding": finding["id"], "text": finding["rectification"]}
        line.note(step.at - 2 * MINUTE, "finding.rectified", by=line.owner, **data)
    line.move(Event.RECTIFIED, step.at, line.owner)


def recheck(line: Timeline, step: Step, _: Step) -> None:
    numbers = [finding["id"] for _, finding in line.findings]
    event, by = Event(step.event), line.people.shown["dispatcher"]
    line.move(event, step.at, by, findings=numbers, round=line.row["round"] + 1)
    line.row["round"] += 1


def issue(line: Timeline, step: Step, _: Step) -> None:
    """The joint opinion itself is written by the area, once the rows are there."""
    by = line.people.shown["issuer"]
    line.move(Event.ISSUE, step.at, by)
    line.row |= {"issued_at": step.at, "issuer_id": by}
    for party in line.parties.values():
        line.move_party(party, PartyState.FINAL, step.at, by)


def speak_half(line: Timeline) -> None:
    """While the visit is on, half of those who are there have spoken."""
    there = [
        part
        for part in line.case.participations
        if line.parties[part.department]["state"] is PartyState.CHECKED_IN
    ]
    half, since = there[: len(there) // 2], line.now - line.last.at
    for number, part in enumerate(half, 1):
        speak(line, part, line.last.at + since * number / (len(half) + 1) - SECOND_SIGNATURE)
