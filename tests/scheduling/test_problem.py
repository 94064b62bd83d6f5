from datetime import date
from typing import Any

import jsonschema
import msgspec
import pytest

from core.workdays import DayKind, WorkCalendar
from scheduling.codec import decode_plan, decode_problem, encode, plan_schema, problem_schema
from scheduling.engine import Budget, solve
from scheduling.problem import (
    Booking,
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Level,
    Matrix,
    Office,
    Problem,
    Recusal,
    Site,
    Speed,
    Term,
    Vehicle,
    Visit,
)
from scheduling.validation import KINDS, MESSAGES, ProblemError
from tests.scheduling.towns import MONDAY, officer, party, problem, town, visit

EXPIRED_BEFORE = Certificate(name="消防", first=MONDAY, last=date.min)


def sound(**values: Any) -> Problem:
    standard = {"visits": (visit("件", "消防"),), "officers": (officer("甲", "消防"), officer("乙", "消防"))}
    return problem(**standard | values)


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("empty_horizon", {"days": 0}),
        ("bad_number", {"grid": 0}),
        ("bad_number", {"visits": (visit("件", "消防", priority=0),)}),
        ("bad_number", {"officers": (officer("甲", "消防", daily=-1),)}),
        ("bad_number", {"vehicles": (Vehicle(id="车", pool="车队", seats=0),)}),
        ("duplicate_id", {"sites": (Site(id="一号地"), Site(id="一号地"))}),
        ("duplicate_id", {"visits": (visit("件", "消防", "消防"),)}),
        ("unknown_id", {"visits": (visit("件", "消防", site="无"),)}),
        ("unknown_id", {"visits": (visit("件", "消防", after="无"),)}),
        ("unknown_id", {"officers": (officer("甲", "消防", office="无"),)}),
        ("unknown_id", {"bookings": (Booking(visit="无", starts=(), teams=()),)}),
        ("bad_window", {"sites": (Site(id="一号地", access=(DayWindow(start=700, end=600),)),)}),
        ("overlapping_hours", {"officers": (officer("甲", "消防", hours=(DayWindow(start=0, end=9),) * 2),)}),
        ("no_parties", {"visits": (Visit(id="件", site="一号地", parties=()),)}),
        ("bad_lag", {"visits": (visit("件", parties=(party("消防", lag=(5, 5)),)),)}),
        ("cyclic_order", {"visits": (visit("件", "消防", after="又"), visit("又", "消防", after="件"))}),
        ("bad_coordinates", {"offices": (Office(id="中心", lat=91.0),)}),
        ("bad_coordinates", {"offices": (Office(id="中心", lon=float("nan")),)}),
        ("bad_number", {"travel": Speed(kmh=0.0)}),
        ("bad_number", {"travel": Speed(fixed=-1)}),
        ("bad_number", {"levels": (Level(weights={Term.TRAVEL: -1}),)}),
        (
            "bad_window",
            {
                "officers": (
                    officer(
                        "甲", "消防", certificates=(Certificate(name="消防", first=MONDAY, last=date.min),)
                    ),
                )
            },
        ),
        ("matrix_shape", {"travel": Matrix(places=("中心",), ticks=((0, 1),))}),
        (
            "negative_travel",
            {"travel": Matrix(places=("中心", "一号地", "二号地"), ticks=((0, -1, 1), (1, 0, 1), (1, 1, 0)))},
        ),
        ("booking_shape", {"bookings": (Booking(visit="件", starts=(1, 2), teams=(("甲",),)),)}),
        ("recusal_target", {"recusals": (Recusal(officer="甲"),)}),
    ],
)
def test_problem_that_contradicts_itself_is_refused(code: str, values: dict[str, Any]) -> None:
    with pytest.raises(ProblemError) as refused:
        sound(**values)
    assert refused.value.code == code
    assert str(refused.value) == MESSAGES[code] % refused.value.params
    assert refused.value.params.get("kind", KINDS[0]) in KINDS


def test_problem_comes_back_from_json() -> None:
    calendar = WorkCalendar("2026", {date(2026, 3, 14): DayKind.WORKING}, frozenset({2026}))
    for one in (sound(calendar=calendar), town(3), town(4)):
        assert decode_problem(encode(one)) == one
        assert encode(decode_problem(encode(one))) == encode(one)


def test_plan_comes_back_from_json() -> None:
    plan = solve(town(3), budget=Budget(moves=100)).plan
    assert decode_plan(encode(plan)) == plan
    jsonschema.validate(msgspec.json.decode(encode(plan)), plan_schema())


def test_problem_fits_its_published_schema() -> None:
    jsonschema.validate(msgspec.json.decode(encode(town(3))), problem_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"first_day": "2026-03-09"}, problem_schema())


def test_decoding_a_contradiction_names_its_code() -> None:
    with pytest.raises(ProblemError) as refused:
        decode_problem(encode(sound()).replace(b'"days":5', b'"days":0'))
    assert refused.value.code == "empty_horizon"


def test_decoding_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_problem(b'{"days": "many"}')


def test_deadline_counts_working_days() -> None:
    closed = WorkCalendar("t", {date(2026, 3, 10): DayKind.OFF}, frozenset({2026}))
    promised = visit("件", "消防", received=MONDAY, promised=2)
    assert sound(visits=(promised,), calendar=closed).deadline_of(promised) == date(2026, 3, 12)
    assert sound().deadline_of(visit("件", "消防")) is None


def test_half_day_turns_at_noon() -> None:
    assert sound().half_day_of(1440 + 719) == HalfDay(day=date(2026, 3, 10), half=Half.MORNING)
    assert sound().half_day_of(720) == HalfDay(day=MONDAY, half=Half.AFTERNOON)


def test_problem_is_immutable() -> None:
    with pytest.raises(AttributeError):
        sound().days = 3  # type: ignore[misc]
    assert Office(id="甲") == Office(id="甲")
