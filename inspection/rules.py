"""The machines of the joint case and of its parties, as data.

`commands.transitions.move` is the only function that changes a case's state; it asks `transition` first. A guard
looks at a `Situation`, which the calling verb fills in; what a verb leaves out counts against it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from core.errors import FourEyesRequired, Refusal
from inspection import refusals
from inspection.states import CaseState, Event, Node, PartyState, PauseReason, Verdict

S, E, P = CaseState, Event, PartyState

PROJECT_CODE = re.compile(r"\d{4}-\d{6}-\d{2}-\d{2}-\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What guards look at. The defaults are what forbids."""

    form_complete: bool = False
    project_code: str = ""
    main_documents_missing: frozenset[str] = frozenset({"?"})
    gaps: frozenset[str] = frozenset()
    promised: frozenset[str] = frozenset()
    items: int = 0
    notices_before: int = 0
    supervised: bool = False
    overdue: str | None = None
    """The due day that has passed, ISO."""
    reason: str = ""
    parties: tuple[PartyState, ...] = ()
    verdicts: tuple[Verdict | None, ...] = ()
    visit_parties: tuple[PartyState, ...] = ()
    reply_share: int = 0
    quorum: int = 100
    lead_checked_in: bool = False
    others_checked_in: int = 0
    reschedules: int = 0
    reschedule_limit: int | None = None
    """None where the lead moves the visit."""
    findings_open: int = 1
    site_findings: int = 0
    unsigned: int = 1
    fees_due: bool = True
    issuer: int | None = None
    dispatcher: int | None = None
    revoker: int | None = None


Guard = Callable[[Situation], Refusal | None]

#: Opinions with which a joint opinion can be issued.
PASSING = frozenset({Verdict.AGREE, Verdict.AGREE_WITH_COMMITMENT, Verdict.NOT_CONCERNED, Verdict.DEEMED})
FAILING = frozenset({Verdict.RECTIFY, Verdict.DISAGREE})


def form_is_complete(at: Situation) -> Refusal | None:
    return None if at.form_complete else refusals.FormIncomplete()


def project_code_is_valid(at: Situation) -> Refusal | None:
    return None if PROJECT_CODE.fullmatch(at.project_code) else refusals.ProjectCodeInvalid()


def something_is_listed(at: Situation) -> Refusal | None:
    return None if at.items else refusals.NothingListed()


def told_once(at: Situation) -> Refusal | None:
    """行政许可法 art. 32: all that is missing is told at once; a second list needs a supervisor, and is counted."""
    return refusals.AlreadyNotified() if at.notices_before and not at.supervised else None


def in_time(at: Situation) -> Refusal | None:
    return refusals.DeadlinePassed(due=at.overdue) if at.overdue else None


def main_documents_are_there(at: Situation) -> Refusal | None:
    return refusals.MainDocumentsMissing() if at.main_documents_missing else None


def gaps_are_promised(at: Situation) -> Refusal | None:
    return refusals.GapWithoutPromise() if at.gaps - at.promised else None


def reason_is_given(at: Situation) -> Refusal | None:
    return None if at.reason.strip() else refusals.ReasonRequired()


def parties_are_drawn_in(at: Situation) -> Refusal | None:
    return None if at.parties else refusals.PartyMissing()


def all_reviews_are_ok(at: Situation) -> Refusal | None:
    done = {P.REVIEW_OK, P.NOT_CONCERNED}
    return None if at.parties and done.issuperset(at.parties) else refusals.ReviewsOutstanding()


def quorum_is_reached(at: Situation) -> Refusal | None:
    return None if at.reply_share >= at.quorum else refusals.QuorumMissing()


def may_still_be_moved(at: Situation) -> Refusal | None:
    if at.reschedule_limit is not None and at.reschedules >= at.reschedule_limit:
        return refusals.RescheduleLimit(limit=at.reschedule_limit)
    return None


