from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.workdays import state_council_calendar
from inspection.commands import decisions
from inspection.commands.fieldwork import FindingForm
from inspection.figures import Figure, Period, changes, plain
from inspection.indicators import CaseFacts, SpokenOpinion, indicators
from inspection.queries.indicator_facts import compute
from inspection.states import CaseKind, Verdict
from tests.inspection.world import World, at, issued, visited

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def spoken(department: str, verdict: Verdict, round_: int = 1) -> SpokenOpinion:
    day = date(2026, 3, 5)
    return SpokenOpinion(department=department, round=round_, verdict=verdict, signed=day, visit=day)


def fact(code: str, **changes: Any) -> CaseFacts:
    values: dict[str, Any] = {
        "code": code,
        "segment": f"{code}/1",
        "floor_area": Decimal(12_345),
        "promised": 7,
        "accepted": date(2026, 3, 2),
        "first_visit": date(2026, 3, 5),
        "first_closed": date(2026, 3, 5),
        "visits": (date(2026, 3, 5),),
        "issued": date(2026, 3, 6),
    }
    return CaseFacts(**(values | changes))


def figures(*facts: CaseFacts, period: Period = MARCH) -> dict[tuple[str, str | None], Figure]:
    found = indicators(facts, period, state_council_calendar(), legal_days=20)
    return {(figure.code, figure.department): figure for figure in found}


def test_segment_counts_once_however_many_cases_it_has() -> None:
    found = figures(fact("a"), fact("b", segment="a/1"), fact("c"))
    assert found["1.visited", None].value == 2
    assert found["2.area", None].value == Decimal("2.5")  # 24,690 ㎡
    assert found["2.area", None].cases == ("a", "b", "c")


def test_pauses_are_taken_off_the_handling_time() -> None:
    paused = fact("a", issued=date(2026, 3, 20), pauses=((date(2026, 3, 6), date(2026, 3, 13)),))
    found = figures(paused, fact("b"))
    assert found["4.gross", None].value == Decimal("9.00")  # (14 + 4) / 2
    assert found["4.net", None].value == Decimal("6.50")  # (9 + 4) / 2
    assert found["4.calendar", None].value == Decimal("11.00")


def test_counts_are_written_without_decimals() -> None:
    before, after = (figures(fact("a")).values(), figures(fact("a"), fact("b")).values())
    shown = {change.code: (change.before, change.after) for change in changes(before, after)}
    assert (shown["1.visited"], shown["2.area"]) == (("1", "2"), ("1.20", "2.50"))
    assert [plain(Decimal(each)) for each in ("3.00", "2.50", "-20", "0.125", "0")] == [
        "3",
        "2.5",
        "-20",
        "0.12",
        "0",
    ]


def test_pass_rates_leave_the_unconcerned_out() -> None:
    one = fact(
        "a",
        opinions=(
            spoken("fire", Verdict.AGREE),
            spoken("planning", Verdict.RECTIFY),
            spoken("water", Verdict.NOT_CONCERNED),
            spoken("planning", Verdict.AGREE, 2),
        ),
    )
    two = fact(
        "b", opinions=(spoken("fire", Verdict.AGREE_WITH_COMMITMENT), spoken("planning", Verdict.AGREE))
    )
    three = fact("c", opinions=(spoken("fire", Verdict.AGREE),))
    found = figures(one, two, three)
    assert found["5.department", "fire"].value == Decimal("100.00")
    assert found["5.department", "planning"].value == Decimal("50.00")
    assert ("5.department", "water") not in found
    assert found["5.mean", None].value == Decimal("75.00")
    assert found["5.micro", None].value == Decimal("80.00")
    assert found["5.agree_with_commitment", None].value == Decimal("20.00")
    assert found["6.first_visit", None].value == Decimal("66.67")
    assert found["7.recheck", None].value == Decimal("33.33")


def test_growth_compares_with_the_same_days_of_the_year_before() -> None:
    before = date(2025, 3, 31)
    found = figures(
        fact("a"), fact("b"), fact("c"), fact("d", first_visit=before, floor_area=Decimal(50_000))
    )
    assert found["1.growth", None].value == Decimal("200.00")
    assert found["2.growth", None].value == Decimal("-1.30")  # 3.7 万㎡ against 5.0


def test_conduct_of_departments_is_counted_by_case() -> None:
    day = date(2026, 3, 5)
    one = fact(
        "a",
        replies=(("fire", "confirmed"), ("water", "silent")),
        attendance=(("fire", "late"), ("water", "absent")),
        opinions=(spoken("fire", Verdict.RECTIFY), spoken("water", Verdict.DEEMED)),
        violations=((day, "fire", "not_listed_once"),),
    )
    two = fact("b", replies=(("fire", "declined"),), opinions=(spoken("fire", Verdict.RECTIFY),))
    found = figures(one, two)
    values = {key: figure.value for key, figure in found.items() if key[0].startswith("8.")}
    assert values == {
        ("8.reply", "fire"): 100,
        ("8.reply", "water"): 0,
        ("8.deemed_attending", "fire"): 0,
        ("8.deemed_attending", "water"): 100,
        ("8.attendance", "fire"): 100,
        ("8.attendance", "water"): 0,
        ("8.punctuality", "fire"): 0,
        ("8.signed", "fire"): 100,
        ("8.signed", "water"): 100,
        ("8.listed_once", "fire"): 50,
        ("8.deemed_consent", "fire"): 0,
        ("8.deemed_consent", "water"): 100,
    }


def test_figure_without_denominator_has_no_value() -> None:
    found = figures(period=MARCH)
    assert found["6.first_visit", None].value is None
    assert found["6.first_visit", None].denominator == 0


async def test_figures_of_real_cases(session: AsyncSession, world: World) -> None:
    survey, _ = await visited(session, world, at(3), 3)
    survey.kind = CaseKind.SURVEY
    first, moment = await issued(session, world, at(3), 1)
    failing, _ = await visited(session, world, at(3), 2, fire=[FindingForm(text="问题")])
    await decisions.deliberate(session, failing, by=world.dispatcher, now=moment)
    found = {
        (figure.code, figure.department): figure
        for figure in await compute(session, date(2026, 3, 1), date(2026, 3, 31), now=at(31))
    }
    assert found["1.visited", None].value == 2
    assert found["1.issued", None].cases == (first.code,)
    assert found["5.department", "fire"].value == Decimal("50.00")
    assert found["6.first_visit", None].value == Decimal("50.00")
    assert found["9.done", None].value == Decimal("50.00")
    assert found["8.reply", "fire"].value == Decimal("100.00")
    assert found["8.attendance", "fire"].value == Decimal("100.00")
