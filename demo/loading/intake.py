"""From application to the departments' review of the papers."""

from datetime import date, datetime, timedelta

import msgspec

from core.clock import local_date
from core.printed import verification_code
from demo.cases import Participation, Step
from demo.loading.timeline import Timeline, at_desk
from demo.organisation import DEPARTMENTS
from documents.deficiency_notice import NoticeContent, NoticeItem
from documents.models import DeficiencyNotice
from inspection import models
from inspection.catalogue import LEAD
from inspection.states import DocumentState, Event, LetterKind, Node, PartyState, Verdict

READING = timedelta(minutes=10)


def documents(line: Timeline) -> None:
    """What the case asks for: all missing at first, some while the owner corrects, none when it is accepted."""
    reached = {step.state for step in line.case.history}
    asked = [
        document["code"]
        for department in line.case.project.parties
        for document in line.scene.matters[department].documents
    ]
    lacking = len(line.case.missing) if "accepted" not in reached else 0
    for index, code in enumerate(dict.fromkeys(asked)):
        missing = "submitted" not in reached or index < lacking
        state = DocumentState.MISSING if missing else DocumentState.PRESENT
        line.rows.add(models.CaseDocument, case_id=line.row["id"], code=code, state=state)


def create(line: Timeline, step: Step, _: Step) -> None:
    line.note(step.at, "create", by=line.owner, after="draft", segment=line.row["segment_id"])


def submit(line: Timeline, step: Step, _: Step) -> None:
    line.move(Event.SUBMIT, step.at, line.owner)
    line.row["submitted_at"] = step.at


def receive(line: Timeline, step: Step, _: Step) -> None:
    line.move(Event.RECEIVE, step.at, line.people.shown["window"])
    line.row["received_at"] = step.at
    line.letter(LetterKind.RECEIPT, step.at, {})


def notify_deficiencies(line: Timeline, step: Step, _: Step) -> None:
    items = list(line.case.missing)
    by = line.people.shown["window"]
    line.move(Event.NOTIFY_DEFICIENCIES, step.at, by, items=items, number=1, supervisor=None)
    line.row["deficiency_notices"] = 1
    correct = line.clockwork.running[-1][0]
    line.letter(LetterKind.DEFICIENCY, step.at, {"items": items, "due": correct["due"].isoformat()})
    _deficiency_notice(line, step.at, items, correct["due"])


def _deficiency_notice(line: Timeline, at: datetime, items: list[str], due: date) -> None:
    """The paper itself, which is printed when somebody asks for it."""
    project, code = line.case.project, verification_code()
    content = NoticeContent(
        code=code,
        number=line.case.number,
        project=f"{project.name} {line.case.segment.name}",
        project_code=project.code,
        owner=project.owner.name,
        issuer=next(each.name for each in DEPARTMENTS if each.code == LEAD),
        issued_on=local_date(at),
        due=due,
        items=[NoticeItem(zh=item) for item in items],
    )
    line.rows.add(
        DeficiencyNotice,
        subject=f"case:{line.case.number}",
        verification_code=code,
        issued_at=at,
        content=msgspec.to_builtins(content),
    )


def resubmit(line: Timeline, step: Step, _: Step) -> None:
    line.move(Event.RESUBMIT, step.at, line.owner)


def refuse(line: Timeline, step: Step, _: Step) -> None:
    reason = "不属于本次联合验收的受理范围"
    line.move(Event.REFUSE, step.at, line.people.shown["window"], reason=reason)
    line.letter(LetterKind.REFUSAL, step.at, {"reason": reason})


def accept(line: Timeline, step: Step, _: Step) -> None:
    line.row["promised_days"] = line.scene.reckoning.rules[f"clock.whole.{line.row['profile']}"]
    line.row["accepted_at"] = step.at
    line.move(Event.ACCEPT, step.at, line.people.shown["window"], gaps=[])
    line.letter(LetterKind.ACCEPTANCE, step.at, {"gaps": []})


def fan_out(line: Timeline, step: Step, _: Step) -> None:
    matters = sorted(
        (line.scene.matters[part.department] for part in line.case.participations),
        key=lambda matter: matter.position,
    )
    for matter in matters:
        party = line.rows.add(
            models.Party,
            case_id=line.row["id"],
            department_code=matter.department_code,
            matter_id=matter.id,
            state=PartyState.NOTIFIED,
            site=matter.site,
            notified_at=step.at,
            read_at=None,
            replied_at=None,
            reply_note="",
            deemed_attending=False,
            verdict=None,
        )
        line.parties[matter.department_code] = party
        clock = line.clockwork.start(Node.REVIEW, f"department:{matter.department_code}", step.at, party)
        due = clock["due"]
        content = {"case": line.case.number, "matter": matter.name_zh, "review_by": due.isoformat()}
        line.letter(LetterKind.FAN_OUT, step.at, content, party, due)
    codes = sorted(matter.code for matter in matters)
    line.move(Event.FAN_OUT, step.at, line.people.shown["dispatcher"], parties=codes, added={}, removed={})


def review(line: Timeline, part: Participation, at: datetime) -> None:
    """The department has read the papers and says whether it is concerned."""
    party, by = line.parties[part.department], line.people.liaisons[part.department]
    party["read_at"] = at - READING
    line.move_party(party, PartyState.READ, at - READING, by)
    concerned = part.result != "na"
    line.move_party(party, PartyState.REVIEW_OK if concerned else PartyState.NOT_CONCERNED, at, by, note="")
    if not concerned:
        party["verdict"] = Verdict.NOT_CONCERNED
    line.clockwork.stop((Node.REVIEW,), at, party)


def reviews_done(line: Timeline, step: Step, before: Step) -> None:
    parts = line.case.participations
    pending = [part for part in parts if line.parties[part.department]["state"] is PartyState.NOTIFIED]
    for number, part in enumerate(pending, 1):
        review(line, part, at_desk(before.at, step.at, number / (len(pending) + 1)))
    line.move(Event.REVIEWS_DONE, step.at, line.people.liaisons[parts[-1].department])


def review_half(line: Timeline) -> None:
    """While the papers are out, half of the departments have answered."""
    half = line.case.participations[: len(line.case.participations) // 2]
    for number, part in enumerate(half, 1):
        review(line, part, at_desk(line.last.at, line.now, number / (len(half) + 1)))
