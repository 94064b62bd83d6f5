from datetime import date
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bounds import lower_bounds
from scheduling.checker import check
from scheduling.engine import Budget, Progress, solve
from scheduling.exact import prove
from scheduling.objectives import level_values
from scheduling.plan import Plan
from scheduling.problem import (
    Booking,
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Hold,
    Leave,
    Level,
    Problem,
    Recusal,
    Term,
    Visit,
)
from scheduling.search import model as at
from scheduling.search.compile import compile_problem
from tests.scheduling.towns import MONDAY, officer, party, problem, stand, town, visit

BRIEF = Budget(moves=400)
#: Terms of which a further officer can only take away (a fair share grows with the staff that it is measured by).
MONOTONE = tuple(
    Level(weights={term: 1}) for term in (Term.UNSERVED, Term.LATENESS, Term.SUBSTITUTES, Term.TRAVEL)
)


def rich(seed: int, **values: Any) -> Problem:
    """A town with something of everything that a problem can ask for."""
    rng = Random(seed)
    plain = town(seed, **values)
    days = [plain.date_of(day) for day in range(plain.days)]

    def half() -> HalfDay:
        return HalfDay(day=rng.choice(days), half=rng.choice(tuple(Half)))

    def some(*choices: Any) -> Any:
        return rng.choice((None, None, None, *choices))

    def away() -> Leave:
        day = rng.choice(days)
        return Leave(first=day, last=day, part=some(DayWindow(start=540, end=660)))

    officers = [
        msgspec.structs.replace(
            each,
            weekly=some(400, 700),
            district=some("东区"),
            leave=(away(),) if rng.random() < 0.3 else (),
            certificates=(Certificate(name=each.department, last=rng.choice((days[-1], date.max))),),
        )
        for each in plain.officers
    ]
    visits: list[Visit] = []
    for each in plain.visits:
        first, *others = each.parties
        leaving = [msgspec.structs.replace(party, duration=rng.choice((30, 60))) for party in others]
        if leaving and rng.random() < 0.2:
            leaving[-1] = msgspec.structs.replace(leaving[-1], lag=(10, 40))
        change = {
            "parties": (first, *leaving),
            "earliest": some(*days),
            "preferred": (half(),) if rng.random() < 0.3 else (),
            "forbidden": (half(), half()) if rng.random() < 0.3 else (),
            "applicant": f"申请人{rng.randrange(4)}",
            "after": visits[-1].id if visits and rng.random() < 0.2 else None,
        }
        visits.append(msgspec.structs.replace(each, **change))
    return msgspec.structs.replace(
        plain,
        sites=tuple(
            msgspec.structs.replace(
                each, district=some("东区", "西区"), closed=tuple(filter(None, [some(*days)]))
            )
            for each in plain.sites
        ),
        officers=tuple(officers),
        visits=tuple(visits),
        vehicles=tuple(msgspec.structs.replace(each, unavailable=(half(),)) for each in plain.vehicles),
        recusals=(
            Recusal(officer=rng.choice(officers).id, applicant="申请人0"),
            *(Recusal(officer=rng.choice(officers).id, visit=each.id) for each in visits[:2]),
        ),
    )


def hamlet(seed: int, **values: Any) -> Problem:
    """Small enough to be solved to the proven end."""
    return town(seed, visits=3, days=1, departments=2, **{"levels": MONOTONE} | values)


def optimum(small: Problem) -> tuple[int, ...]:
    proof = prove(small, seconds=30)
    assert proof.proven == len(small.levels)
    return proof.bounds


@given(seed=st.integers(0, 10_000), visits=st.integers(0, 25), days=st.integers(1, 7))
@settings(max_examples=15, deadline=None)
def test_plan_of_any_problem_passes_the_checker(seed: int, visits: int, days: int) -> None:
    any_town = rich(seed, visits=visits, days=days)
    solution = solve(any_town, budget=BRIEF)
    assert solution.report.violations == ()
    assert solution.trace[-1].levels == solution.report.levels == check(any_town, solution.plan).levels


