from collections import defaultdict

import pytest

from core.errors import FourEyesRequired
from inspection import refusals
from inspection.rules import (
    ENDED,
    PARTY_MOVES,
    TRANSITIONS,
    Situation,
    check_party_move,
    possible,
    transition,
)
from inspection.states import CaseState, Event, PartyState, Verdict

S, E, P, V = CaseState, Event, PartyState, Verdict


def test_every_event_has_one_row_and_every_state_is_reached() -> None:
    events = [row.event for row in TRANSITIONS]
    assert sorted(events) == sorted(set(Event) - {E.CREATE})
    reached, frontier = {S.DRAFT}, [S.DRAFT]
    steps = defaultdict(set)
    for row in TRANSITIONS:
        for source in row.sources:
            steps[source].add(row.target or S.REVIEWING)
    while frontier:
        new = steps[frontier.pop()] - reached
        reached |= new
        frontier += new
    assert reached == set(CaseState)


def test_ended_cases_only_go_to_the_archive_or_are_revoked() -> None:
    onward = {state: possible(state) for state in ENDED}
    assert onward == {
        **dict.fromkeys(ENDED, frozenset()),
        S.ISSUED: frozenset({E.FILE, E.REVOKE}),
        S.FILED: frozenset({E.ARCHIVE, E.REVOKE}),
        S.ARCHIVED: frozenset({E.REVOKE}),
    }


GOOD = {
    E.SUBMIT: Situation(form_complete=True, project_code="2601-990101-47-01-000001"),
    E.NOTIFY_DEFICIENCIES: Situation(items=1),
    E.ACCEPT: Situation(main_documents_missing=frozenset(), gaps=frozenset("a"), promised=frozenset("a")),
    E.REFUSE: Situation(reason="超出受理范围"),
    E.FAN_OUT: Situation(parties=(P.NOTIFIED,)),
    E.REVIEWS_DONE: Situation(parties=(P.REVIEW_OK, P.NOT_CONCERNED)),
    E.QUORUM: Situation(reply_share=100),
    E.RESCHEDULE: Situation(reason="暴雨", reschedules=1, reschedule_limit=2),
    E.OPEN_VISIT: Situation(lead_checked_in=True, others_checked_in=1),
    E.CLOSE_VISIT: Situation(visit_parties=(P.AGREE, P.ABSENT)),
    E.CONCLUDE: Situation(verdicts=(V.AGREE, V.AGREE_WITH_COMMITMENT, V.NOT_CONCERNED, V.DEEMED)),
    E.ORDER_RECTIFICATION: Situation(verdicts=(V.AGREE, V.RECTIFY)),
    E.RECTIFIED: Situation(findings_open=0),
    E.ISSUE: Situation(unsigned=0, fees_due=False, issuer=2, dispatcher=1),
    E.SUSPEND: Situation(reason="听证"),
    E.TERMINATE: Situation(reason="项目取消"),
    E.REVOKE: Situation(reason="材料虚假", issuer=2, revoker=3),
}


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.event.value)
def test_guarded_event_passes_with_its_facts_and_not_without(row: object) -> None:
    event = row.event  # type: ignore[attr-defined]  # parametrised rows
    for source in row.sources:  # type: ignore[attr-defined]  # as above
        assert transition(source, event, GOOD.get(event, Situation())) is row
    for other in set(CaseState) - row.sources:  # type: ignore[attr-defined]  # as above
        with pytest.raises(refusals.WrongState):
            transition(other, event, GOOD.get(event, Situation()))


@pytest.mark.parametrize(
    ("state", "event", "situation", "refusal"),
    [
        (S.DRAFT, E.SUBMIT, Situation(project_code="2601-990101-47-01-000001"), refusals.FormIncomplete),
        (S.DRAFT, E.SUBMIT, Situation(form_complete=True, project_code="2601"), refusals.ProjectCodeInvalid),
        (S.RECEIVED, E.NOTIFY_DEFICIENCIES, Situation(), refusals.NothingListed),
        (S.RECEIVED, E.NOTIFY_DEFICIENCIES, Situation(items=1, notices_before=1), refusals.AlreadyNotified),
        (S.CORRECTING, E.RESUBMIT, Situation(overdue="2026-03-02"), refusals.DeadlinePassed),
        (S.RECEIVED, E.ACCEPT, Situation(), refusals.MainDocumentsMissing),
        (
            S.RECEIVED,
            E.ACCEPT,
            Situation(main_documents_missing=frozenset(), gaps=frozenset("ab"), promised=frozenset("a")),
            refusals.GapWithoutPromise,
        ),
        (S.RECEIVED, E.REFUSE, Situation(reason=" "), refusals.ReasonRequired),
        (S.ACCEPTED, E.FAN_OUT, Situation(), refusals.PartyMissing),
        (S.REVIEWING, E.REVIEWS_DONE, Situation(parties=(P.READ,)), refusals.ReviewsOutstanding),
        (S.SLOTTING, E.QUORUM, Situation(reply_share=99), refusals.QuorumMissing),
        (
            S.SCHEDULED,
            E.RESCHEDULE,
            Situation(reason="再改", reschedules=2, reschedule_limit=2),
            refusals.RescheduleLimit,
        ),
        (S.SCHEDULED, E.OPEN_VISIT, Situation(lead_checked_in=True), refusals.TooFewCheckedIn),
        (S.SCHEDULED, E.OPEN_VISIT, Situation(others_checked_in=3), refusals.TooFewCheckedIn),
        (S.ONSITE, E.CLOSE_VISIT, Situation(visit_parties=(P.CHECKED_IN,)), refusals.OpinionsOutstanding),
        (S.DELIBERATING, E.CONCLUDE, Situation(verdicts=(V.AGREE, None)), refusals.NotAllAgreed),
        (S.DELIBERATING, E.CONCLUDE, Situation(verdicts=(V.DISAGREE,)), refusals.NotAllAgreed),
        (S.DELIBERATING, E.ORDER_RECTIFICATION, Situation(verdicts=(V.AGREE,)), refusals.AllAgreed),
        (
            S.DELIBERATING,
            E.ORDER_RECTIFICATION,
            Situation(verdicts=(V.RECTIFY, None)),
            refusals.OpinionsOutstanding,
        ),
        (S.RECTIFYING, E.RECTIFIED, Situation(findings_open=1), refusals.FindingsOutstanding),
        (S.RECHECK_REQUESTED, E.RECHECK_BY_DESK, Situation(site_findings=1), refusals.SiteRecheckRequired),
        (S.OPINION_READY, E.ISSUE, Situation(unsigned=1), refusals.SignaturesMissing),
        (S.OPINION_READY, E.ISSUE, Situation(unsigned=0), refusals.FeesOutstanding),
        (
            S.OPINION_READY,
            E.ISSUE,
            Situation(unsigned=0, fees_due=False, issuer=1, dispatcher=1),
            FourEyesRequired,
        ),
    ],
)
def test_guard_refuses(
    state: CaseState, event: Event, situation: Situation, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        transition(state, event, situation)


def test_supervised_second_notice_is_possible() -> None:
    at = Situation(items=1, notices_before=1, supervised=True)
    assert transition(S.RECEIVED, E.NOTIFY_DEFICIENCIES, at).target is S.CORRECTING


def test_party_machine_has_a_row_for_each_state_and_ends() -> None:
    assert set(PARTY_MOVES) == set(PartyState)
    assert [state for state, targets in PARTY_MOVES.items() if not targets] == [P.FINAL]
    with pytest.raises(refusals.WrongPartyState):
        check_party_move(P.INVITED, P.AGREE)
