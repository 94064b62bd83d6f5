"""The yearly figures, from facts alone. Pure: no database, no clock.

Every figure carries numerator, denominator and the cases behind it; rates are percent with two decimals, rounded half
up. 不涉及 counts nowhere; agreement with commitment and deemed consent are passed, and have columns of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import quantiles

import msgspec

from core.workdays import WorkCalendar
from inspection.clocks import paused_working_days
from inspection.figures import DAYS, PERCENT, Figure, Period, figure_of
from inspection.rules import FAILING, PASSING
from inspection.states import Verdict, Violation

TEN_THOUSAND = Decimal(10_000)
JUDGED = (PASSING | FAILING) - {Verdict.NOT_CONCERNED}


class SpokenOpinion(msgspec.Struct, frozen=True, kw_only=True):
    """`visit` is the day of the visit it was given on; None at a desk."""

    department: str
    round: int
    verdict: Verdict
    signed: date
    visit: date | None


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures need to know of a case; days in local time, areas in ㎡."""

    code: str
    segment: str
    floor_area: Decimal
    promised: int | None = None
    accepted: date | None = None
    first_visit: date | None = None
    first_closed: date | None = None
    visits: tuple[date, ...] = ()
    issued: date | None = None
    refused: date | None = None
    pauses: tuple[tuple[date, date], ...] = ()
    opinions: tuple[SpokenOpinion, ...] = ()
    rectifications: tuple[tuple[date, date], ...] = ()
    replies: tuple[tuple[str, str], ...] = ()
    """Department and `confirmed`, `declined` or `silent`, for each invitation that was settled."""
    attendance: tuple[tuple[str, str], ...] = ()
    """Department and `present`, `late` or `absent`, for each party of each visit."""
    lamps: tuple[tuple[date, str, str], ...] = ()
    """Day, node, lamp; one for each change."""
    violations: tuple[tuple[date, str, str], ...] = ()
    """Day, department, kind."""


def indicators(
    facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar, *, legal_days: int
) -> list[Figure]:
    """The families 1 to 11, which cases tell; those of the field (12) and of trading (13) are made beside this."""
    return [
        *_counts(facts, period, calendar),
        *_durations(facts, period, calendar),
        *_passing(facts, period),
        *_rechecks(facts, period, calendar),
        *_departments(facts, period),
        *_completion(facts, period, calendar, legal_days),
        *_lamps(facts, period),
    ]


def _counts(facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar) -> Iterable[Figure]:
    visited = [fact for fact in facts if fact.first_visit in period]
    issued = [fact for fact in facts if fact.issued in period]
    for code, held, names in (
        ("1.visited", visited, ("联合验收项目数（按首次现场）", "Inspections by first visit")),
        ("1.issued", issued, ("联合验收项目数（按出具意见）", "Inspections by opinion issued")),
    ):
        segments = {fact.segment for fact in held}
        yield figure_of(code, names, "个", (len(segments), 1), (fact.code for fact in held))
    before = [fact for fact in facts if fact.first_visit in period.year_before]
    number, number_before = (len({fact.segment for fact in some}) for some in (visited, before))
    codes = [fact.code for fact in visited]
    names = ("联合验收项目数同比", "Inspections, year on year")
    yield figure_of("1.growth", names, PERCENT, (number - number_before, number_before), codes)
    area, area_before = _area(visited), _area(before)
    yield figure_of("2.area", ("验收面积", "Floor area"), "万㎡", (area, 1), codes)
    names = ("验收面积同比增量", "Floor area, change on the year before")
    yield figure_of("2.growth", names, "万㎡", (area - area_before, 1), codes)
    yield figure_of("3.monthly", ("月均项目数", "Monthly mean"), "个", (number, period.months), codes)
    days = calendar.working_days_between(period.first - timedelta(days=1), period.last)
    inside = [fact.code for fact in facts for day in fact.visits if day in period]
    yield figure_of("10.daily", ("日均现场次数", "Visits a working day"), "次", (len(inside), days), inside)


def _area(held: Sequence[CaseFacts]) -> Decimal:
    """万㎡ with one decimal, each segment once."""
    area = sum({fact.segment: fact.floor_area for fact in held}.values(), Decimal(0)) / TEN_THOUSAND
    return area.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _durations(facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar) -> Iterable[Figure]:
    done = [(fact, fact.accepted, fact.issued) for fact in facts if fact.accepted and fact.issued in period]
    gross = net = calendar_days = 0
    for fact, accepted, issued in done:
        if issued is None:
            continue
        elapsed = calendar.working_days_between(accepted, issued)
        gross += elapsed
        net += elapsed - paused_before(calendar, fact, accepted, issued)
        calendar_days += (issued - accepted).days
    codes = [fact.code for fact, _, _ in done]
    for code, total, names, unit in (
        ("4.net", net, ("平均办理时间", "Mean handling time"), DAYS),
        ("4.gross", gross, ("平均办理时间（含不计时）", "Mean handling time, pauses included"), DAYS),
        ("4.calendar", calendar_days, ("平均历时", "Mean calendar days"), "天"),
    ):
        yield figure_of(code, names, unit, (total, len(done)), codes)


