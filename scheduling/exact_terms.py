"""The terms of a plan as CP-SAT expressions: the same measures as in `objectives.py`."""

from typing import Any

from scheduling.exact_model import Model
from scheduling.problem import Post, Term
from scheduling.search import model as at
from scheduling.search.timing import MOVE_WEIGHT


def _moved(model: Model) -> Any:
    """As `objectives.moved`: ten for another time, else the officers replaced, ten at most."""
    officers = {officer.id: number for number, officer in enumerate(model.problem.officers)}
    total: Any = 0
    for number, visit in enumerate(model.problem.visits):
        booking = model.problem.booking_by_visit.get(visit.id)
        if booking is None:
            continue
        change = model.cp.new_int_var(0, MOVE_WEIGHT, "")
        kept = model.kept[visit.id]
        model.cp.add(change == MOVE_WEIGHT).only_enforce_if(~kept)
        old = [{officers[each] for each in team} for team in booking.teams]
        new = sum(
            takes
            for part, team in zip(model.parts[number], old, strict=True)
            for officer, takes in part.takes.items()
            if officer not in team
        )
        replaced = model.cp.new_int_var(0, sum(party.officers for party in visit.parties), "")
        model.cp.add(replaced == new)
        capped = model.cp.new_int_var(0, MOVE_WEIGHT, "")
        model.cp.add_min_equality(capped, [replaced, MOVE_WEIGHT])
        model.cp.add(change == capped).only_enforce_if(kept)
        total += booking.cost * change
    return total


def terms_of(model: Model) -> dict[Term, Any]:
    cp, problem = model.cp, model.problem
    delays = _delays(model)
    latest = cp.new_int_var(0, problem.days * problem.day_ticks, "")
    for delay in delays:
        cp.add(latest >= delay)
    late: Any = 0
    disliked: Any = 0
    for number, visit in enumerate(problem.visits):
        for day in range(problem.days):
            late += model.cell(at.LATE, number * problem.days + day) * model.on_day[number][day]
            if visit.preferred:
                disliked += _disliked(model, number, day)
    return {
        Term.UNSERVED: sum(
            visit.priority * ~model.served[number] for number, visit in enumerate(problem.visits)
        ),
        Term.LATENESS: late,
        Term.MOVED: _moved(model),
        Term.SUBSTITUTES: sum(
            takes
            for parts in model.parts
            for part in parts
            for officer, takes in part.takes.items()
            if problem.officers[officer].post is Post.SUBSTITUTE
        ),
        Term.OVERLOAD: _overload(model),
        Term.TRAVEL: sum(model.legs),
        Term.TARDINESS: sum(delays),
        Term.MAX_TARDINESS: latest,
        Term.WAITING: sum(model.waits),
        Term.SPLITS: _splits(model),
        Term.DISLIKED: disliked,
    }


def _delays(model: Model) -> list[Any]:
    delays = []
    for number, visit in enumerate(model.problem.visits):
        if visit.wanted is None:
            continue
        for part in model.parts[number]:
            delay = model.cp.new_int_var(0, model.problem.days * model.problem.day_ticks, "")
            model.cp.add(delay >= part.start - visit.wanted.end).only_enforce_if(model.served[number])
            delays.append(delay)
    return delays


def _disliked(model: Model, number: int, day: int) -> Any:
    """1 where the visit is held on that day, in a half of it that is not preferred."""
    spot = (number * model.problem.days + day) * 2
    morning, afternoon = (model.cell(at.DISLIKE, spot + half) for half in range(2))
    if morning == afternoon:
        return morning * model.on_day[number][day]
    literal = model.cp.new_bool_var("")
    pm = model.afternoon[number]
    model.cp.add_bool_or(~model.on_day[number][day], pm if morning else ~pm, literal)
    return literal


def _overload(model: Model) -> Any:
    total: Any = 0
    for officer in range(len(model.problem.officers)):
        limit = model.cell(at.FAIR_LIMIT, officer)
        taken = [part for parts in model.parts for part in parts if officer in part.takes]
        load = sum(part.duration * part.takes[officer] for part in taken)
        if sum(part.duration for part in taken) > limit:
            over = model.cp.new_int_var(0, sum(part.duration for part in taken), "")
            model.cp.add(over >= load - limit)
            total += over
    return total


def _splits(model: Model) -> Any:
    groups: dict[str, list[int]] = {}
    for number, visit in enumerate(model.problem.visits):
        if visit.group is not None:
            groups.setdefault(visit.group, []).append(number)
    total: Any = 0
    for members in groups.values():
        taken = []
        for day in range(model.problem.days):
            for half in range(2):
                literal = model.cp.new_bool_var("")
                taken.append(literal)
                for number in members:
                    pm = model.afternoon[number]
                    model.cp.add_bool_or(~model.on_day[number][day], pm if half == 0 else ~pm, literal)
        extra = model.cp.new_int_var(0, len(members), "")
        model.cp.add(extra >= sum(taken) - 1)
        total += extra
    return total
