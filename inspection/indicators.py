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
from inspection.rules import FAILING, PASSING
from inspection.states import Verdict

CENT = Decimal("0.01")
TEN_THOUSAND = Decimal(10_000)
PERCENT, DAYS = "%", "工作日"
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
    field_minutes: int = 0
    """Officers' booked minutes of visits that were held."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is numerator over denominator in `unit`, or None where there is nothing to divide by."""

    code: str
    zh: str
    en: str
    unit: str
    numerator: Decimal
    denominator: Decimal
    value: Decimal | None
    department: str | None = None
    cases: tuple[str, ...] = ()
    """Those that the denominator counts."""


class Period(msgspec.Struct, frozen=True):
    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    @property
    def months(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def indicators(
    facts: Sequence[CaseFacts],
    period: Period,
    calendar: WorkCalendar,
    *,
    legal_days: int,
    officers: int,
    minutes_a_day: int = 390,
) -> list[Figure]:
    """All families that the inspections themselves can tell; trading's (13) are its own area's."""
    return [
        *_counts(facts, period, calendar),
        *_durations(facts, period, calendar),
        *_passing(facts, period),
        *_rechecks(facts, period, calendar),
        *_departments(facts, period),
        *_completion(facts, period, calendar, legal_days),
        *_lamps(facts, period),
        *_utilisation(facts, period, calendar, officers * minutes_a_day),
    ]


def rate(numerator: Decimal | int, denominator: Decimal | int, *, scale: int = 1) -> Decimal | None:
    if not denominator:
        return None
    return (Decimal(numerator) * scale / Decimal(denominator)).quantize(CENT, ROUND_HALF_UP)


def _figure(
    code: str,
    names: tuple[str, str],
    unit: str,
    fraction: tuple[Decimal | int, Decimal | int],
    cases: Iterable[str] = (),
    *,
    department: str | None = None,
) -> Figure:
    numerator, denominator = fraction
    return Figure(
        code=code,
        zh=names[0],
        en=names[1],
        unit=unit,
        numerator=Decimal(numerator),
        denominator=Decimal(denominator),
        value=rate(numerator, denominator, scale=100 if unit == PERCENT else 1),
        department=department,
        cases=tuple(sorted(set(cases))),
    )


def _counts(facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar) -> Iterable[Figure]:
    visited = [fact for fact in facts if fact.first_visit in period]
    issued = [fact for fact in facts if fact.issued in period]
    for code, held, names in (
        ("1.visited", visited, ("联合验收项目数（按首次现场）", "Inspections by first visit")),
        ("1.issued", issued, ("联合验收项目数（按出具意见）", "Inspections by opinion issued")),
    ):
        segments = {fact.segment for fact in held}
        yield _figure(code, names, "个", (len(segments), 1), (fact.code for fact in held))
    area = sum({fact.segment: fact.floor_area for fact in visited}.values(), Decimal(0)) / TEN_THOUSAND
    codes = [fact.code for fact in visited]
    yield _figure(
        "2.area",
        ("验收面积", "Floor area"),
        "万㎡",
        (area.quantize(Decimal("0.1"), ROUND_HALF_UP), 1),
        codes,
    )
    segments = {fact.segment for fact in visited}
    yield _figure("3.monthly", ("月均项目数", "Monthly mean"), "个", (len(segments), period.months), codes)
    days = calendar.working_days_between(period.first - timedelta(days=1), period.last)
    visits = sum(day in period for fact in facts for day in fact.visits)
    yield _figure("10.daily", ("日均现场次数", "Visits a working day"), "次", (visits, days), codes)


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
        yield _figure(code, names, unit, (total, len(done)), codes)


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
        figure = _figure(
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
    yield _figure(
        "5.mean", ("部门平均通过率", "Mean of departments' pass rates"), "分", (sum(rates), len(rates)), codes
    )
    passed = sum(verdict in PASSING for _, verdict in everything)
    yield _figure(
        "5.micro", ("全部意见通过率", "Pass rate of all opinions"), PERCENT, (passed, len(everything)), codes
    )
    for verdict, names in (
        (Verdict.AGREE_WITH_COMMITMENT, ("其中告知承诺", "of them with commitment")),
        (Verdict.DEEMED, ("其中超时默许", "of them deemed")),
    ):
        number = sum(each is verdict for _, each in everything)
        yield _figure(f"5.{verdict.value}", names, PERCENT, (number, len(everything)), codes)
    concluded = [fact for fact in facts if fact.first_closed in period]
    clean = [fact for fact in concluded if _passed_at_once(fact)]
    yield _figure(
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
    yield _figure("7.recheck", ("复验率", "Recheck rate"), PERCENT, (again, len(concluded)), codes)
    visits = sum(len(fact.visits) for fact in concluded)
    yield _figure("7.visits", ("每件现场次数", "Visits a case"), "次", (visits, len(concluded)), codes)
    took = sorted(
        calendar.working_days_between(start, end)
        for fact in facts
        for start, end in fact.rectifications
        if end in period
    )
    middle, ninth = _median_and_p90(took)
    yield _figure("7.rectify_median", ("整改用时中位数", "Rectification, median"), DAYS, (middle, 1))
    yield _figure("7.rectify_p90", ("整改用时九成位", "Rectification, p90"), DAYS, (ninth, 1))
    waits = [
        calendar.working_days_between(fact.accepted, fact.first_visit)
        for fact in facts
        if fact.accepted and fact.first_visit and fact.first_visit in period
    ]
    yield _figure("7.wait", ("受理至首次现场", "Acceptance to first visit"), DAYS, (sum(waits), len(waits)))


def _median_and_p90(values: Sequence[int]) -> tuple[Decimal, Decimal]:
    if not values:
        return Decimal(0), Decimal(0)
    if len(values) == 1:
        return Decimal(values[0]), Decimal(values[0])
    cuts = quantiles(values, n=10, method="inclusive")
    return Decimal(str(round(cuts[4], 2))), Decimal(str(round(cuts[8], 2)))


def _departments(facts: Sequence[CaseFacts], period: Period) -> Iterable[Figure]:
    visited = [fact for fact in facts if fact.first_visit in period]
    replies: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    presence: dict[str, list[tuple[str, str]]] = defaultdict(list)
    signed: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for fact in visited:
        for department, reply in fact.replies:
            replies[department].append((fact.code, reply != "silent"))
        for department, how in fact.attendance:
            presence[department].append((fact.code, how))
        for opinion in fact.opinions:
            if opinion.visit:
                signed[opinion.department].append((fact.code, opinion.signed == opinion.visit))
    came = {name: [(code, how != "absent") for code, how in rows] for name, rows in presence.items()}
    punctual = {
        name: [(code, how == "present") for code, how in rows if how != "absent"]
        for name, rows in presence.items()
    }
    for code, names, table in (
        ("8.reply", ("按时答复率", "Replies in time"), replies),
        ("8.attendance", ("到场率", "Attendance"), came),
        ("8.punctuality", ("准时率", "Punctuality"), punctual),
        ("8.signed", ("当日签署率", "Signed the same day"), signed),
    ):
        for department, rows in sorted(table.items()):
            fraction = (sum(good for _, good in rows), len(rows))
            yield _figure(code, names, PERCENT, fraction, (case for case, _ in rows), department=department)


def _completion(
    facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar, legal_days: int
) -> Iterable[Figure]:
    accepted = [fact for fact in facts if fact.accepted in period]
    finished = [fact for fact in accepted if fact.issued and fact.issued <= period.last]
    codes = [fact.code for fact in accepted]
    yield _figure("9.done", ("办结率", "Completion rate"), PERCENT, (len(finished), len(accepted)), codes)
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
    yield _figure("9.instant", ("即办率", "Decided the same day"), PERCENT, (instant, len(done)), codes)
    yield _figure("9.early", ("提前办结率", "Decided early"), PERCENT, (early, len(done)), codes)
    promised = [fact.promised for fact, _, _ in done if fact.promised]
    legal = legal_days * len(promised)
    yield _figure(
        "9.shorter",
        ("压缩率", "Promise under the legal limit"),
        PERCENT,
        (legal - sum(promised), legal),
        codes,
    )


def _lamps(facts: Sequence[CaseFacts], period: Period) -> Iterable[Figure]:
    for lamp, names in (("yellow", ("黄灯次数", "Yellow lamps")), ("red", ("红灯次数", "Red lamps"))):
        lit = [fact.code for fact in facts for day, _, which in fact.lamps if which == lamp and day in period]
        yield _figure(f"11.{lamp}", names, "次", (len(lit), 1), lit)


def _utilisation(
    facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar, minutes_a_day: int
) -> Iterable[Figure]:
    visited = [fact for fact in facts if fact.first_visit in period]
    minutes = sum(fact.field_minutes for fact in visited)
    days = calendar.working_days_between(period.first - timedelta(days=1), period.last)
    yield _figure(
        "12.field",
        ("外勤时间占比", "Field hours of working hours"),
        PERCENT,
        (minutes, days * minutes_a_day),
        (fact.code for fact in visited),
    )