def paused_before(calendar: WorkCalendar, fact: CaseFacts, accepted: date, issued: date) -> int:
    """Working days of the case's pauses between acceptance and issue."""
    clipped = [(first, min(last, issued)) for first, last in fact.pauses if first < issued]
    return paused_working_days(calendar, accepted, clipped)


def _passing(facts: Sequence[CaseFacts], period: Period) -> Iterable[Figure]:
    judged: dict[str, list[tuple[str, Verdict]]] = defaultdict(list)
    for fact in facts:
        for opinion in fact.opinions:
            if opinion.round == 1 and opinion.signed in period and opinion.verdict in JUDGED:
                judged[opinion.department].append((fact.code, opinion.verdict))
    rates = []
    for department, verdicts in sorted(judged.items()):
        passed = sum(verdict in PASSING for _, verdict in verdicts)
        figure = figure_of(
            "5.department",
            ("部门通过率", "Department's pass rate"),
            PERCENT,
            (passed, len(verdicts)),
            (code for code, _ in verdicts),
            department=department,
        )
        rates.append(Decimal(passed) * 100 / len(verdicts))
        yield figure
    everything = [pair for verdicts in judged.values() for pair in verdicts]
    codes = {code for code, _ in everything}
    yield figure_of(
        "5.mean", ("部门平均通过率", "Mean of departments' pass rates"), "分", (sum(rates), len(rates)), codes
    )
    passed = sum(verdict in PASSING for _, verdict in everything)
    yield figure_of(
        "5.micro", ("全部意见通过率", "Pass rate of all opinions"), PERCENT, (passed, len(everything)), codes
    )
    for verdict, names in (
        (Verdict.AGREE_WITH_COMMITMENT, ("其中告知承诺", "of them with commitment")),
        (Verdict.DEEMED, ("其中超时默许", "of them deemed")),
    ):
        number = sum(each is verdict for _, each in everything)
        yield figure_of(f"5.{verdict.value}", names, PERCENT, (number, len(everything)), codes)
    concluded = [fact for fact in facts if fact.first_closed in period]
    clean = [fact for fact in concluded if _passed_at_once(fact)]
    yield figure_of(
        "6.first_visit",
        ("一次性现场验收全部通过率", "All passed at the first visit"),
        PERCENT,
        (len(clean), len(concluded)),
        (fact.code for fact in concluded),
    )


def _passed_at_once(fact: CaseFacts) -> bool:
    return all(opinion.verdict in PASSING for opinion in fact.opinions if opinion.round == 1)


def _rechecks(facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar) -> Iterable[Figure]:
    concluded = [fact for fact in facts if fact.first_closed in period]
    codes = [fact.code for fact in concluded]
    again = sum(not _passed_at_once(fact) for fact in concluded)
    yield figure_of("7.recheck", ("复验率", "Recheck rate"), PERCENT, (again, len(concluded)), codes)
    visits = sum(len(fact.visits) for fact in concluded)
    yield figure_of("7.visits", ("每件现场次数", "Visits a case"), "次", (visits, len(concluded)), codes)
    rectified = [
        (fact.code, calendar.working_days_between(start, end))
        for fact in facts
        for start, end in fact.rectifications
        if end in period
    ]
    middle, ninth = _median_and_p90(sorted(days for _, days in rectified))
    codes = [code for code, _ in rectified]
    yield figure_of("7.rectify_median", ("整改用时中位数", "Rectification, median"), DAYS, (middle, 1), codes)
    yield figure_of("7.rectify_p90", ("整改用时九成位", "Rectification, p90"), DAYS, (ninth, 1), codes)
    waits = [
        (fact.code, calendar.working_days_between(fact.accepted, fact.first_visit))
        for fact in facts
        if fact.accepted and fact.first_visit and fact.first_visit in period
    ]
    fraction = (sum(days for _, days in waits), len(waits))
    names = ("受理至首次现场", "Acceptance to first visit")
    yield figure_of("7.wait", names, DAYS, fraction, (code for code, _ in waits))