def lead_and_one_party_are_there(at: Situation) -> Refusal | None:
    return None if at.lead_checked_in and at.others_checked_in else refusals.TooFewCheckedIn()


def everyone_spoke_or_is_absent(at: Situation) -> Refusal | None:
    done = {P.AGREE, P.AGREE_WITH_COMMITMENT, P.RECTIFY, P.DISAGREE, P.NOT_CONCERNED, P.ABSENT}
    return None if done.issuperset(at.visit_parties) else refusals.OpinionsOutstanding()


def everyone_agrees(at: Situation) -> Refusal | None:
    return None if at.verdicts and PASSING.issuperset(at.verdicts) else refusals.NotAllAgreed()


def someone_does_not_agree(at: Situation) -> Refusal | None:
    """An absent party's silence is not consent, but nothing to rectify either: its opinion is awaited."""
    if None in at.verdicts:
        return refusals.OpinionsOutstanding()
    return refusals.AllAgreed() if FAILING.isdisjoint(at.verdicts) else None


def findings_are_rectified(at: Situation) -> Refusal | None:
    return refusals.FindingsOutstanding() if at.findings_open else None


def nothing_needs_the_site(at: Situation) -> Refusal | None:
    return refusals.SiteRecheckRequired() if at.site_findings else None


def opinions_are_signed(at: Situation) -> Refusal | None:
    return refusals.SignaturesMissing() if at.unsigned else None


def fees_are_paid(at: Situation) -> Refusal | None:
    return refusals.FeesOutstanding() if at.fees_due else None


def issuer_is_not_dispatcher(at: Situation) -> Refusal | None:
    return FourEyesRequired() if at.issuer is None or at.issuer == at.dispatcher else None


