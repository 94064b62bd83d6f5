"""What the engine has to say to people: a code with values, put into words at the edge."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import format_skeleton
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
}
HALF_DAYS = {Half.MORNING: "%(day)s上午", Half.AFTERNOON: "%(day)s下午"}


class Reason(Record, frozen=True, kw_only=True):
    """`code` is stable; `params` are numbers, names, dates, half-days or tuples of names."""

    code: str
    params: Mapping[str, Any] = {}


def reason(code: str, **params: object) -> Reason:
    return Reason(code=code, params=params)


def word(reason: Reason, *, gettext: Callable[[str], str] = str, locale: str = "zh-CN") -> str:
    """The reason as a sentence. `gettext` gives the message in the language of `locale`."""
    tongue = Locale.parse(locale, sep="-")
    values = {name: _value(value, gettext, tongue) for name, value in reason.params.items()}
    return gettext(MESSAGES[reason.code]) % values


def _value(value: object, gettext: Callable[[str], str], locale: Locale) -> str:
    if isinstance(value, HalfDay):
        return gettext(HALF_DAYS[value.half]) % {"day": _value(value.day, gettext, locale)}
    if isinstance(value, date):
        return format_skeleton("MMMd", value, locale=locale)
    if isinstance(value, tuple | list):
        return format_list([_value(each, gettext, locale) for each in value], locale=locale)
    return str(value)
