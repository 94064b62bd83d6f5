"""The solver's answer to a question: ranked slots as proposals, or why there are none, in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import structs

from core.i18n import translate
from inspection import clocks
from inspection.scheduling_problem import Question
from scheduling import problem as s
from scheduling.explain import explain
from scheduling.openings import Allowance
from scheduling.plan import Placement, booked_plan
from scheduling.problem import Half
from scheduling.slots import Slot, series
from scheduling.standing import Standing
from scheduling.wording import Absence, Reason, reason, word

#: A dispatcher chooses among so many, and at least among `ENOUGH`.
PROPOSALS, ENOUGH = 5, 3
#: A visit that takes more half-days than this is one for segments.
MOST_PARTS = 4
#: How far a search goes, step by step: B posts only if A posts leave too little choice, the promise broken last.
ALLOWANCES = (Allowance(), Allowance(substitutes=True), Allowance(substitutes=True, extra_days=20))


@dataclass(frozen=True, slots=True)
class Answer:
    """Slots, best first, as JSON-ready proposals; or why there are none and what would help."""

    proposals: tuple[dict[str, Any], ...]
    explanation: tuple[dict[str, Any], ...] = ()


def answer(question: Question, *, seconds: float = 2.0) -> Answer:
    """Pure and slow: run it in a thread.

    A posts within the promise first, then B posts, then later than promised; in one go where that is possible, else in
    as few half-days as will do.
    """
    like: Standing | None = None
    for number in range(fewest_parts(question), MOST_PARTS + 1):
        problem, parts = parted(question.problem, question.visit, number)
        # Who works when and how far it is are reckoned once: officers, places and days are the same in every search.
        standing = like = Standing(problem, booked_plan(problem), like=like)
        for allowance in ALLOWANCES:
            found = series(standing, parts, count=PROPOSALS, allowance=allowance, seconds=seconds)
            if len(found) >= ENOUGH:
                break
        if found:
            return Answer(tuple(_proposal(question, problem, slots) for slots in found))
    return _refusal(question, seconds)


def _refusal(question: Question, seconds: float) -> Answer:
    found = explain(
        question.problem, question.visit, allowance=ALLOWANCES[-1], desk=question.desk, seconds=seconds
    )
    conflicts = [[blocker.reason for blocker in conflict] for conflict in found.conflicts]
    ways_out = [[way.reason] for way in found.relaxations]
    return Answer(
        (),
        tuple(
            {"kind": kind, "reasons": [worded(question, each) for each in reasons]}
            for kind, every in (("conflict", conflicts), ("way_out", ways_out))
            for reasons in every
        ),
    )


def fewest_parts(question: Question) -> int:
    """How many half-days the longest part needs at least: none is longer than an officer's working hours."""
    visit = question.problem.visit_by_id[question.visit]
    longest = max(
        window.end - window.start for officer in question.problem.officers for window in officer.hours
    )
    return min(MOST_PARTS, -(-max(party.duration for party in visit.parties) // longest))


def parted(problem: s.Problem, name: str, number: int) -> tuple[s.Problem, tuple[str, ...]]:
    """The problem with the visit as so many visits of an equal share of its length, one after the other."""
    if number == 1:
        return problem, (name,)
    visit = problem.visit_by_id[name]
    grid = problem.grid
    parties = tuple(
        structs.replace(party, duration=-(-party.duration // (number * grid)) * grid)
        for party in visit.parties
    )
    names = tuple(f"{name}/{part}" for part in range(1, number + 1))
    parts = tuple(
        structs.replace(visit, id=part, parties=parties, group=name, after=before)
        for before, part in zip((None, *names), names, strict=False)
    )
    recusals = tuple(
        structs.replace(each, visit=part) if each.visit == name else each
        for each in problem.recusals
        for part in (names if each.visit == name else names[:1])
    )
    others = tuple(each for each in problem.visits if each.id != name)
    return structs.replace(problem, visits=(*parts, *others), recusals=recusals), names


def _proposal(question: Question, problem: s.Problem, slots: Sequence[Slot]) -> dict[str, Any]:
    """One offer; of several slots where the visit comes in parts."""
    reasons = [] if len(slots) == 1 else [_in_parts(problem, slots)]
    for slot in slots:
        reasons += [each for each in slot.reasons if each not in reasons]
    return {
        "teams": teams_of(problem, [slot.placement for slot in slots]),
        "reasons": [worded(question, each) for each in reasons],
    }


def teams_of(problem: s.Problem, placements: Sequence[Placement]) -> list[dict[str, Any]]:
    """Who comes when, as a `SlotProposal` keeps it."""
    return [
        {
            "party_id": int(party.id),
            "starts_at": moment(problem.first_day, start).isoformat(),
            "ends_at": moment(problem.first_day, start + party.duration).isoformat(),
            "officer_ids": [int(officer) for officer in team],
        }
        for placement in placements
        for party, start, team in zip(
            problem.visit_by_id[placement.visit].parties, placement.starts, placement.teams, strict=True
        )
    ]


def _in_parts(problem: s.Problem, slots: Sequence[Slot]) -> Reason:
    first = problem.visit_by_id[slots[0].placement.visit]
    longest = max(party.duration for party in first.parties)
    if len(slots) == len(Half):
        return reason("split_in_time", minutes=longest)
    return reason("split_in_parts", number=len(slots), minutes=longest)


def worded(question: Question, reason: Reason) -> dict[str, str]:
    """The reason's code, and its sentence in both languages with people's and departments' names put in."""
    sentences = {"code": reason.code}
    for locale, key in (("zh-CN", "zh"), ("en", "en")):
        params = {name: _named(value, question.names[key]) for name, value in reason.params.items()}
        named = Reason(code=reason.code, params=params)
        sentences[key] = word(named, gettext=partial(translate, locale), locale=locale)
    return sentences


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, tuple):
        return tuple(_named(each, names) for each in value)
    if isinstance(value, Absence):
        return Absence(name=names.get(value.name, value.name), span=value.span)
    return value


def moment(first_day: date, tick: int) -> datetime:
    return clocks.start_of(first_day) + timedelta(minutes=tick)
