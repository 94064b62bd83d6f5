"""The report of a period, a draft of the yearly work report: its figures stated in sentences. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from core.i18n import N_, translate
from core.workdays import WorkCalendar
from inspection.figures import Figure, Period
from inspection.indicators import CaseFacts, indicators

#: Each sentence stands where every figure it names has a value; `<` compares with the year before.
SENTENCES = (
    N_(
        "%(first)s 至 %(last)s，开展联合验收 %(1.visited)s 个，验收面积 %(2.area)s 万平方米，月均 %(3.monthly)s 个；"
        "出具联合验收意见书 %(1.issued)s 份。"
    ),
    N_("项目数同比变化 %(1.growth)s%%，面积同比变化 %(2.growth)s 万平方米。"),
    N_(
        "平均办理时间 %(4.net)s 个工作日，含不计时 %(4.gross)s 个工作日，平均历时 %(4.calendar)s 天；"
        "承诺时限比法定时限压缩 %(9.shorter)s%%，提前办结率 %(9.early)s%%，即办率 %(9.instant)s%%，"
        "办结率 %(9.done)s%%。"
    ),
    N_(
        "部门平均通过率 %(5.mean)s 分，全部意见通过率 %(5.micro)s%%；"
        "一次性现场验收全部通过率 %(6.first_visit)s%%，复验率 %(7.recheck)s%%，每件现场 %(7.visits)s 次。"
    ),
    N_("整改用时中位数 %(7.rectify_median)s 个工作日，九成在 %(7.rectify_p90)s 个工作日以内。"),
    N_("受理至首次现场平均 %(7.wait)s 个工作日，日均现场 %(10.daily)s 次。"),
    N_("亮黄灯 %(11.yellow)s 次、红灯 %(11.red)s 次，记录部门违规 %(11.violations)s 次。"),
    N_(
        "外勤时间占可用时间 %(12.field)s%%，每人次在途 %(12.travel)s 分钟，合并上门率 %(12.merged)s%%，"
        "车辆使用率 %(12.vehicles)s%%。"
    ),
    N_(
        "公共资源交易 %(13.number)s 宗，成交 %(13.amount)s 亿元，节约 %(13.saved)s 亿元，节约率 %(13.saved_rate)s%%。"
    ),
    N_("有公告时限的交易公告按时发布率 %(13.in_time)s%%。"),
)
#: What the charts show: a bar for each month, and one for each department.
MONTHLY, BY_DEPARTMENT = ("1.visited", "2.area", "4.net", "6.first_visit"), ("5.department", "8.reply")


class Month(msgspec.Struct, frozen=True):
    first: date
    figures: Mapping[str, Figure]
    """Those of the whole city, by code."""


class Bar(msgspec.Struct, frozen=True):
    """One bar of a chart; `share` is of the longest, in percent."""

    label: str
    value: Decimal
    shown: str
    share: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    period: Period
    calendar_version: str
    figures: tuple[Figure, ...]
    months: tuple[Month, ...]

    def figure(self, code: str, department: str | None = None) -> Figure | None:
        return next(
            (each for each in self.figures if (each.code, each.department) == (code, department)), None
        )


def months_of(
    facts: Sequence[CaseFacts], period: Period, calendar: WorkCalendar, *, legal_days: int
) -> Iterator[Month]:
    """Each civil month of the period, its ends cut to the period's."""
    first = period.first
    while first <= period.last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        month = Period(first, min(period.last, following - timedelta(days=1)))
        found = indicators(facts, month, calendar, legal_days=legal_days)
        yield Month(first, {each.code: each for each in found if each.department is None})
        first = following


def sentences(report: Report, locale: str) -> list[str]:
    """The text of the report in a language; a sentence with a figure that has no value is left out."""
    values: dict[str, object] = {
        each.code: each.shown for each in report.figures if each.department is None and each.value is not None
    }
    values |= {"first": report.period.first.isoformat(), "last": report.period.last.isoformat()}
    said = []
    for sentence in SENTENCES:
        try:
            said.append(translate(locale, sentence, values))
        except KeyError:
            continue
    return said


def monthly_bars(report: Report, code: str) -> list[Bar]:
    return _bars([(f"{each.first:%Y-%m}", each.figures[code]) for each in report.months])


def department_bars(report: Report, code: str, names: Mapping[str, str]) -> list[Bar]:
    rows = [each for each in report.figures if each.code == code and each.department]
    return _bars([(names.get(each.department or "", each.department or ""), each) for each in rows])


def _bars(rows: Sequence[tuple[str, Figure]]) -> list[Bar]:
    known = [(label, figure.value, figure.shown) for label, figure in rows if figure.value is not None]
    longest = max((value for _, value, _ in known if value), default=Decimal(1))
    return [Bar(label, value, shown, max(0, round(100 * value / longest))) for label, value, shown in known]
