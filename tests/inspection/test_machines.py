"""Both machines walked at random, on the rules alone, beside the domain's tables written down a second time."""

from dataclasses import replace
from typing import Any, ClassVar, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.errors import Refusal
from inspection import refusals
from inspection.rules import Situation, check_party_move, possible, transition
from inspection.states import CaseState, Event, PartyState, Verdict

S, E, P, V = CaseState, Event, PartyState, Verdict

WORKING: Final = (
    "accepted reviewing slotting scheduled onsite deliberating"
    " rectifying recheck_requested desk_recheck opinion_ready"
)
EARLY: Final = "submitted received correcting"
#: Event → from which states, to which; "back" is the state before the interruption.
CASE_TABLE: Final = {
    "submit": ("draft", "submitted"),
    "receive": ("submitted", "received"),
    "notify_deficiencies": ("received", "correcting"),
    "resubmit": ("correcting", "received"),
    "deem_accepted": ("received", "accepted"),
    "accept": ("received", "accepted"),
    "refuse": ("received", "rejected"),
    "fan_out": ("accepted", "reviewing"),
    "reviews_done": ("reviewing", "slotting"),
    "propose_slots": ("slotting", "slotting"),
    "confirm_slot": ("slotting", "slotting"),
    "quorum": ("slotting", "scheduled"),
    "reschedule": ("slotting scheduled", "slotting"),
    "open_visit": ("scheduled", "onsite"),
    "close_visit": ("onsite", "deliberating"),
    "conclude": ("deliberating desk_recheck", "opinion_ready"),
    "order_rectification": ("deliberating desk_recheck", "rectifying"),
    "rectified": ("rectifying", "recheck_requested"),
    "recheck_by_desk": ("recheck_requested", "desk_recheck"),
    "recheck_on_site": ("recheck_requested", "slotting"),
    "issue": ("opinion_ready", "issued"),
    "file": ("issued", "filed"),
    "archive": ("filed", "archived"),
    "suspend": (WORKING, "suspended"),
    "resume": ("suspended", "back"),
    "withdraw": (f"draft {EARLY} {WORKING} suspended", "withdrawn"),
    "terminate": (f"{EARLY} {WORKING} suspended", "terminated"),
    "revoke": ("issued filed archived", "revoked"),
}
ANSWERS: Final = "agree agree_with_commitment rectify disagree na"
#: A party's state → where it may go from there.
PARTY_TABLE: Final = {
    "notified": "read review_ok review_reject na",
    "read": "review_ok review_reject na",
    "review_reject": "review_ok na",
    "review_ok": f"invited {ANSWERS}",
    "na": "final",
    "invited": "confirmed declined silent review_ok",
    "declined": "invited confirmed review_ok",
    "confirmed": "checked_in absent invited review_ok declined",
    "silent": "confirmed checked_in absent invited review_ok",
    "checked_in": ANSWERS,
    "absent": f"checked_in {ANSWERS}",
    "agree": "final",
    "agree_with_commitment": "final",
    "rectify": f"invited {ANSWERS}",
    "disagree": f"invited {ANSWERS}",
    "final": "",
}


def allowed(event: str, at: Situation) -> bool:
    """The table's guards, in other words than the rules have them."""
    told = not at.notices_before or at.supervised
    agreed = {V.AGREE, V.AGREE_WITH_COMMITMENT, V.NOT_CONCERNED, V.DEEMED}
    said = bool(at.reason.strip())
    return {
        "submit": at.form_complete and at.project_code.count("-") == 4,
        "notify_deficiencies": at.items > 0 and told and at.overdue is None,
        "resubmit": at.overdue is None,
        "accept": not at.main_documents_missing and at.gaps <= at.promised,
        "refuse": said,
        "fan_out": len(at.parties) > 0,
        "reviews_done": len(at.parties) > 0 and P.NOTIFIED not in at.parties,
        "quorum": at.reply_share >= at.quorum,
        "reschedule": said and (at.reschedule_limit is None or at.reschedules < at.reschedule_limit),
        "open_visit": at.lead_checked_in and at.others_checked_in > 0,
        "close_visit": P.CHECKED_IN not in at.visit_parties,
        "conclude": len(at.verdicts) > 0 and all(each in agreed for each in at.verdicts),
        "order_rectification": None not in at.verdicts and bool({V.RECTIFY, V.DISAGREE} & {*at.verdicts}),
        "rectified": at.findings_open == 0,
        "recheck_by_desk": at.site_findings == 0,
        "issue": not at.unsigned and not at.fees_due and at.issuer is not None and at.issuer != at.dispatcher,
        "suspend": said,
        "terminate": said,
        "revoke": said and at.revoker is not None and at.revoker != at.issuer,
    }.get(event, True)