@given(seed=st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_no_start_that_a_sound_plan_uses_is_ruled_out_beforehand(seed: int) -> None:
    one = rich(seed)
    m = compile_problem(one).m
    plan = stand(one)
    assert check(one, plan).feasible
    for number, each in enumerate(one.visits):
        if (placement := plan.by_visit.get(each.id)) is not None:
            day, tick = divmod(placement.starts[0], one.day_ticks)
            row = number * one.days + day
            first = m[at.WINDOW] + row * m[at.SPANS] * 2
            spans = m[first : first + 2 * m[m[at.WINDOW_COUNT] + row]].reshape(-1, 2)
            assert any(start <= tick <= end for start, end in spans)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_no_plan_that_serves_everyone_is_below_a_bound(seed: int) -> None:
    one = town(seed, visits=8, days=7)
    bounds = lower_bounds(one)
    for plan in (stand(one), solve(one, budget=BRIEF).plan):
        terms = check(one, plan).terms
        if terms[Term.UNSERVED] == bounds[Term.UNSERVED]:
            assert all(bounds[term] <= terms[term] for term in Term)


@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_plan_does_not_depend_on_the_order_of_the_input(seed: int, order: Any) -> None:
    one = rich(seed)
    shuffled = {
        name: tuple(order.sample(getattr(one, name), len(getattr(one, name))))
        for name in ("sites", "officers", "visits", "vehicles", "recusals")
    }
    assert solve(msgspec.structs.replace(one, **shuffled), budget=BRIEF).plan == solve(one, budget=BRIEF).plan


@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
@settings(max_examples=2, deadline=None)
def test_optimum_does_not_depend_on_names(seed: int, order: Any) -> None:
    one = hamlet(seed)
    names = [f"新名{number}" for number in range(len(one.officers))]
    order.shuffle(names)
    renamed = [msgspec.structs.replace(each, id=name) for each, name in zip(one.officers, names, strict=True)]
    assert optimum(msgspec.structs.replace(one, officers=tuple(renamed), recusals=())) == optimum(
        msgspec.structs.replace(one, recusals=())
    )


@given(seed=st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_optimum_never_worse_with_one_officer_more(seed: int) -> None:
    one = hamlet(seed)
    more = (*one.officers, msgspec.structs.replace(one.officers[0], id="新人", pool=None))
    assert optimum(msgspec.structs.replace(one, officers=more)) <= optimum(one)


@given(seed=st.integers(0, 10_000), data=st.data())
@settings(max_examples=3, deadline=None)
def test_unserved_never_fewer_when_tightened(seed: int, data: st.DataObject) -> None:
    one = hamlet(seed)
    away = data.draw(st.sampled_from(one.officers))
    on_leave = msgspec.structs.replace(away, leave=(Leave(first=MONDAY, last=MONDAY),))
    staff = tuple(on_leave if each is away else each for each in one.officers)
    no_morning = (HalfDay(day=MONDAY, half=Half.MORNING),)
    tight = [msgspec.structs.replace(each, forbidden=no_morning) for each in one.visits]
    tighter = msgspec.structs.replace(one, officers=staff, visits=tuple(tight))
    assert optimum(tighter)[0] >= optimum(one)[0]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_search_never_beats_the_proven_optimum_and_meets_it_on_small_problems(seed: int) -> None:
    one = hamlet(seed)
    assert solve(one, budget=Budget(moves=8_000)).report.levels == optimum(one)


def test_solve_repeats_itself_with_the_same_seed_and_moves() -> None:
    budget = Budget(moves=2_000, workers=2)
    plans = [solve(town(7), budget=budget, seed=seed).plan for seed in (3, 3, 4)]
    assert plans[0] == plans[1] != plans[2]


def test_solve_reports_progress_that_only_improves() -> None:
    seen: list[Progress] = []
    solution = solve(town(3, visits=20), budget=Budget(seconds=0.6), on_progress=seen.append)
    levels = [step.levels for step in seen]
    assert levels == sorted(levels, reverse=True)
    assert seen[-1].levels == solution.report.levels


def test_bounds_rise_with_the_progress_and_stay_below_it() -> None:
    seen: list[Progress] = []
    order = (None, "件0", "件1")
    visits = tuple(
        visit(f"件{number}", "消防", duration=150, group="案", after=after)
        for number, after in enumerate(order)
    )
    one = problem(visits, (officer("甲", "消防"), officer("乙", "消防")), days=2)
    solve(one, budget=Budget(seconds=60), on_progress=seen.append, cancelled=lambda: known(seen))
    last = seen[-1]
    splits, travel = 7, 5
    assert (last.bounds[splits], last.levels[splits]) == (2, 2)
    assert 0 < last.bounds[travel] <= last.levels[travel]


def known(seen: list[Progress]) -> bool:
    return bool(seen) and sum(seen[-1].bounds) > 2


@pytest.mark.parametrize(("bounds", "gap"), [((), None), ((0, 4, 0), 0.2), ((0, 5, 9), 0.0)])
def test_gap_is_that_of_the_first_level_not_proven(bounds: tuple[int, ...], gap: float | None) -> None:
    assert Progress(seconds=1.0, moves=1, levels=(0, 5, 9), served=1, bounds=bounds).gap == gap


def test_workers_that_memory_does_not_hold_are_not_started() -> None:
    one = town(7)
    moves = [
        solve(one, budget=Budget(moves=200, workers=3, megabytes=megabytes)).moves
        for megabytes in (None, 40, 1)
    ]
    assert moves == [600, 400, 200]


def test_officer_who_leaves_early_is_at_the_next_visit_while_the_first_goes_on() -> None:
    early = Visit(id="长", site="一号地", parties=(party("质监", duration=150), party("消防", duration=30)))
    both = (early, visit("短", "消防", duration=60))
    staff = [
        officer(name, department)
        for department in ("质监", "消防")
        for name in (department, department + "2")
    ]
    closed = (HalfDay(day=MONDAY, half=Half.AFTERNOON),)
    mornings = tuple(msgspec.structs.replace(each, forbidden=closed) for each in both)
    plan = solve(problem(mornings, tuple(staff), days=1), budget=BRIEF).plan
    long, short = plan.by_visit["长"].start, plan.by_visit["短"].start
    assert long < short < long + 150 or short < long < short + 150


def test_solve_stops_when_cancelled_and_keeps_the_best_plan() -> None:
    asked = iter((False, True))
    solution = solve(town(3), budget=Budget(seconds=60), cancelled=lambda: next(asked))
    assert solution.cancelled
    assert solution.seconds < 10
    assert solution.report.feasible


def test_solve_starts_from_a_plan() -> None:
    one = town(5)
    good = solve(one, budget=Budget(moves=3_000)).report
    plan = solve(one, budget=Budget(moves=3_000)).plan
    again = solve(one, budget=Budget(moves=0), start=plan)
    assert again.report.levels <= good.levels


@pytest.mark.parametrize("hold", list(Hold))
def test_bookings_stay_where_nothing_presses(hold: Hold) -> None:
    one = town(11)
    plan = solve(one, budget=BRIEF).plan
    bookings = tuple(
        Booking(visit=each.visit, starts=each.starts, teams=each.teams, hold=hold) for each in plan.placements
    )
    again = solve(msgspec.structs.replace(one, bookings=bookings), budget=BRIEF, seed=9)
    assert again.report.feasible
    assert again.report.terms[Term.MOVED] == 0


def test_pinned_booking_stays_though_moving_it_would_serve_more() -> None:
    staff = (officer("甲", "消防"), officer("乙", "消防"))
    visits = (visit("件", "消防"), visit("急", "消防", forbidden=(HalfDay(day=MONDAY, half=Half.AFTERNOON),)))
    booking = Booking(visit="件", starts=(600,), teams=(("甲", "乙"),), hold=Hold.PINNED)
    pinned = problem(visits, staff, days=1, bookings=(booking,))
    assert solve(pinned, budget=BRIEF).plan.unserved(pinned) == ("急",)
    loose = msgspec.structs.replace(pinned, bookings=(msgspec.structs.replace(booking, hold=Hold.MOVABLE),))
    assert solve(loose, budget=BRIEF).plan.unserved(loose) == ()


def test_solve_of_nothing_is_an_empty_plan() -> None:
    assert solve(problem((), ()), budget=BRIEF).plan == Plan()


def test_level_values_of_an_empty_plan_are_the_priorities() -> None:
    one = town(1)
    report = check(one, Plan())
    assert level_values(one, report.terms)[0] == sum(each.priority for each in one.visits)
