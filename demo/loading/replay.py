"""One made-up case, step by step, as the rows that it leaves behind."""

from collections.abc import Callable, Mapping

from demo.cases import Case, Step
from demo.loading import intake, onsite, slots
from demo.loading.rows import Row
from demo.loading.timeline import Scene, Timeline
from inspection.states import CaseState, Event, LetterKind, SpecialProcedure

Chapter = Callable[[Timeline, Step, Step], None]
"""What a step leaves behind, given the step before it."""


def _suspend(line: Timeline, step: Step, before: Step) -> None:
    procedure, reason = SpecialProcedure.TESTING, "委托第三方对消防设施补充检测"
    line.row["suspended_from"] = before.state
    data = {"procedure": procedure.value, "reason": reason}
    line.move(Event.SUSPEND, step.at, line.people.shown["dispatcher"], **data)
    line.letter(LetterKind.SPECIAL_PROCEDURE, step.at, {**data, "begins": True})


def _resume(line: Timeline, step: Step, _: Step) -> None:
    line.move(Event.RESUME, step.at, line.people.shown["dispatcher"])
    line.row["suspended_from"] = None
    line.letter(LetterKind.SPECIAL_PROCEDURE, step.at, {"begins": False})


def _withdraw(line: Timeline, step: Step, _: Step) -> None:
    line.move(Event.WITHDRAW, step.at, line.owner, reason="建设单位调整分期，重新申请")


def _by(event: Event, login: str, **data: str) -> Chapter:
    def chapter(line: Timeline, step: Step, _: Step) -> None:
        line.move(event, step.at, line.people.shown[login], **data)

    return chapter


CHAPTERS: Mapping[str, Chapter] = {
    "create": intake.create,
    "submit": intake.submit,
    "receive": intake.receive,
    "notify_deficiencies": intake.notify_deficiencies,
    "resubmit": intake.resubmit,
    "refuse": intake.refuse,
    "accept": intake.accept,
    "fan_out": intake.fan_out,
    "reviews_done": intake.reviews_done,
    "confirm_slot": slots.confirm_slot,
    "reschedule": slots.reschedule,
    "open_visit": onsite.open_visit,
    "close_visit": onsite.close_visit,
    "conclude": onsite.conclude,
    "rectified": onsite.rectified,
    "recheck_on_site": onsite.recheck,
    "recheck_by_desk": onsite.recheck,
    "issue": onsite.issue,
    "file": _by(Event.FILE, "window"),
    "archive": _by(Event.ARCHIVE, "window"),
    "revoke": _by(Event.REVOKE, "dispatcher", reason="取得意见书所附检测报告经查系伪造"),
    "suspend": _suspend,
    "resume": _resume,
    "withdraw": _withdraw,
    "terminate": _by(Event.TERMINATE, "dispatcher", reason="建设单位主体资格终止"),
}
#: What has happened in part where a case stands now.
UNDER_WAY: Mapping[CaseState, Callable[[Timeline], None]] = {
    CaseState.REVIEWING: intake.review_half,
    CaseState.ONSITE: onsite.speak_half,
}


def replay(scene: Scene, case: Case, segment_id: int) -> Row:
    """Adds the case's rows; returns its own. Raises what the inspection area's machines refuse with."""
    line = Timeline(scene, case, segment_id)
    intake.documents(line)
    for before, step in zip((case.history[0], *case.history), case.history, strict=False):
        CHAPTERS[step.event](line, step, before)
    state = line.row["state"]
    if state is CaseState.SLOTTING and line.standing is None:
        slots.ask_for_slots(line)
    if state in UNDER_WAY:
        UNDER_WAY[state](line)
    line.clockwork.leave_running(scene.now)
    line.write_timeline()
    return line.row