#: What satisfies every guard, with all opinions passing or one failing.
GENEROUS: Final = tuple(
    Situation(
        form_complete=True,
        project_code="2601-990101-47-01-000001",
        main_documents_missing=frozenset(),
        items=1,
        reason="因故",
        parties=(P.REVIEW_OK,),
        verdicts=(V.AGREE, verdict),
        visit_parties=(P.ABSENT,),
        reply_share=100,
        lead_checked_in=True,
        others_checked_in=1,
        findings_open=0,
        unsigned=0,
        fees_due=False,
        issuer=2,
        dispatcher=1,
        revoker=3,
    )
    for verdict in (V.AGREE, V.RECTIFY)
)
#: One thing each that may be wrong.
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"form_complete": False},
    {"project_code": "2601"},
    {"main_documents_missing": frozenset("a")},
    {"gaps": frozenset("b")},
    {"gaps": frozenset("b"), "promised": frozenset("b")},
    {"items": 0},
    {"notices_before": 1},
    {"notices_before": 1, "supervised": True},
    {"overdue": "2026-03-02"},
    {"reason": " "},
    {"parties": ()},
    {"parties": (P.REVIEW_OK, P.NOTIFIED)},
    {"verdicts": ()},
    {"verdicts": (V.AGREE, None)},
    {"verdicts": (V.RECTIFY, None)},
    {"visit_parties": (P.CHECKED_IN, P.ABSENT)},
    {"reply_share": 99},
    {"lead_checked_in": False},
    {"others_checked_in": 0},
    {"reschedules": 2, "reschedule_limit": 2},
    {"reschedules": 2, "reschedule_limit": None},
    {"findings_open": 1},
    {"site_findings": 1},
    {"unsigned": 1},
    {"fees_due": True},
    {"issuer": None},
    {"issuer": 1},
    {"revoker": 2},
)
SITUATIONS = st.builds(
    lambda at, fault: replace(at, **fault), st.sampled_from(GENEROUS), st.sampled_from([{}, *FAULTS])
)
ENDINGS: Final = {"withdraw", "terminate", "refuse", "revoke"}


class CaseWalk(RuleBasedStateMachine):
    """One case, begun anywhere, pushed on by events in situations where all is well or one thing is wrong."""

    seen: ClassVar[set[str]] = set()

    @initialize(begun=st.sampled_from(S))
    def begin(self, begun: CaseState) -> None:
        self.state = begun
        self.came_from: CaseState = S.REVIEWING if begun is S.SUSPENDED else begun

    def _onward(self) -> list[str]:
        return [event for event, (sources, _) in CASE_TABLE.items() if self.state in sources.split()]

    @rule(step=st.data(), at=SITUATIONS, end=st.integers(0, 5))
    def happen(self, step: st.DataObject, at: Situation, end: int) -> None:
        onward = [event for event in self._onward() if end == 0 or event not in ENDINGS]
        if not onward:
            return
        event = step.draw(st.sampled_from(onward))
        if not allowed(event, at):
            with pytest.raises(Refusal) as refused:
                transition(self.state, E(event), at)
            assert not isinstance(refused.value, refusals.WrongState)
            return
        row, before = transition(self.state, E(event), at), self.state
        target = CASE_TABLE[event][1]
        self.state = row.target or self.came_from
        assert self.state == (self.came_from if target == "back" else target)
        self.came_from = before if event == "suspend" else self.state
        CaseWalk.seen |= {before, self.state, event}

    @invariant()
    def only_the_tabled_events_are_possible(self) -> None:
        assert possible(self.state) == set(self._onward())


class PartyWalk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.path = [P.NOTIFIED]

    @rule(step=st.data())
    def go_where_it_may(self, step: st.DataObject) -> None:
        onward = PARTY_TABLE[self.path[-1]].split()
        if onward:
            target = P(step.draw(st.sampled_from(onward)))
            check_party_move(self.path[-1], target)
            self.path.append(target)

    @rule(tried=st.sampled_from(P))
    def stay_where_it_may_not_go(self, tried: PartyState) -> None:
        if tried not in PARTY_TABLE[self.path[-1]].split():
            with pytest.raises(refusals.WrongPartyState):
                check_party_move(self.path[-1], tried)

    @invariant()
    def nobody_answers_an_invitation_with_an_opinion(self) -> None:
        """Between the two lies an arrival, an absence, or the end of the invitation."""
        if self.path[-1] not in ANSWERS.split() or P.INVITED not in self.path:
            return
        since = self.path[len(self.path) - self.path[::-1].index(P.INVITED) :]
        assert {P.CHECKED_IN, P.ABSENT, P.REVIEW_OK} & set(since)


QUICK = settings(max_examples=200, stateful_step_count=15, deadline=None, database=None, derandomize=True)


def test_tables_name_every_event_and_state() -> None:
    assert set(CASE_TABLE) == set(E) - {E.CREATE}
    assert set(PARTY_TABLE) == set(P)
    assert {target for _, target in CASE_TABLE.values()} - {"back"} == set(S) - {S.DRAFT}


def test_case_walks_the_whole_table_and_nothing_else() -> None:
    run_state_machine_as_test(CaseWalk, settings=QUICK)
    assert CaseWalk.seen == set(S) | set(CASE_TABLE)


def test_party_walks_the_table_and_nothing_else() -> None:
    run_state_machine_as_test(PartyWalk, settings=settings(QUICK, max_examples=50))
