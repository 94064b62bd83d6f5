"""What the engine has to say to people: a code with values, put into words at the edge."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_interval, format_skeleton
from babel.lists import format_list

from scheduling.problem import Half, HalfDay, Record

#: Chinese source strings by code; English stands in `locale/en.po`.
MESSAGES = {
    # why a slot is good, and what it costs
    "all_primary": "%(number)s 个部门均有空，全部由A岗承担",
    "substitutes": "%(departments)s由B岗顶岗，共 %(number)s 人",
    "merged": "与%(visits)s在同一场地、同一半天，合并进行",
    "nearby_morning": "%(departments)s当天上午已在邻近项目",
    "nearby_afternoon": "%(departments)s当天下午已在邻近项目",
    "same_half_day": "与同组的%(visits)s排在同一半天",
    "preferred": "在期望的半天内",
    "not_preferred": "不在期望的半天内",
    "earliest": "最早可行的半天",
    "early": "比承诺期限提前 %(days)s 个工作日",
    "on_deadline": "承诺期限的最后一天",
    "late": "超过承诺期限 %(days)s 个工作日",
    "travel": "全体人员共增加路程 %(minutes)s 分钟",
    "no_travel": "不增加路程",
    # what stands in the way
    "attendance": "%(department)s须派 %(number)s 名人员到场，共有 %(available)s 名可派",
    "substitutes_idle": "%(department)s的B岗未启用",
    "leave_all": "%(department)s：%(number)s 名人员%(span)s均休假",
    "leave_all_certified": "%(department)s：%(number)s 名持证人员%(span)s均休假",
    "leave": "%(department)s：%(absences)s休假",
    "busy": "%(department)s的人员在此期间已排入 %(number)s 个验收",
    "certificates": "%(department)s：%(officers)s没有当日有效的证书（%(certificates)s）",
    "recusal": "%(department)s：%(officers)s须回避",
    "district": "%(department)s：%(officers)s不负责该片区",
    "limits": "%(department)s的人员已达每日或每周现场时长上限",
    "hours": "%(department)s的工作时间不够",
    "promise": "承诺期限到%(day)s为止",
    "earliest_day": "%(day)s起方可进行",
    "order": "须与%(visits)s保持先后顺序",
    "order_unplaced": "须在%(visits)s之后，而后者尚未排定",
    "forbidden": "已排除%(half_days)s",
    "access": "场地%(site)s只在规定时段开放",
    "closed": "场地%(site)s在%(days)s关闭",
    "hold": "已锁定在%(half_day)s",
    "vehicles": "车辆座位不足",
    "calendar": "%(span)s内有非工作日",
    "duration": "现场需 %(minutes)s 分钟，超过半天的可用时间",
    "distance": "场地%(site)s路程过远",
    # why a booking changes
    "officer_out": "%(officers)s缺席",
    "site_shut": "场地%(site)s关闭",
    "overrun": "%(visit)s延时",
    "makes_room": "为%(visits)s让出人员或时间",
    "knock_on": "受本次调整影响",
    "least_change": "改动最少",
    # what would open a place
    "use_substitutes": "启用B岗：%(departments)s",
    "by_desk": "%(departments)s改为书面核验，不到现场",
    "split": "分两个半天进行：%(departments)s另行到场",
    "split_in_time": "分两个半天进行，各约 %(minutes)s 分钟",
    "split_in_parts": "分 %(number)s 个半天进行，每次约 %(minutes)s 分钟",
    "city_plan": "与全市待约的件一并排定",
    "off_hours": "绿色通道：非工作时间，由牵头单位专门安排",
    "swap": "调换%(visit)s的人员，时间不变",
    "move": "将%(visit)s改到%(half_day)s",
    "extend": "顺延 %(days)s 个工作日",
}
ABSENCE = "%(name)s（%(span)s）"
HALF_DAYS = {Half.MORNING: "%(day)s上午", Half.AFTERNOON: "%(day)s下午"}


class Span(Record, frozen=True, kw_only=True):
    """From one day to another, both included."""

    first: date
    last: date


class Absence(Record, frozen=True, kw_only=True):
    name: str
    span: Span


class Reason(Record, frozen=True, kw_only=True):
    """`code` is stable; `params` are numbers, names, dates, half-days or tuples of names."""

    code: str
    params: Mapping[str, Any] = {}


def reason(code: str, **params: object) -> Reason:
    return Reason(code=code, params=params)


def word(reason: Reason, *, gettext: Callable[[str], str] = str, locale: str = "zh-CN") -> str:
    """The reason as a sentence. `gettext` gives the message in the language of `locale`."""
    tongue = _tongue(locale)
    values = {name: _value(value, gettext, tongue) for name, value in reason.params.items()}
    return gettext(MESSAGES[reason.code]) % values


@cache
def _tongue(locale: str) -> Locale:
    return Locale.parse(locale, sep="-")


def _value(value: object, gettext: Callable[[str], str], locale: Locale) -> str:
    if isinstance(value, HalfDay):
        return gettext(HALF_DAYS[value.half]) % {"day": _value(value.day, gettext, locale)}
    if isinstance(value, Absence):
        return gettext(ABSENCE) % {"name": value.name, "span": _value(value.span, gettext, locale)}
    if isinstance(value, Span):
        return format_interval(value.first, value.last, "MMMd", locale=locale)
    if isinstance(value, date):
        return format_skeleton("MMMd", value, locale=locale)
    if isinstance(value, tuple | list):
        return format_list([_value(each, gettext, locale) for each in value], locale=locale)
    return str(value)