def revoker_is_not_issuer(at: Situation) -> Refusal | None:
    return FourEyesRequired() if at.revoker is None or at.revoker == at.issuer else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From any of `sources`, on `event`, if no guard refuses, to `target` (None: back to where it was)."""

    event: Event
    sources: frozenset[CaseState]
    target: CaseState | None
    guards: tuple[Guard, ...] = ()
    starts: tuple[Node, ...] = ()
    stops: tuple[Node, ...] = ()
    pauses: PauseReason | None = None
    resumes: PauseReason | None = None


def _row(
    sources: CaseState | Iterable[CaseState],
    event: Event,
    target: CaseState | None,
    *guards: Guard,
    starts: tuple[Node, ...] = (),
    stops: tuple[Node, ...] = (),
    pauses: PauseReason | None = None,
    resumes: PauseReason | None = None,
) -> Transition:
    states = {sources} if isinstance(sources, CaseState) else sources
    return Transition(
        event=event,
        sources=frozenset(states),
        target=target,
        guards=guards,
        starts=starts,
        stops=stops,
        pauses=pauses,
        resumes=resumes,
    )


N, R = Node, PauseReason
#: Cases that can still be interrupted or ended.
WORKING: Final = frozenset(
    {
        *(S.ACCEPTED, S.REVIEWING, S.SLOTTING, S.SCHEDULED, S.ONSITE, S.DELIBERATING),
        *(S.RECTIFYING, S.RECHECK_REQUESTED, S.DESK_RECHECK, S.OPINION_READY),
    }
)
#: Where a party may speak: on site, and afterwards at its desk if it was absent or has no part on site.
SPEAKING: Final = frozenset({S.ONSITE, S.DELIBERATING, S.DESK_RECHECK})
DESK_SPEAKING: Final = SPEAKING | {S.SLOTTING, S.SCHEDULED}
AT_DESK: Final = frozenset({P.ABSENT, P.RECTIFY, P.DISAGREE})
BEFORE_ACCEPTANCE: Final = frozenset({S.SUBMITTED, S.RECEIVED, S.CORRECTING})
ISSUED: Final = frozenset({S.ISSUED, S.FILED, S.ARCHIVED})
ENDED: Final = ISSUED | {S.REJECTED, S.WITHDRAWN, S.TERMINATED, S.REVOKED}
EVERY_NODE: Final = tuple(Node)

TRANSITIONS: Final[tuple[Transition, ...]] = (
    _row(S.DRAFT, E.SUBMIT, S.SUBMITTED, form_is_complete, project_code_is_valid, starts=(N.RECEIVE,)),
    _row(S.SUBMITTED, E.RECEIVE, S.RECEIVED, starts=(N.DEFICIENCY, N.ACCEPT), stops=(N.RECEIVE,)),
    _row(
        S.RECEIVED,
        E.NOTIFY_DEFICIENCIES,
        S.CORRECTING,
        something_is_listed,
        told_once,
        in_time,
        starts=(N.CORRECT,),
        stops=(N.DEFICIENCY,),
        pauses=R.CORRECTING,
    ),
    _row(S.CORRECTING, E.RESUBMIT, S.RECEIVED, in_time, stops=(N.CORRECT,), resumes=R.CORRECTING),
    _row(S.RECEIVED, E.DEEM_ACCEPTED, S.ACCEPTED, starts=(N.WHOLE,), stops=(N.ACCEPT, N.DEFICIENCY)),
    _row(
        S.RECEIVED,
        E.ACCEPT,
        S.ACCEPTED,
        main_documents_are_there,
        gaps_are_promised,
        starts=(N.WHOLE,),
        stops=(N.ACCEPT, N.DEFICIENCY),
    ),
    _row(S.RECEIVED, E.REFUSE, S.REJECTED, reason_is_given, stops=EVERY_NODE),
    _row(S.ACCEPTED, E.FAN_OUT, S.REVIEWING, parties_are_drawn_in),
    _row(S.REVIEWING, E.REVIEWS_DONE, S.SLOTTING, all_reviews_are_ok, stops=(N.REVIEW,)),
    _row(S.SLOTTING, E.PROPOSE_SLOTS, S.SLOTTING),
    _row(S.SLOTTING, E.CONFIRM_SLOT, S.SLOTTING),
    _row(S.SLOTTING, E.QUORUM, S.SCHEDULED, quorum_is_reached),
    _row(
        (S.SLOTTING, S.SCHEDULED),
        E.RESCHEDULE,
        S.SLOTTING,
        reason_is_given,
        may_still_be_moved,
        stops=(N.REPLY,),
    ),
    _row(S.SCHEDULED, E.OPEN_VISIT, S.ONSITE, lead_and_one_party_are_there),
    _row(S.ONSITE, E.CLOSE_VISIT, S.DELIBERATING, everyone_spoke_or_is_absent, starts=(N.DELIBERATE,)),
    _row(
        (S.DELIBERATING, S.DESK_RECHECK),
        E.CONCLUDE,
        S.OPINION_READY,
        everyone_agrees,
        starts=(N.ISSUE,),
        stops=(N.DELIBERATE, N.OPINION),
    ),
    _row(
        (S.DELIBERATING, S.DESK_RECHECK),
        E.ORDER_RECTIFICATION,
        S.RECTIFYING,
        someone_does_not_agree,
        starts=(N.RECTIFY,),
        stops=(N.DELIBERATE, N.OPINION),
        pauses=R.RECTIFYING,
    ),
    _row(
        S.RECTIFYING,
        E.RECTIFIED,
        S.RECHECK_REQUESTED,
        findings_are_rectified,
        stops=(N.RECTIFY,),
        resumes=R.RECTIFYING,
    ),
    _row(
        S.RECHECK_REQUESTED,
        E.RECHECK_BY_DESK,
        S.DESK_RECHECK,
        nothing_needs_the_site,
        starts=(N.DELIBERATE,),
    ),
    _row(S.RECHECK_REQUESTED, E.RECHECK_ON_SITE, S.SLOTTING),
    _row(
        S.OPINION_READY,
        E.ISSUE,
        S.ISSUED,
        opinions_are_signed,
        fees_are_paid,
        issuer_is_not_dispatcher,
        stops=EVERY_NODE,
    ),
    _row(S.ISSUED, E.FILE, S.FILED),
    _row(S.FILED, E.ARCHIVE, S.ARCHIVED),
    _row(ISSUED, E.REVOKE, S.REVOKED, reason_is_given, revoker_is_not_issuer),
    _row(WORKING, E.SUSPEND, S.SUSPENDED, reason_is_given, pauses=R.SPECIAL_PROCEDURE),
    _row(S.SUSPENDED, E.RESUME, None, resumes=R.SPECIAL_PROCEDURE),
    _row(WORKING | BEFORE_ACCEPTANCE | {S.DRAFT, S.SUSPENDED}, E.WITHDRAW, S.WITHDRAWN, stops=EVERY_NODE),
    _row(
        WORKING | BEFORE_ACCEPTANCE | {S.SUSPENDED},
        E.TERMINATE,
        S.TERMINATED,
        reason_is_given,
        stops=EVERY_NODE,
    ),
)

_BY_EVENT: Final = {row.event: row for row in TRANSITIONS}


def transition(state: CaseState, event: Event, situation: Situation) -> Transition:
    """The row that applies. Raises the first guard's refusal, or `WrongState`."""
    row = _BY_EVENT[event]
    if state not in row.sources:
        raise refusals.WrongState(state=state.value, event=event.value)
    for guard in row.guards:
        refusal = guard(situation)
        if refusal:
            raise refusal
    return row