def _median_and_p90(values: Sequence[int]) -> tuple[Decimal, Decimal]:
    if not values:
        return Decimal(0), Decimal(0)
    if len(values) == 1:
        return Decimal(values[0]), Decimal(values[0])
    cuts = quantiles(values, n=10, method="inclusive")
    return Decimal(str(round(cuts[4], 2))), Decimal(str(round(cuts[8], 2)))


def _departments(facts: Sequence[CaseFacts], period: Period) -> Iterable[Figure]:
    """Of the cases whose first visit was in the period; deemed consent counts when it was given."""
    counted: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
    for fact in facts:
        if fact.first_visit in period:
            for code, department, good in _conduct(fact):
                counted[code, department].append((fact.code, good))
        for opinion in fact.opinions:
            if opinion.round == 1 and opinion.signed in period and opinion.verdict in JUDGED:
                deemed = opinion.verdict is Verdict.DEEMED
                counted["8.deemed_consent", opinion.department].append((fact.code, deemed))
    for (code, department), rows in sorted(counted.items()):
        fraction = (sum(good for _, good in rows), len(rows))
        cases = (case for case, _ in rows)
        yield figure_of(code, DEPARTMENTS[code], PERCENT, fraction, cases, department=department)


def _conduct(fact: CaseFacts) -> Iterable[tuple[str, str, bool]]:
    """The figure, the department, and whether what the figure counts was so."""
    for department, reply in fact.replies:
        yield "8.reply", department, reply != "silent"
        yield "8.deemed_attending", department, reply == "silent"
    for department, how in fact.attendance:
        yield "8.attendance", department, how != "absent"
        if how != "absent":
            yield "8.punctuality", department, how == "present"
    for opinion in fact.opinions:
        if opinion.visit:
            yield "8.signed", opinion.department, opinion.signed == opinion.visit
    again = {who for _, who, kind in fact.violations if kind == Violation.NOT_LISTED_ONCE}
    for department in {each.department for each in fact.opinions if each.verdict in FAILING}:
        yield "8.listed_once", department, department not in again


DEPARTMENTS = {
    "8.reply": ("按时答复率", "Replies in time"),
    "8.attendance": ("到场率", "Attendance"),
    "8.punctuality": ("准时率", "Punctuality"),
    "8.signed": ("当日签署率", "Signed the same day"),
    "8.listed_once": ("整改一次列明率", "Rectification listed once"),
    "8.deemed_attending": ("缺席默认率", "Deemed attendance"),
    "8.deemed_consent": ("超时默许率", "Deemed consent"),
}


def _completion(
    facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar, legal_days: int
) -> Iterable[Figure]:
    accepted = [fact for fact in facts if fact.accepted in period]
    finished = [fact for fact in accepted if fact.issued and fact.issued <= period.last]
    codes = [fact.code for fact in accepted]
    yield figure_of("9.done", ("办结率", "Completion rate"), PERCENT, (len(finished), len(accepted)), codes)
    done = [
        (fact, fact.accepted, fact.issued)
        for fact in facts
        if fact.accepted and fact.issued and fact.issued in period
    ]
    instant = sum(accepted_on == issued_on for _, accepted_on, issued_on in done)
    early = sum(
        fact.promised is not None
        and calendar.working_days_between(accepted_on, issued_on)
        - paused_before(calendar, fact, accepted_on, issued_on)
        < fact.promised
        for fact, accepted_on, issued_on in done
    )
    codes = [fact.code for fact, _, _ in done]
    yield figure_of("9.instant", ("即办率", "Decided the same day"), PERCENT, (instant, len(done)), codes)
    yield figure_of("9.early", ("提前办结率", "Decided early"), PERCENT, (early, len(done)), codes)
    promised = [fact.promised for fact, _, _ in done if fact.promised]
    legal = legal_days * len(promised)
    yield figure_of(
        "9.shorter",
        ("压缩率", "Promise under the legal limit"),
        PERCENT,
        (legal - sum(promised), legal),
        codes,
    )


def _lamps(facts: Sequence[CaseFacts], period: Period) -> Iterable[Figure]:
    for lamp, names in (("yellow", ("黄灯次数", "Yellow lamps")), ("red", ("红灯次数", "Red lamps"))):
        lit = [fact.code for fact in facts for day, _, which in fact.lamps if which == lamp and day in period]
        yield figure_of(f"11.{lamp}", names, "次", (len(lit), 1), lit)
    counted = [fact.code for fact in facts for day, _, _ in fact.violations if day in period]
    names = ("部门违规次数", "Departments' violations")
    yield figure_of("11.violations", names, "次", (len(counted), 1), counted)