def possible(state: CaseState) -> frozenset[Event]:
    """What may be tried in this state, guards aside; pages show only these buttons."""
    return frozenset(row.event for row in TRANSITIONS if state in row.sources)


_ANSWERS = frozenset({P.AGREE, P.AGREE_WITH_COMMITMENT, P.RECTIFY, P.DISAGREE, P.NOT_CONCERNED})

PARTY_MOVES: Final[dict[PartyState, frozenset[PartyState]]] = {
    P.NOTIFIED: frozenset({P.READ, P.REVIEW_OK, P.REVIEW_REJECT, P.NOT_CONCERNED}),
    P.READ: frozenset({P.REVIEW_OK, P.REVIEW_REJECT, P.NOT_CONCERNED}),
    P.REVIEW_REJECT: frozenset({P.REVIEW_OK, P.NOT_CONCERNED}),
    P.REVIEW_OK: frozenset({P.INVITED, *_ANSWERS}),  # a party without a site part answers at its desk
    P.NOT_CONCERNED: frozenset({P.FINAL}),
    P.INVITED: frozenset({P.CONFIRMED, P.DECLINED, P.SILENT, P.REVIEW_OK}),
    P.DECLINED: frozenset({P.INVITED, P.CONFIRMED, P.REVIEW_OK}),
    P.CONFIRMED: frozenset({P.CHECKED_IN, P.ABSENT, P.INVITED, P.REVIEW_OK, P.DECLINED}),
    P.SILENT: frozenset({P.CONFIRMED, P.CHECKED_IN, P.ABSENT, P.INVITED, P.REVIEW_OK}),
    P.CHECKED_IN: frozenset({*_ANSWERS}),
    P.ABSENT: frozenset({P.CHECKED_IN, *_ANSWERS}),
    P.AGREE: frozenset({P.FINAL}),
    P.AGREE_WITH_COMMITMENT: frozenset({P.FINAL}),
    P.RECTIFY: frozenset({P.INVITED, *_ANSWERS}),
    P.DISAGREE: frozenset({P.INVITED, *_ANSWERS}),
    P.FINAL: frozenset(),
}


def check_party_move(state: PartyState, target: PartyState) -> None:
    """Raises `WrongPartyState` unless the party's machine has this step."""
    if target not in PARTY_MOVES[state]:
        raise refusals.WrongPartyState(state=state.value, target=target.value)
